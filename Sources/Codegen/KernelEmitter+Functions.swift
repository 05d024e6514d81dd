internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// A function of scalars or of vectors of equal width.
  func apply(
    _ op: ScalarOp, _ operands: [LLVMValue], _ elements: [ElementType]
  ) -> LLVMValue {
    switch op {
    case .unary(let unary):
      let value = apply(unary, operands[0], elements[0])
      return unary.isExact(elements[0])
        ? value : narrowed(value, to: elements[0], keepsNaN: unary.keepsNaN)
    case .binary(let binary):
      let value = apply(binary, operands[0], operands[1], elements[0])
      return binary.isExact
        ? value : narrowed(value, to: elements[0], keepsNaN: binary.keepsNaN)
    case .compare(let direction):
      return compare(direction, operands[0], operands[1], elements[0])
    case .select: return builder.select(operands[0], operands[1], operands[2])
    case .convert(let element): return convert(operands[0], from: elements[0], to: element)
    case .bits(let bits): return apply(bits, operands[0], elements[0])
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
    case .ceil: return builder.ceil(x)
    case .roundEven: return builder.rint(x)
    case .roundAway: return builder.round(x)
    case .populationCount, .leadingZeros: return countBits(op, x, element)
    case .isFinite:
      return builder.fcmp(.olt, builder.fabs(x), builder.float(.infinity, x.type))
    case .isInfinite:
      return builder.fcmp(.oeq, builder.fabs(x), builder.float(.infinity, x.type))
    case .isPositiveInfinite: return builder.fcmp(.oeq, x, builder.float(.infinity, x.type))
    case .isNegativeInfinite: return builder.fcmp(.oeq, x, builder.float(-.infinity, x.type))
    case .cubeRoot: return elementary(op.rawValue, [x]) { $0.cbrt($1[0]) }
    case .tangent: return elementary(op.rawValue, [x]) { $0.tan($1[0]) }
    case .erfc: return elementary(op.rawValue, [x]) { $0.erfc($1[0]) }
    case .erfInverse: return elementary(op.rawValue, [x]) { $0.erfInverse($1[0]) }
    case .sinh: return elementary(op.rawValue, [x]) { $0.sinh($1[0]) }
    case .cosh: return elementary(op.rawValue, [x]) { $0.cosh($1[0]) }
    case .asin: return elementary(op.rawValue, [x]) { $0.asin($1[0]) }
    case .acos: return elementary(op.rawValue, [x]) { $0.acos($1[0]) }
    case .atan: return elementary(op.rawValue, [x]) { $0.atan($1[0]) }
    case .asinh: return elementary(op.rawValue, [x]) { $0.asinh($1[0]) }
    case .acosh: return elementary(op.rawValue, [x]) { $0.acosh($1[0]) }
    case .atanh: return elementary(op.rawValue, [x]) { $0.atanh($1[0]) }
    case .logGamma: return elementary(op.rawValue, [x]) { $0.lgamma($1[0]) }
    case .digamma: return elementary(op.rawValue, [x]) { $0.digamma($1[0]) }
    case .not: return builder.not(x)
    case .erf: return elementary(op.rawValue, [x]) { $0.erf($1[0]) }
    case .stopGradient: return x
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

  /// The greater or the lesser of two floats, NaN where one is, with −0 below +0.
  ///
  /// AVX-512 has an instruction for all but NaN. LLVM, which does not use it, asks for signs and brings
  /// operands in order first, and the next of a chain of extremes waits for that; so it is with scalars
  /// of other x86. There all questions are asked at once: equal numbers have equal bits but for zeros,
  /// whose signs are combined.
  private func extreme(_ x: LLVMValue, _ y: LLVMValue, isGreatest: Bool) -> LLVMValue {
    if let number = numericExtreme(x, y, isGreatest: isGreatest) {
      return builder.select(builder.fcmp(.uno, x, y), builder.fadd(x, y), number)
    }
    guard module.target.isX86, !x.type.isVector else {
      return isGreatest ? builder.maximum(x, y) : builder.minimum(x, y)
    }
    let chosen = builder.select(builder.fcmp(isGreatest ? .ogt : .olt, x, y), x, y)
    let integer = module.i1.integer(bits: x.type == module.double ? 64 : 32)
    let (a, b) = (builder.bitcast(x, integer), builder.bitcast(y, integer))
    let bits = isGreatest ? builder.and(a, b) : builder.or(a, b)
    let signed = builder.select(
      builder.fcmp(.oeq, x, y), builder.bitcast(bits, x.type), chosen)
    return builder.select(builder.fcmp(.uno, x, y), builder.fadd(x, y), signed)
  }

  /// The greater or the lesser of two floats by one instruction, where there is one, which does not say
  /// what NaN gives; scalars go in the first lane of a vector.
  private func numericExtreme(
    _ x: LLVMValue, _ y: LLVMValue, isGreatest: Bool
  ) -> LLVMValue? {
    let vector = x.type.isVector ? x.type : x.type.withWidth(128 / x.type.scalarBits)
    guard let instructions = AVX512(vector, module.target) else { return nil }
    if x.type.isVector { return instructions.extreme(builder, x, y, isGreatest: isGreatest) }
    let zero = builder.int(0, module.i32)
    let operands = [x, y].map { builder.insertElement(builder.poison(vector), $0, zero) }
    let result = instructions.extreme(builder, operands[0], operands[1], isGreatest: isGreatest)
    return builder.extractElement(result, 0)
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
    case .maximum:
      if isFloat { return extreme(x, y, isGreatest: true) }
      return element.isUnsigned ? builder.umax(x, y) : builder.smax(x, y)
    case .minimum:
      if isFloat { return extreme(x, y, isGreatest: false) }
      return element.isUnsigned ? builder.umin(x, y) : builder.smin(x, y)
    case .power:
      return isFloat
        ? elementary(op.rawValue, [x, y]) { $0.pow($1[0], $1[1]) } : integerPower(x, y, element)
    case .remainder: return isFloat ? builder.frem(x, y) : remainder(x, y, element)
    case .atan2: return elementary(op.rawValue, [x, y]) { $0.atan2($1[0], $1[1]) }
    case .polygamma: return elementary(op.rawValue, [x, y]) { $0.polygamma($1[0], $1[1]) }
    case .zeta: return elementary(op.rawValue, [x, y]) { $0.zeta($1[0], $1[1]) }
    case .nextAfter: return neighbour(x, y, element)
    case .and: return builder.and(x, y)
    case .or: return builder.or(x, y)
    case .xor: return builder.xor(x, y)
    case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical: return shift(op, x, y, element)
    }
  }

  /// Booleans: sums and maxima are "or", products and minima are "and".
  private func applyBoolean(_ op: BinaryOp, _ x: LLVMValue, _ y: LLVMValue) -> LLVMValue {
    switch op {
    case .add, .maximum, .or: builder.or(x, y)
    case .multiply, .minimum, .and: builder.and(x, y)
    case .xor: builder.xor(x, y)
    case .subtract, .divide, .power, .remainder, .atan2, .shiftLeft, .shiftRightArithmetic,
      .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      preconditionFailure("the typing rule excludes booleans here")
    }
  }

  /// A quotient that never traps: by zero it has all bits set, and the least integer by −1 is itself.
  private func quotient(_ x: LLVMValue, _ y: LLVMValue, _ element: ElementType) -> LLVMValue {
    let minusOne = builder.int(-1, y.type)
    let isZero = builder.icmp(.eq, y, builder.zero(y.type))
    if element.isUnsigned {
      let safe = builder.select(isZero, builder.int(1, y.type), y)
      return builder.select(isZero, minusOne, builder.udiv(x, safe))
    }
    let isMinusOne = builder.icmp(.eq, y, minusOne)
    let safe = builder.select(builder.or(isZero, isMinusOne), builder.int(1, y.type), y)
    let plain = builder.select(isMinusOne, builder.neg(x), builder.sdiv(x, safe))
    return builder.select(isZero, minusOne, plain)
  }

  /// Integer powers by repeated squaring, wrapping; negative exponents give zero except for ±1.
  private func integerPower(
    _ base: LLVMValue, _ exponent: LLVMValue, _ element: ElementType
  ) -> LLVMValue {
    let type = base.type
    let (zero, one) = (builder.zero(type), builder.int(1, type))
    var (result, square, rest) = (one, base, exponent)
    for bit in 0..<type.scalarBits {
      let isSet = builder.icmp(.ne, builder.and(rest, one), zero)
      result = builder.select(isSet, builder.mul(result, square), result)
      if bit + 1 < type.scalarBits { square = builder.mul(square, square) }
      rest = builder.lshr(rest, one)
    }
    if element.isUnsigned { return result }
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
    let isUnsigned = element.isUnsigned
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
}

extension UnaryOp {
  /// Whether an instruction of the processor gives the result, which is the operand where that is NaN.
  fileprivate var keepsNaN: Bool { self == .sqrt || self == .square }

  /// Whether the result for an element is one, without rounding or wrapping.
  fileprivate func isExact(_ element: ElementType) -> Bool {
    switch self {
    case .abs, .negate: element.isFloat
    case .not: false
    case .stopGradient, .sign, .floor, .ceil, .roundEven, .roundAway, .isFinite, .isInfinite,
      .isPositiveInfinite, .isNegativeInfinite, .leadingZeros:
      true
    case .populationCount, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
      .sine, .cosine, .sqrt, .rsqrt, .cubeRoot, .tangent, .erf, .erfc, .erfInverse, .square, .sinh,
      .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma, .digamma:
      false
    }
  }
}

extension BinaryOp {
  /// Whether an instruction of the processor gives the result, which is one of the operands where that is
  /// NaN.
  fileprivate var keepsNaN: Bool {
    self == .add || self == .subtract || self == .multiply || self == .divide
  }

  /// Whether the result for elements is one, without rounding or wrapping.
  fileprivate var isExact: Bool {
    switch self {
    case .maximum, .minimum, .and, .or, .xor, .nextAfter: true
    case .add, .subtract, .multiply, .divide, .power, .remainder, .atan2, .shiftLeft,
      .shiftRightArithmetic, .shiftRightLogical, .polygamma, .zeta:
      false
    }
  }
}
