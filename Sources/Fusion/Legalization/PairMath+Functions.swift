internal import Foundation
internal import TensorIR

extension PairMath {
  /// A function of one complex number that has complex results.
  mutating func value(of op: UnaryOp, at z: Pair) throws -> Pair {
    switch op {
    case .negate: return try negate(z)
    case .sign: return try direction(z)
    case .square: return try product(z, z)
    case .stopGradient: return z
    case .exponential: return try exponential(z)
    case .exponentialMinusOne: return try exponentialMinusOne(z)
    case .log: return try logarithm(z)
    case .logPlusOne: return try logPlusOne(z)
    case .logistic: return try logistic(z)
    case .sqrt: return try squareRoot(z)
    case .rsqrt: return try quotient(one(), squareRoot(z))
    case .cubeRoot: return try cubeRoot(z)
    case .sinh: return try hyperbolicSine(z)
    case .cosh: return try hyperbolicCosine(z)
    case .tanh: return try hyperbolicTangent(z)
    case .sine: return try swapped(hyperbolicSine(swapped(z)))
    case .tangent: return try swapped(hyperbolicTangent(swapped(z)))
    case .cosine:
      let result = try hyperbolicCosine(swapped(z))
      return Pair(real: result.real, imaginary: try negate(result.imaginary))
    case .asin: return try inverseSine(z)
    case .asinh: return try swapped(inverseSine(swapped(z)))
    case .acos: return try inverseCosine(z)
    case .acosh: return try inverseHyperbolicCosine(z)
    case .atanh: return try inverseHyperbolicTangent(z)
    case .atan: return try swapped(inverseHyperbolicTangent(swapped(z)))
    case .abs, .floor, .ceil, .roundEven, .roundAway, .isFinite, .not, .populationCount,
      .leadingZeros, .erf, .erfc, .erfInverse, .logGamma, .digamma, .isInfinite,
      .isPositiveInfinite, .isNegativeInfinite:
      throw AdjointError(.unsupported, "\(op.rawValue) of complex numbers has no native code")
    }
  }

  /// b + ia of a + ib: for an odd f with f(z̄) = the conjugate of f(z), −i·f(iz) is f swapped behind
  /// z swapped.
  private func swapped(_ z: Pair) -> Pair { Pair(real: z.imaginary, imaginary: z.real) }

  private mutating func one() throws -> Pair {
    Pair(real: try number(1), imaginary: try number(0))
  }

  private mutating func plusOne(_ z: Pair) throws -> Pair {
    Pair(real: try add(z.real, number(1)), imaginary: z.imaginary)
  }

  // MARK: Exponentials

  /// e^a as a product of two factors, neither of which overflows where c·e^a does not for c ≤ 1.
  private mutating func exponentialFactors(
    _ a: ValueID
  ) throws -> (first: ValueID, second: ValueID?) {
    if isNarrow { return (try apply(.exponential, a), nil) }
    let isGreat = try compare(a, .greater, 700)
    let part = try choose(isGreat, scale(a, 0.5), a)
    let first = try apply(.exponential, part)
    return (first, try choose(isGreat, first, number(1)))
  }

  /// x·e^a.
  private mutating func multiply(
    _ x: ValueID, exponential factors: (first: ValueID, second: ValueID?)
  ) throws -> ValueID {
    let product = try multiply(x, factors.first)
    return try factors.second.map { try multiply(product, $0) } ?? product
  }

  mutating func exponential(_ z: Pair) throws -> Pair {
    let (a, b) = (z.real, z.imaginary)
    let factors = try exponentialFactors(a)
    var real = try multiply(apply(.cosine, b), exponential: factors)
    var imaginary = try multiply(apply(.sine, b), exponential: factors)
    imaginary = try choose(compare(b, .equal, 0), b, imaginary)
    let isTurning = try not(isFinite(b))
    let vanishes = try and(isTurning, compare(a, .equal, -.infinity))
    let zero = try number(0)
    let isEndless = try and(isTurning, compare(a, .equal, .infinity))
    real = try choose(isEndless, a, choose(vanishes, zero, real))
    imaginary = try choose(vanishes, zero, imaginary)
    return Pair(real: real, imaginary: imaginary)
  }

  private mutating func exponentialMinusOne(_ z: Pair) throws -> Pair {
    let whole = try exponential(z)
    let half = try apply(.sine, scale(z.imaginary, 0.5))
    let small = try subtract(
      multiply(apply(.exponentialMinusOne, z.real), apply(.cosine, z.imaginary)),
      scale(square(half), 2))
    let isPlain = try and(
      and(isFinite(z.real), isFinite(z.imaginary)), compare(z.real, .less, 40))
    return Pair(
      real: try choose(isPlain, small, subtract(whole.real, number(1))), imaginary: whole.imaginary)
  }

  private mutating func logistic(_ z: Pair) throws -> Pair {
    let isLeft = try compare(z.real, .less, 0)
    let small = try exponential(choose(isLeft, z, negate(z)))
    let value = try quotient(choose(isLeft, small, one()), plusOne(small))
    // On which side of the real axis a result without an imaginary part is, its rounding may have lost.
    let side = try choose(isLeft, small.imaginary, builder.negate(small.imaginary))
    return Pair(real: value.real, imaginary: try copySign(apply(.abs, value.imaginary), side))
  }

  // MARK: Logarithms and powers

  /// log|z|, from |z|² − 1 where |z| is near one.
  private mutating func logarithmOfMagnitude(_ z: Pair) throws -> ValueID {
    let length = try magnitude(z)
    let (a, b) = (try apply(.abs, z.real), try apply(.abs, z.imaginary))
    let (large, small) = (
      try builder.binary(.maximum, a, b), try builder.binary(.minimum, a, b)
    )
    let excess = try add(
      multiply(subtract(large, number(1)), add(large, number(1))), square(small))
    let near = try scale(apply(.logPlusOne, excess), 0.5)
    let isNear = try and(compare(length, .greater, 0.7), compare(length, .less, 1.4))
    return try choose(isNear, near, apply(.log, length))
  }

  mutating func logarithm(_ z: Pair) throws -> Pair {
    Pair(
      real: try logarithmOfMagnitude(z),
      imaginary: try builder.binary(.atan2, z.imaginary, z.real))
  }

  private mutating func logPlusOne(_ z: Pair) throws -> Pair {
    let moved = try plusOne(z)
    let excess = try add(
      multiply(z.real, add(z.real, number(2))), square(z.imaginary))
    let near = try scale(apply(.logPlusOne, excess), 0.5)
    let isNear = try compare(magnitude(z), .less, 0.5)
    return Pair(
      real: try choose(isNear, near, logarithmOfMagnitude(moved)),
      imaginary: try builder.binary(.atan2, moved.imaginary, moved.real))
  }

  private mutating func isZero(_ z: Pair) throws -> ValueID {
    try and(compare(z.real, .equal, 0), compare(z.imaginary, .equal, 0))
  }

  private mutating func cubeRoot(_ z: Pair) throws -> Pair {
    let exponent = try logarithm(z)
    let third = 1.0 / 3
    let root = try exponential(
      Pair(real: scale(exponent.real, third), imaginary: scale(exponent.imaginary, third)))
    return try choose(isZero(z), z, root)
  }

  mutating func power(_ x: Pair, _ y: Pair) throws -> Pair {
    let usual = try exponential(product(y, logarithm(x)))
    let zero = Pair(real: try number(0), imaginary: try number(0))
    let none = Pair(real: try number(.nan), imaginary: try number(.nan))
    let ofZero = try choose(compare(y.real, .greater, 0), zero, none)
    return try choose(isZero(y), one(), choose(isZero(x), ofZero, usual))
  }

  // MARK: Roots

  /// The root of (|a| + |z|)/2 is one part's size, and the other part is b over twice that.
  mutating func squareRoot(_ z: Pair) throws -> Pair {
    var scaled = z
    var back: ValueID?
    if !isNarrow {
      // Even powers of two, whose roots are powers of two.
      let size = try size(z)
      let isGreat = try compare(size, .greater, 0x1p1020)
      let isSmall = try compare(size, .less, 0x1p-900)
      let usual = try number(1)
      let factor = try choose(
        isGreat, number(0x1p-4), choose(isSmall, number(0x1p108), usual))
      back = try choose(isGreat, number(4), choose(isSmall, number(0x1p-54), usual))
      scaled = Pair(
        real: try multiply(z.real, factor), imaginary: try multiply(z.imaginary, factor))
    }
    let (a, b) = (scaled.real, scaled.imaginary)
    let half = try scale(add(apply(.abs, a), magnitude(scaled)), 0.5)
    let root = try apply(.sqrt, half)
    let rest = try choose(compare(root, .equal, 0), b, divide(b, scale(root, 2)))
    let isRight = try compare(a, .greaterOrEqual, 0)
    var result = try choose(
      isRight, Pair(real: root, imaginary: rest),
      Pair(real: apply(.abs, rest), imaginary: copySign(root, b)))
    let isEndless = try isInfinite(b)
    result = try choose(isEndless, Pair(real: number(.infinity), imaginary: b), result)
    guard let back else { return result }
    return Pair(
      real: try multiply(result.real, back), imaginary: try multiply(result.imaginary, back))
  }

  // MARK: Hyperbolic functions

  /// sinh a · cos b + i · cosh a · sin b.
  private mutating func hyperbolicSine(_ z: Pair) throws -> Pair {
    let (a, b) = (z.real, z.imaginary)
    let waves = try hyperbolics(a, cosine: apply(.cosine, b), sine: apply(.sine, b))
    let isTurning = try not(isFinite(b))
    let keeps = try and(isTurning, or(compare(a, .equal, 0), isInfinite(a)))
    return Pair(
      real: try choose(keeps, a, waves.sinhCosine),
      imaginary: try choose(compare(b, .equal, 0), b, waves.coshSine))
  }

  /// cosh a · cos b + i · sinh a · sin b.
  private mutating func hyperbolicCosine(_ z: Pair) throws -> Pair {
    let (a, b) = (z.real, z.imaginary)
    let (cosine, sine) = (try apply(.cosine, b), try apply(.sine, b))
    let waves = try hyperbolics(a, cosine: sine, sine: cosine)
    let isTurning = try not(isFinite(b))
    let real = try choose(
      and(isTurning, isInfinite(a)), number(.infinity), waves.coshSine)
    let along = try choose(isNegative(a), negate(b), b)
    let imaginary = try choose(and(isTurning, compare(a, .equal, 0)), a, waves.sinhCosine)
    return Pair(
      real: real, imaginary: try choose(compare(b, .equal, 0), along, imaginary))
  }

  /// sinh a · c and cosh a · s for |c|, |s| ≤ 1, neither of which overflows where it need not.
  private mutating func hyperbolics(
    _ a: ValueID, cosine c: ValueID, sine s: ValueID
  ) throws -> (sinhCosine: ValueID, coshSine: ValueID) {
    let plainSinh = try multiply(apply(.sinh, a), c)
    let plainCosh = try multiply(apply(.cosh, a), s)
    if isNarrow { return (plainSinh, plainCosh) }
    let size = try apply(.abs, a)
    let isGreat = try compare(size, .greater, 700)
    let half = try apply(.exponential, scale(size, 0.5))
    let signed = try copySign(scale(half, 0.5), a)
    let greatSinh = try multiply(multiply(c, signed), half)
    let greatCosh = try multiply(multiply(s, scale(half, 0.5)), half)
    return (
      try choose(isGreat, greatSinh, plainSinh), try choose(isGreat, greatCosh, plainCosh)
    )
  }

  /// With t = tan b, β = 1 + t², s = sinh a and ρ = √(1 + s²) it is (βρs + it) / (1 + βs²).
  private mutating func hyperbolicTangent(_ z: Pair) throws -> Pair {
    let (a, b) = (z.real, z.imaginary)
    let t = try apply(.tangent, b)
    let one = try number(1)
    let beta = try add(one, square(t))
    let s = try apply(.sinh, a)
    let rho = try apply(.sqrt, add(one, square(s)))
    let denominator = try add(one, multiply(beta, square(s)))
    var real = try divide(multiply(multiply(beta, rho), s), denominator)
    var imaginary = try divide(t, denominator)
    let size = try apply(.abs, a)
    let isFar = try and(compare(size, .greater, 20), or(isFinite(b), isInfinite(a)))
    let turned = try multiply(apply(.sine, b), apply(.cosine, b))
    let rest = try multiply(scale(turned, 4), apply(.exponential, scale(size, -2)))
    real = try choose(isFar, copySign(one, a), real)
    imaginary = try choose(isFar, rest, imaginary)
    let isTurning = try not(isFinite(b))
    imaginary = try choose(and(isTurning, isInfinite(a)), number(0), imaginary)
    real = try choose(and(isTurning, compare(a, .equal, 0)), a, real)
    return Pair(real: real, imaginary: try choose(compare(b, .equal, 0), b, imaginary))
  }

  // MARK: Inverse functions

  /// √(1 − z) and √(1 + z).
  private mutating func rootsBesideOne(_ z: Pair) throws -> (minus: Pair, plus: Pair) {
    let below = Pair(real: try subtract(number(1), z.real), imaginary: try negate(z.imaginary))
    return (try squareRoot(below), try squareRoot(plusOne(z)))
  }

  private mutating func inverseSine(_ z: Pair) throws -> Pair {
    let (minus, plus) = try rootsBesideOne(z)
    let across = try subtract(
      multiply(minus.real, plus.imaginary), multiply(minus.imaginary, plus.real))
    // At infinities the angle is that of the infinite parts.
    let facts = try edges(of: z)
    let box = try boxed(z)
    let upper = try choose(facts.isEndless, box.real, z.real)
    let lower = try choose(facts.isEndless, apply(.abs, box.imaginary), product(minus, plus).real)
    let angle = try builder.binary(.atan2, upper, lower)
    return Pair(
      real: try facts.known(angle, atZero: z.real, &self),
      imaginary: try choose(
        facts.isEndless, copySign(number(.infinity), z.imaginary), apply(.asinh, across)))
  }

  private mutating func inverseCosine(_ z: Pair) throws -> Pair {
    let (minus, plus) = try rootsBesideOne(z)
    let across = try subtract(
      multiply(plus.real, minus.imaginary), multiply(plus.imaginary, minus.real))
    let facts = try edges(of: z)
    let usual = try scale(builder.binary(.atan2, minus.real, plus.real), 2)
    let angle = try choose(facts.isEndless, angleAtInfinity(z), usual)
    let endless = try copySign(number(.infinity), negate(z.imaginary))
    return Pair(
      real: try facts.known(angle, atZero: number(Double.pi / 2), &self),
      imaginary: try choose(facts.isEndless, endless, apply(.asinh, across)))
  }

  private mutating func inverseHyperbolicCosine(_ z: Pair) throws -> Pair {
    let below = try squareRoot(Pair(real: subtract(z.real, number(1)), imaginary: z.imaginary))
    let above = try squareRoot(plusOne(z))
    let along = try add(
      multiply(below.real, above.real), multiply(below.imaginary, above.imaginary))
    let facts = try edges(of: z)
    let usual = try scale(builder.binary(.atan2, below.imaginary, above.real), 2)
    let endless = try copySign(angleAtInfinity(z), z.imaginary)
    let angle = try choose(facts.isEndless, endless, usual)
    return Pair(
      real: try choose(facts.isEndless, number(.infinity), apply(.asinh, along)),
      imaginary: try facts.known(angle, atZero: number(Double.pi / 2), &self))
  }

  /// log1p(4|a| / ((1 − |a|)² + b²)) / 4 with the sign of a, and half the angle of 1 − z² turned.
  private mutating func inverseHyperbolicTangent(_ z: Pair) throws -> Pair {
    let (size, b) = (try apply(.abs, z.real), z.imaginary)
    let below = try subtract(number(1), size)
    let square = try self.square(b)
    let distance = try add(self.square(below), square)
    let quotient = try divide(scale(size, 4), distance)
    var length = try scale(apply(.logPlusOne, quotient), 0.25)
    if !isNarrow {
      // Beside the poles b² underflows, and log(4/b²) / 4 is what is left.
      let isBesidePole = try and(
        compare(size, .equal, 1), compare(apply(.abs, b), .less, 0x1p-30))
      let near = try scale(subtract(number(log(2)), apply(.log, apply(.abs, b))), 0.5)
      length = try choose(isBesidePole, near, length)
    }
    // On the imaginary axis, that of a NaN too, the result is on it.
    let real = try choose(compare(size, .equal, 0), z.real, copySign(length, z.real))
    let along = try subtract(multiply(below, add(size, number(1))), square)
    let angle = try builder.binary(.atan2, scale(b, 2), along)
    let isEndless = try or(isInfinite(z.real), isInfinite(b))
    let zero = try copySign(number(0), z.real)
    let quarter = try choose(isNaN(b), b, copySign(number(Double.pi / 2), b))
    return try choose(
      isEndless, Pair(real: zero, imaginary: quarter),
      Pair(real: real, imaginary: scale(angle, 0.5)))
  }

  // MARK: Infinities and NaN

  /// Where a number is no finite one.
  private struct Edges {
    /// Whether a part is infinite.
    let isEndless: ValueID
    /// Whether a part is NaN.
    let isUnknown: ValueID
    /// Whether the real part is zero.
    let isOnAxis: ValueID

    /// An angle that is NaN where a part is, but on the imaginary axis.
    func known(_ angle: ValueID, atZero: ValueID, _ math: inout PairMath) throws -> ValueID {
      let unknown = try math.choose(isOnAxis, atZero, math.number(.nan))
      return try math.choose(isUnknown, unknown, angle)
    }
  }

  /// The angle between the real axis and a number with an infinite part, from 0 to π.
  private mutating func angleAtInfinity(_ z: Pair) throws -> ValueID {
    let box = try boxed(z)
    return try builder.binary(.atan2, apply(.abs, box.imaginary), box.real)
  }

  private mutating func edges(of z: Pair) throws -> Edges {
    Edges(
      isEndless: try or(isInfinite(z.real), isInfinite(z.imaginary)),
      isUnknown: try or(isNaN(z.real), isNaN(z.imaginary)),
      isOnAxis: try compare(z.real, .equal, 0))
  }
}
