package import LLVMBridge

/// Sine and cosine.
extension VectorMath {
  /// The sine; NaN for infinities.
  package func sin(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let parts = TrigonometricParts(lanes, x)
      return patched(lanes, x, [.sin: parts.sin(lanes)], parts.isHuge)[0]
    }
  }

  /// The cosine; NaN for infinities.
  package func cos(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let parts = TrigonometricParts(lanes, x)
      return patched(lanes, x, [.cos: parts.cos(lanes)], parts.isHuge)[0]
    }
  }

  /// Both, for little more than one; bit for bit what ``sin(_:)`` and ``cos(_:)`` give.
  package func sinCos(_ x: LLVMValue) -> (sin: LLVMValue, cos: LLVMValue) {
    exactly(x) { lanes in
      let parts = TrigonometricParts(lanes, x)
      let values = patched(
        lanes, x, [.sin: parts.sin(lanes), .cos: parts.cos(lanes)], parts.isHuge)
      return (values[0], values[1])
    }
  }

  /// Replaces the values in lanes of huge arguments, in a branch that is rarely taken.
  private func patched(
    _ lanes: Lanes, _ x: LLVMValue, _ values: KeyValuePairs<HugeArguments.Circular, LLVMValue>,
    _ isHuge: LLVMValue
  ) -> [LLVMValue] {
    let b = builder
    let (rare, rest) = (b.appendBlock("huge"), b.appendBlock("circular"))
    let usual = b.currentBlock
    b.condBr(b.reduceOr(isHuge), rare, rest, weights: (1, 4000))
    b.position(at: rare)
    let patches =
      x.type.vectorWidth == 1
      ? values.map { libraryValue($0.key, lanes, x) } : overwritten(values, lanes, x)
    b.br(rest)
    b.position(at: rest)
    return zip(values, patches).map { value, patch in
      let phi = b.phi(x.type)
      b.addIncoming(phi, value.value, from: usual)
      b.addIncoming(phi, patch, from: rare)
      return phi
    }
  }

  /// What the C library's function gives in double precision.
  private func libraryValue(
    _ circular: HugeArguments.Circular, _ lanes: Lanes, _ x: LLVMValue
  ) -> LLVMValue {
    let (b, module) = (builder, builder.module)
    let library = module.declareFunction(
      circular.rawValue, parameters: [module.double], returns: module.double)
    if lanes.isDouble { return b.call(library, [x]) }
    return b.fptrunc(b.call(library, [b.fpext(x, module.double)]), lanes.type)
  }

  /// Values with those of huge arguments overwritten by functions of the process.
  private func overwritten(
    _ values: KeyValuePairs<HugeArguments.Circular, LLVMValue>, _ lanes: Lanes, _ x: LLVMValue
  ) -> [LLVMValue] {
    let (b, module) = (builder, builder.module)
    let alignment = 64
    let argument = b.alloca(x.type, alignment: alignment)
    let result = b.alloca(x.type, alignment: alignment)
    b.store(x, argument, alignment: alignment)
    return values.map { circular, value in
      b.store(value, result, alignment: alignment)
      let function = module.declareFunction(
        HugeArguments.name(circular, isDouble: lanes.isDouble),
        parameters: [module.pointer, module.pointer, module.i64], returns: module.void)
      b.call(function, [argument, result, b.int(x.type.vectorWidth, module.i64)])
      return b.load(x.type, result, alignment: alignment)
    }
  }
}

/// Sine and cosine of |x| − n π/2, for the nearest n, and what maps them to those of x.
///
/// The reduction subtracts three parts of π/2 of one precision each (Cody and Waite 1980), with
/// fused arithmetic: the first step is exact.
struct TrigonometricParts {
  /// Which lanes need another reduction.
  let isHuge: LLVMValue
  /// A number whose low bits are n.
  private let shifted: LLVMValue
  /// The argument's bits.
  private let argument: LLVMValue
  /// The sine of the reduced argument.
  private let sine: LLVMValue
  /// The cosine of the reduced argument.
  private let cosine: LLVMValue
  /// Whether n is odd, so that sine and cosine change places.
  private let isOdd: LLVMValue

  /// Emits the reduction and both polynomials.
  init(_ lanes: Lanes, _ x: LLVMValue) {
    let b = lanes.b
    let magnitude = b.fabs(x)
    let limit = lanes.constant(HugeArguments.limit(isDouble: lanes.isDouble))
    isHuge = b.fcmp(.ogt, magnitude, limit)
    argument = lanes.bits(x)
    let sum = b.fma(magnitude, lanes.constant(0x1.45f306dc9c883p-1), lanes.roundingShift)
    shifted = lanes.bits(sum)
    let n = b.fsub(sum, lanes.roundingShift)
    var r = b.fma(n, lanes.pick(-0x1.921fb6p+0, -0x1.921fb54442d18p+0), magnitude)
    r = b.fma(n, lanes.pick(0x1.777a5cp-25, -0x1.1a62633145c07p-54), r)
    r = b.fma(n, lanes.pick(0x1.ee59dap-50, 0x1.f1976b7ed8fbcp-110), r)
    let square = b.fmul(r, r)
    let s = lanes.polynomial(square, lanes.isDouble ? Self.sineDoubles : Self.sineFloats)
    sine = b.fma(b.fmul(square, r), s, r)
    let c = lanes.polynomial(square, lanes.isDouble ? Self.cosineDoubles : Self.cosineFloats)
    let inner = b.fma(square, c, lanes.constant(-0.5))
    cosine = b.fma(square, inner, lanes.constant(1))
    isOdd = b.icmp(.ne, b.and(shifted, lanes.int(1)), lanes.int(0))
  }

  /// The sine of x: odd, and negative where n is 2 or 3 modulo 4.
  func sin(_ lanes: Lanes) -> LLVMValue {
    let b = lanes.b
    let value = b.select(isOdd, cosine, sine)
    return withSign(lanes, value, b.xor(argument, moved(lanes, shifted)))
  }

  /// The cosine of x: even, and negative where n is 1 or 2 modulo 4.
  func cos(_ lanes: Lanes) -> LLVMValue {
    let b = lanes.b
    let value = b.select(isOdd, sine, cosine)
    return withSign(lanes, value, moved(lanes, b.add(shifted, lanes.int(1))))
  }

  /// The bits with bit 1 in the place of the sign.
  private func moved(_ lanes: Lanes, _ bits: LLVMValue) -> LLVMValue {
    lanes.b.shl(bits, lanes.int(lanes.isDouble ? 62 : 30))
  }

  /// The value, negated where the sign bit of `signs` is set.
  private func withSign(_ lanes: Lanes, _ value: LLVMValue, _ signs: LLVMValue) -> LLVMValue {
    let b = lanes.b
    let sign = b.and(signs, lanes.int(lanes.isDouble ? Int.min : Int(Int32.min)))
    return lanes.number(b.xor(lanes.bits(value), sign))
  }

  /// Of (sin r − r) / r³ in r², up to π/4; the relative error of the sine is 2⁻²⁸.
  private static let sineFloats = [-0x1.555546p-3, 0x1.110778p-7, -0x1.9953fep-13]
  /// Of (cos r − 1 + r²/2) / r⁴ in r², up to π/4; the error of the cosine is 2⁻³³.
  private static let cosineFloats = [0x1.55554ap-5, -0x1.6c0c28p-10, 0x1.99e808p-16]
  /// As for floats; the error is 2⁻⁵⁸.
  private static let sineDoubles = [
    -0x1.5555555555548p-3, 0x1.111111110f730p-7, -0x1.a01a019be9273p-13, 0x1.71de3554d524bp-19,
    -0x1.ae5e4aced439ep-26, 0x1.5d8afb4514a06p-33,
  ]
  /// As for floats; the error is 2⁻⁶⁴.
  private static let cosineDoubles = [
    0x1.555555555554bp-5, -0x1.6c16c16c15014p-10, 0x1.a01a019c8ef7fp-16, -0x1.27e4f7f163e6cp-22,
    0x1.1ee9dba88ba2ap-29, -0x1.8fa66d1c5d4b0p-37,
  ]
}
