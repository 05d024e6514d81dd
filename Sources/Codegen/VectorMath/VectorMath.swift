package import LLVMBridge
package import Targets

/// Emits the elementary functions as inline code on floats and doubles, scalars and vectors.
///
/// Every function is a polynomial on a small interval after a range reduction in fused
/// arithmetic, without branches; only sine and cosine of huge arguments leave the line, for a
/// call of the C library's function per lane. The builder may then stand in a new block.
/// Results do not depend on the vector width. NaN, infinities, signed
/// zeros and subnormal numbers are treated as by IEEE 754 and C's Annex F. `Docs/VectorMath.md`
/// states the measured accuracy.
package struct VectorMath {
  /// Where the code goes.
  let builder: IRBuilder
  /// The processor the code is for.
  let target: TargetDescription

  /// Creates an emitter that appends to `builder`.
  package init(_ builder: IRBuilder, target: TargetDescription) {
    self.builder = builder
    self.target = target
  }

  /// Emits `body` without contraction, on which error-compensated arithmetic relies.
  func exactly<Result>(_ x: LLVMValue, _ body: (Lanes) -> Result) -> Result {
    let before = builder.allowsContraction
    builder.allowsContraction = false
    defer { builder.allowsContraction = before }
    return body(Lanes(builder, x.type, target))
  }

  /// The result of `body`, of its operands' type, as a call of a function of the module: long code that is
  /// needed more than once stands there once, which compiles that much sooner.
  func outlined(
    _ name: String, _ operands: [LLVMValue], _ body: (VectorMath, [LLVMValue]) -> LLVMValue
  ) -> LLVMValue {
    let (type, module) = (operands[0].type, builder.module)
    let width = type.isVector ? "x\(type.vectorWidth)" : ""
    let symbol = "\(name).\(type.scalarBits)\(width)" + (builder.allowsContraction ? ".fma" : "")
    if let known = module.definedFunction(symbol) { return builder.call(known, operands) }
    let function = module.addFunction(
      symbol, parameters: operands.map(\.type), returns: type, isInternal: true)
    function.setAttribute(.noinline)
    let inner = IRBuilder(module)
    inner.allowsContraction = builder.allowsContraction
    inner.position(at: function.appendBlock("entry"))
    inner.ret(body(VectorMath(inner, target: target), function.parameters))
    return builder.call(function, operands)
  }
}

/// Floating-point lanes of one type: shorthand for constants and operations of that type.
struct Lanes {
  /// Where the code goes.
  let b: IRBuilder
  /// The floating-point type.
  let type: LLVMType
  /// The integer type of the same size.
  let integer: LLVMType
  /// Whether the lanes are doubles rather than floats.
  let isDouble: Bool
  /// The AVX-512 instructions for this type, if the processor has them.
  let avx512: AVX512?

  /// Describes lanes of `type`, `float` or `double` or a vector of one of them.
  init(_ builder: IRBuilder, _ type: LLVMType, _ target: TargetDescription) {
    precondition(type.isFloatingPoint && type.scalarBits >= 32, "vector math on \(type.text)")
    b = builder
    self.type = type
    integer = type.asInteger
    isDouble = type.scalarBits == 64
    avx512 = AVX512(type, target)
  }

  /// The bits of a significand without its leading one.
  var significandBits: Int { isDouble ? 52 : 23 }

  /// The bias of an exponent.
  var bias: Int { isDouble ? 1023 : 127 }

  /// The constant for floats or the one for doubles, in every lane.
  func pick(_ float: Double, _ double: Double) -> LLVMValue {
    b.float(isDouble ? double : float, type)
  }

  /// A constant in every lane.
  func constant(_ value: Double) -> LLVMValue { b.float(value, type) }

  /// An integer constant in every lane.
  func int(_ value: Int) -> LLVMValue { b.int(value, integer) }

  /// The bits of a number.
  func bits(_ x: LLVMValue) -> LLVMValue { b.bitcast(x, integer) }

  /// The number of some bits.
  func number(_ bits: LLVMValue) -> LLVMValue { b.bitcast(bits, type) }

  /// The power of two with an integer exponent in the range of normal numbers.
  func exp2(_ exponent: LLVMValue) -> LLVMValue {
    number(b.shl(b.add(exponent, int(bias)), int(significandBits)))
  }

  /// `x`, but at most `bound`; NaN stays.
  func atMost(_ bound: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    b.select(b.fcmp(.olt, bound, x), bound, x)
  }

  /// `x`, but at least `bound`; NaN stays.
  func atLeast(_ bound: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    b.select(b.fcmp(.ogt, bound, x), bound, x)
  }

  /// The polynomial with the given coefficients, lowest power first.
  ///
  /// By Horner's rule; long ones as two interleaved chains in x², even and odd powers.
  func polynomial(_ x: LLVMValue, _ coefficients: [Double]) -> LLVMValue {
    if coefficients.count <= 8 { return chain(x, coefficients[...]) }
    // The last step is a step of the plain rule, which keeps the rounding of the low powers.
    let rest = coefficients.dropFirst()
    let square = b.fmul(x, x)
    let (even, odd) = (everySecond(rest), everySecond(rest.dropFirst()))
    let tail = b.fma(chain(square, odd[...]), x, chain(square, even[...]))
    return b.fma(tail, x, constant(coefficients[0]))
  }

  /// Every second element, from the first.
  private func everySecond(_ coefficients: ArraySlice<Double>) -> [Double] {
    stride(from: coefficients.startIndex, to: coefficients.endIndex, by: 2).map {
      coefficients[$0]
    }
  }

  /// The polynomial with the given coefficients, lowest power first, by Horner's rule.
  private func chain(_ x: LLVMValue, _ coefficients: ArraySlice<Double>) -> LLVMValue {
    guard let last = coefficients.last else { return constant(0) }
    var value = constant(last)
    for coefficient in coefficients.dropLast().reversed() {
      value = b.fma(value, x, constant(coefficient))
    }
    return value
  }

  /// The number to add so that the sum's low bits hold the nearest integer, in two's complement.
  var roundingShift: LLVMValue { pick(0x1.8p23, 0x1.8p52) }
}

/// The AVX-512 instructions on exponents and significands, for one vector type.
///
/// Vectors longer than a register are cut into registers.
/// See Intel's *Software Developer's Manual*, volume 2: VSCALEF, VRANGE, VGETEXP,
/// VGETMANT, VRSQRT14.
struct AVX512 {
  /// The type of a register.
  private let register: LLVMType
  /// How many registers a vector has.
  private let count: Int
  /// The end of the intrinsics' names: `ps.512`.
  private let suffix: String
  /// Whether the registers are full, when intrinsics take a rounding mode too.
  private let isFull: Bool

  /// Finds the instructions for vectors of `type`, if there are any.
  init?(_ type: LLVMType, _ target: TargetDescription) {
    let size = type.vectorWidth * type.scalarBits
    guard target.isX86, target.has("avx512f"), target.has("avx512dq"), type.isVector,
      size.isMultiple(of: 512) || (target.has("avx512vl") && (size == 256 || size == 128))
    else { return nil }
    count = max(1, size / 512)
    isFull = size >= 512
    register = type.withWidth(type.vectorWidth / count)
    suffix = (type.scalarBits == 64 ? "pd." : "ps.") + String(min(size, 512))
  }

  /// Calls an intrinsic on each register of `operands`, with an immediate, the value of masked
  /// lanes, a full mask and, for full registers, the current rounding mode.
  private func call(
    _ b: IRBuilder, _ name: String, _ operands: [LLVMValue], immediate: Int? = nil,
    hasRounding: Bool = true
  ) -> LLVMValue {
    let mask = b.int(-1, register.integer(bits: max(8, isFull ? register.vectorWidth : 8)).scalar)
    let tail =
      (immediate.map { [b.int($0, b.module.i32)] } ?? []) + [b.zero(register), mask]
      + (isFull && hasRounding ? [b.int(4, b.module.i32)] : [])
    let width = register.vectorWidth
    let results = (0..<count).map { index in
      let pieces = operands.map { operand in
        count == 1
          ? operand : b.shuffle(operand, Array(index * width..<(index + 1) * width))
      }
      return b.intrinsic("llvm.x86.avx512.\(name).\(suffix)", [], pieces + tail)
    }
    return b.concatenated(results)
  }

  /// `x · 2^⌊n⌋`, rounded once.
  func scale(_ b: IRBuilder, _ x: LLVMValue, _ n: LLVMValue) -> LLVMValue {
    call(b, "mask.scalef", [x, n])
  }

  /// `x` with its magnitude held by a positive bound; some number up to the bound for NaN.
  func clamped(_ b: IRBuilder, _ x: LLVMValue, toMagnitude bound: LLVMValue) -> LLVMValue {
    // Selection 2 is the operand with the least magnitude, with the sign of the first.
    call(b, "mask.range", [x, bound], immediate: 2)
  }

  /// The greater or the lesser of two numbers, with −0 below +0; of one number and NaN the number.
  func extreme(_ b: IRBuilder, _ x: LLVMValue, _ y: LLVMValue, isGreatest: Bool) -> LLVMValue {
    // Selection 0 is the lesser and 1 the greater operand, and sign control 1 keeps its sign.
    call(b, "mask.range", [x, y], immediate: (isGreatest ? 1 : 0) | 1 << 2)
  }

  /// The exponent of `x`; −∞ for zero, ∞ for infinities.
  func exponent(_ b: IRBuilder, _ x: LLVMValue) -> LLVMValue { call(b, "mask.getexp", [x]) }

  /// The significand of `x` in [¾, 1½); NaN for negative numbers, 1 for zero and infinity.
  func significand(_ b: IRBuilder, _ x: LLVMValue) -> LLVMValue {
    // Interval 3 is [3/4, 3/2); sign control 2 makes negative sources NaN.
    call(b, "mask.getmant", [x], immediate: 3 | 2 << 2)
  }

  /// An approximation of the reciprocal square root with relative error below 2⁻¹⁴.
  func reciprocalSquareRoot(_ b: IRBuilder, _ x: LLVMValue) -> LLVMValue {
    call(b, "rsqrt14", [x], hasRounding: false)
  }
}
