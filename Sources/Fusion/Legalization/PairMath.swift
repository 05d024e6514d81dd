internal import TensorIR

/// Functions of complex numbers as formulas of their parts in f64.
///
/// Where the parts are f32, f64 has digits and range to spare, and one rounding is left; the guards
/// against overflow and underflow are for parts of f64. Infinities, NaN, zeros of both signs and branch
/// cuts are those of Annex G of C99. Sources: W. Kahan, "Branch Cuts for Complex Elementary Functions"
/// (1987), and Annex G.
struct PairMath {
  /// Where the formulas are written.
  var builder: FunctionBuilder
  /// The type of parts.
  let type: TensorType
  /// Whether parts are exact in f32.
  let isNarrow: Bool

  init(_ builder: FunctionBuilder, shape: [Int], isNarrow: Bool) {
    self.builder = builder
    type = TensorType(shape, .f64)
    self.isNarrow = isNarrow
  }

  /// A pair in f64.
  mutating func wide(_ pair: Pair) throws -> Pair {
    Pair(
      real: try builder.convert(pair.real, to: .f64),
      imaginary: try builder.convert(pair.imaginary, to: .f64))
  }

  // MARK: Words

  mutating func number(_ value: Double) throws -> ValueID { try builder.splat(value, type) }

  mutating func add(_ x: ValueID, _ y: ValueID) throws -> ValueID { try builder.add(x, y) }

  mutating func subtract(_ x: ValueID, _ y: ValueID) throws -> ValueID {
    try builder.subtract(x, y)
  }

  mutating func multiply(_ x: ValueID, _ y: ValueID) throws -> ValueID {
    try builder.multiply(x, y)
  }

  mutating func divide(_ x: ValueID, _ y: ValueID) throws -> ValueID { try builder.divide(x, y) }

  mutating func scale(_ x: ValueID, _ factor: Double) throws -> ValueID {
    try multiply(x, number(factor))
  }

  mutating func square(_ x: ValueID) throws -> ValueID { try multiply(x, x) }

  mutating func apply(_ op: UnaryOp, _ x: ValueID) throws -> ValueID { try builder.unary(op, x) }

  mutating func compare(
    _ x: ValueID, _ direction: Comparison.Direction, _ value: Double
  ) throws -> ValueID {
    try builder.compare(direction, x, number(value))
  }

  mutating func and(_ x: ValueID, _ y: ValueID) throws -> ValueID { try builder.binary(.and, x, y) }

  mutating func or(_ x: ValueID, _ y: ValueID) throws -> ValueID { try builder.binary(.or, x, y) }

  mutating func not(_ x: ValueID) throws -> ValueID { try builder.unary(.not, x) }

  mutating func isFinite(_ x: ValueID) throws -> ValueID { try builder.unary(.isFinite, x) }

  mutating func isInfinite(_ x: ValueID) throws -> ValueID { try builder.unary(.isInfinite, x) }

  mutating func isNaN(_ x: ValueID) throws -> ValueID { try builder.compare(.notEqual, x, x) }

  mutating func choose(_ predicate: ValueID, _ x: ValueID, _ y: ValueID) throws -> ValueID {
    try builder.select(predicate, x, y)
  }

  mutating func choose(_ predicate: ValueID, _ x: Pair, _ y: Pair) throws -> Pair {
    Pair(
      real: try choose(predicate, x.real, y.real),
      imaginary: try choose(predicate, x.imaginary, y.imaginary))
  }

  mutating func negate(_ x: ValueID) throws -> ValueID { try builder.negate(x) }

  mutating func negate(_ z: Pair) throws -> Pair {
    Pair(real: try negate(z.real), imaginary: try negate(z.imaginary))
  }

  /// Whether the sign bit is set.
  mutating func isNegative(_ x: ValueID) throws -> ValueID {
    let bits = try builder.emit(.bits(.cast(to: .i64)), [x])
    let zero = try builder.splat(0, TensorType(type.shape, .i64))
    return try builder.compare(.less, bits, zero)
  }

  /// A number that is not negative with the sign of another.
  mutating func copySign(_ magnitude: ValueID, _ sign: ValueID) throws -> ValueID {
    try choose(isNegative(sign), negate(magnitude), magnitude)
  }

  /// The greater of the parts' sizes.
  mutating func size(_ z: Pair) throws -> ValueID {
    try builder.binary(.maximum, apply(.abs, z.real), apply(.abs, z.imaginary))
  }

  /// A power of two that brings a positive number between one and four, or, of subnormal and infinite
  /// ones, as near as there is one.
  mutating func normalizer(_ size: ValueID) throws -> ValueID {
    let integers = TensorType(type.shape, .i64)
    func constant(_ value: Int64, _ builder: inout FunctionBuilder) throws -> ValueID {
      let scalar = try builder.constant(Literal(TensorType([], .i64), integers: [value]))
      return try builder.broadcast(scalar, to: integers.shape, dimensions: [])
    }
    let bits = try builder.emit(.bits(.cast(to: .i64)), [size])
    let exponent = try builder.binary(.and, bits, constant(0x7FF << 52, &builder))
    let opposite = try builder.subtract(constant(2046 << 52, &builder), exponent)
    let held = try builder.binary(.maximum, opposite, constant(1 << 52, &builder))
    return try builder.emit(.bits(.cast(to: .f64)), [held])
  }
}

// MARK: - Arithmetic

extension PairMath {
  /// |z|.
  mutating func magnitude(_ z: Pair) throws -> ValueID {
    let length: ValueID
    if isNarrow {
      length = try apply(.sqrt, add(square(z.real), square(z.imaginary)))
    } else {
      let factor = try normalizer(size(z))
      let (a, b) = (try multiply(z.real, factor), try multiply(z.imaginary, factor))
      length = try divide(apply(.sqrt, add(square(a), square(b))), factor)
    }
    let isEndless = try or(isInfinite(z.real), isInfinite(z.imaginary))
    return try choose(isEndless, number(.infinity), length)
  }

  mutating func product(_ x: Pair, _ y: Pair) throws -> Pair {
    let straight = try multiply(x.real, y.real)
    let turned = try multiply(x.imaginary, y.imaginary)
    let first = try multiply(x.real, y.imaginary)
    let second = try multiply(x.imaginary, y.real)
    return Pair(real: try subtract(straight, turned), imaginary: try add(first, second))
  }

  /// x·ȳ with both parts.
  private mutating func conjugateProduct(_ x: Pair, _ y: Pair) throws -> Pair {
    let real = try add(multiply(x.real, y.real), multiply(x.imaginary, y.imaginary))
    let imaginary = try subtract(multiply(x.imaginary, y.real), multiply(x.real, y.imaginary))
    return Pair(real: real, imaginary: imaginary)
  }

  /// x / y, with the divisor brought near one first; NaN where Annex G has infinities and zeros is
  /// made those.
  mutating func quotient(_ x: Pair, _ y: Pair) throws -> Pair {
    let size = try size(y)
    var divisor = y
    var factor: ValueID?
    if !isNarrow {
      let known = try normalizer(size)
      divisor = Pair(
        real: try multiply(y.real, known), imaginary: try multiply(y.imaginary, known))
      factor = known
    }
    let denominator = try add(square(divisor.real), square(divisor.imaginary))
    let numerator = try conjugateProduct(x, divisor)
    var result = Pair(
      real: try divide(numerator.real, denominator),
      imaginary: try divide(numerator.imaginary, denominator))
    if let factor {
      result = Pair(
        real: try multiply(result.real, factor), imaginary: try multiply(result.imaginary, factor))
    }
    let isLost = try and(isNaN(result.real), isNaN(result.imaginary))
    return try choose(isLost, recovered(x, y, size: size, otherwise: result), result)
  }

  /// What Annex G gives a quotient both parts of which came out as NaN.
  private mutating func recovered(
    _ x: Pair, _ y: Pair, size: ValueID, otherwise: Pair
  ) throws -> Pair {
    let infinity = try number(.infinity)
    let zero = try number(0)
    let isZero = try compare(size, .equal, 0)
    let pole = try copySign(infinity, y.real)
    let atZero = Pair(real: try multiply(pole, x.real), imaginary: try multiply(pole, x.imaginary))
    let isEndless = try or(isInfinite(x.real), isInfinite(x.imaginary))
    let isDivisorFinite = try and(isFinite(y.real), isFinite(y.imaginary))
    let endless = try conjugateProduct(boxed(x), y)
    let atInfinity = Pair(
      real: try multiply(infinity, endless.real),
      imaginary: try multiply(infinity, endless.imaginary))
    let isDivisorEndless = try or(isInfinite(y.real), isInfinite(y.imaginary))
    let isNumeratorFinite = try and(isFinite(x.real), isFinite(x.imaginary))
    let vanishing = try conjugateProduct(x, boxed(y))
    let atVanishing = Pair(
      real: try multiply(zero, vanishing.real), imaginary: try multiply(zero, vanishing.imaginary))
    var result = try choose(and(isDivisorEndless, isNumeratorFinite), atVanishing, otherwise)
    result = try choose(and(isEndless, isDivisorFinite), atInfinity, result)
    return try choose(isZero, atZero, result)
  }

  /// One for infinite parts and zero for others, with their signs.
  mutating func boxed(_ z: Pair) throws -> Pair {
    func box(_ x: ValueID, _ math: inout PairMath) throws -> ValueID {
      let size = try math.choose(math.isInfinite(x), math.number(1), math.number(0))
      return try math.copySign(size, x)
    }
    return Pair(real: try box(z.real, &self), imaginary: try box(z.imaginary, &self))
  }

  /// z / |z|; zero stays.
  mutating func direction(_ z: Pair) throws -> Pair {
    var scaled = z
    if !isNarrow {
      let factor = try normalizer(size(z))
      scaled = Pair(
        real: try multiply(z.real, factor), imaginary: try multiply(z.imaginary, factor))
      // An infinite part scaled down stays infinite; a finite one beside it vanishes all the same.
    }
    let length = try magnitude(scaled)
    let isZero = try compare(length, .equal, 0)
    let result = Pair(
      real: try divide(scaled.real, length), imaginary: try divide(scaled.imaginary, length))
    return try choose(isZero, z, result)
  }
}
