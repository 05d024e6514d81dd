internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// A function of scalars or of vectors of equal width.
  func apply(
    _ op: ScalarOp, _ operands: [LLVMValue], _ elements: [ElementType]
  ) -> LLVMValue {
    switch op {
    case .unary(let unary): return apply(unary, operands[0], elements[0])
    case .binary(let binary): return apply(binary, operands[0], operands[1], elements[0])
    case .compare(let direction):
      return compare(direction, operands[0], operands[1], elements[0])
    case .select: return builder.select(operands[0], operands[1], operands[2])
    case .convert(let element): return convert(operands[0], from: elements[0], to: element)
    }
  }

  private func apply(_ op: UnaryOp, _ x: LLVMValue, _ element: ElementType) -> LLVMValue {
    switch op {
    case .abs:
      return element.isFloat ? builder.fabs(x) : builder.smax(x, builder.neg(x))
    case .negate: return element.isFloat ? builder.fneg(x) : builder.neg(x)
    case .sign: return sign(x, element)
    case .exponential: return elementary(op.rawValue, [x]) { $0.exp($1[0]) }
    case .exponentialMinusOne: return elementary(op.rawValue, [x]) { $0.expm1($1[0]) }
    case .log: return elementary(op.rawValue, [x]) { $0.log($1[0]) }
    case .logPlusOne: return elementary(op.rawValue, [x]) { $0.log1p($1[0]) }
    case .logistic: return elementary(op.rawValue, [x]) { $0.logistic($1[0]) }
    case .tanh: return elementary(op.rawValue, [x]) { $0.tanh($1[0]) }
    case .sine: return elementary(op.rawValue, [x]) { $0.sin($1[0]) }
    case .cosine: return elementary(op.rawValue, [x]) { $0.cos($1[0]) }
    case .sqrt: return builder.sqrt(x)
    case .rsqrt: return elementary(op.rawValue, [x]) { $0.rsqrt($1[0]) }
    case .floor: return builder.floor(x)
    case .isFinite:
      return builder.fcmp(.olt, builder.fabs(x), builder.float(.infinity, x.type))
    case .not: return builder.not(x)
    case .erf: return elementary(op.rawValue, [x]) { $0.erf($1[0]) }
    case .square: return element.isFloat ? builder.fmul(x, x) : builder.mul(x, x)
    }
  }

  /// 1, −1 or the operand itself where that is a zero or NaN.
  private func sign(_ x: LLVMValue, _ element: ElementType) -> LLVMValue {
    if element.isFloat {
      let zero = builder.zero(x.type)
      let signed = builder.copysign(builder.float(1, x.type), x)
      return builder.select(builder.fcmp(.one, x, zero), signed, x)
    }
    let zero = builder.zero(x.type)
    let positive = builder.select(
      builder.icmp(.sgt, x, zero), builder.int(1, x.type), zero)
    return builder.select(builder.icmp(.slt, x, zero), builder.int(-1, x.type), positive)
  }

  private func apply(
    _ op: BinaryOp, _ x: LLVMValue, _ y: LLVMValue, _ element: ElementType
  ) -> LLVMValue {
    if element == .i1 { return applyBoolean(op, x, y) }
    let isFloat = element.isFloat
    switch op {
    case .add: return isFloat ? builder.fadd(x, y) : builder.add(x, y)
    case .subtract: return isFloat ? builder.fsub(x, y) : builder.sub(x, y)
    case .multiply: return isFloat ? builder.fmul(x, y) : builder.mul(x, y)
    case .divide: return isFloat ? builder.fdiv(x, y) : quotient(x, y, element)
    case .maximum: return isFloat ? builder.maximum(x, y) : builder.smax(x, y)
    case .minimum: return isFloat ? builder.minimum(x, y) : builder.smin(x, y)
    case .power:
      return isFloat
        ? elementary(op.rawValue, [x, y]) { $0.pow($1[0], $1[1]) } : integerPower(x, y)
    case .and: return builder.and(x, y)
    case .or: return builder.or(x, y)
    }
  }

  /// Booleans: sums and maxima are "or", products and minima are "and".
  private func applyBoolean(_ op: BinaryOp, _ x: LLVMValue, _ y: LLVMValue) -> LLVMValue {
    switch op {
    case .add, .maximum, .or: builder.or(x, y)
    case .multiply, .minimum, .and: builder.and(x, y)
    case .subtract, .divide, .power: preconditionFailure("the typing rule excludes booleans here")
    }
  }

  /// A quotient that never traps: by zero it is −1, and the least integer by −1 is itself.
  private func quotient(_ x: LLVMValue, _ y: LLVMValue, _ element: ElementType) -> LLVMValue {
    let minusOne = builder.int(-1, y.type)
    let isZero = builder.icmp(.eq, y, builder.zero(y.type))
    let isMinusOne = builder.icmp(.eq, y, minusOne)
    let safe = builder.select(builder.or(isZero, isMinusOne), builder.int(1, y.type), y)
    let plain = builder.select(isMinusOne, builder.neg(x), builder.sdiv(x, safe))
    return builder.select(isZero, minusOne, plain)
  }

  /// Integer powers by repeated squaring, wrapping; negative exponents give zero except for ±1.
  private func integerPower(_ base: LLVMValue, _ exponent: LLVMValue) -> LLVMValue {
    let type = base.type
    let (zero, one) = (builder.zero(type), builder.int(1, type))
    var (result, square, rest) = (one, base, exponent)
    for bit in 0..<type.scalarBits {
      let isSet = builder.icmp(.ne, builder.and(rest, one), zero)
      result = builder.select(isSet, builder.mul(result, square), result)
      if bit + 1 < type.scalarBits { square = builder.mul(square, square) }
      rest = builder.lshr(rest, one)
    }
    let isOdd = builder.icmp(.ne, builder.and(exponent, one), zero)
    let minusOne = builder.int(-1, type)
    let ofMinusOne = builder.select(isOdd, minusOne, one)
    var negative = builder.select(builder.icmp(.eq, base, minusOne), ofMinusOne, zero)
    negative = builder.select(builder.icmp(.eq, base, one), one, negative)
    return builder.select(builder.icmp(.slt, exponent, zero), negative, result)
  }

  private func compare(
    _ direction: Comparison.Direction, _ x: LLVMValue, _ y: LLVMValue, _ element: ElementType
  ) -> LLVMValue {
    if element.isFloat {
      let predicate: FloatPredicate =
        switch direction {
        case .equal: .oeq
        case .notEqual: .une
        case .greaterOrEqual: .oge
        case .greater: .ogt
        case .lessOrEqual: .ole
        case .less: .olt
        }
      return builder.fcmp(predicate, x, y)
    }
    let isUnsigned = element == .i1
    let predicate: IntegerPredicate =
      switch direction {
      case .equal: .eq
      case .notEqual: .ne
      case .greaterOrEqual: isUnsigned ? .uge : .sge
      case .greater: isUnsigned ? .ugt : .sgt
      case .lessOrEqual: isUnsigned ? .ule : .sle
      case .less: isUnsigned ? .ult : .slt
      }
    return builder.icmp(predicate, x, y)
  }

  /// A number in another type: floats to integers towards zero, held at the ends, NaN to zero.
  func convert(_ x: LLVMValue, from: ElementType, to: ElementType) -> LLVMValue {
    guard from != to else { return x }
    let target = type(to).withWidth(x.type.vectorWidth)
    if to == .i1 {
      return from.isFloat
        ? builder.fcmp(.une, x, builder.zero(x.type)) : builder.icmp(.ne, x, builder.zero(x.type))
    }
    if from == .i1 {
      return to.isFloat ? builder.uitofp(x, target) : builder.zext(x, target)
    }
    if from.isFloat {
      if to.isFloat {
        return to == .f64 ? builder.fpext(x, target) : builder.fptrunc(x, target)
      }
      return builder.fptosiSaturating(x, target)
    }
    if to.isFloat { return builder.sitofp(x, target) }
    return to == .i64 ? builder.sext(x, target) : builder.trunc(x, target)
  }
}
