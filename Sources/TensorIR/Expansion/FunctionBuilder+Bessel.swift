/// Modified Bessel functions of the first kind, times exp(−|x|), by Chebyshev series in two
/// intervals. The coefficients are those of the interpolation at 48 nodes, computed with 90 digits from
/// the power series and the asymptotic one (Abramowitz and Stegun 1964, 9.6.10 and 9.7.1).
extension FunctionBuilder {
  /// exp(−|x|)·I₁(x), whose derivative is exp(−|x|)·I₀(x) − (sign x + 1/x)·exp(−|x|)·I₁(x).
  mutating func scaledBesselI1(_ operand: ValueID) throws -> ValueID {
    let type = self[operand]
    guard type.element.isFloat else {
      throw AdjointError(.type, "chlo.bessel_i1e takes floats, not \(type)", at: location)
    }
    var function = FunctionBuilder(name: "region", location: location)
    let argument = function.parameter(type)
    let value = try function.convert(function.besselParts(argument).first, to: type.element)
    var rule = FunctionBuilder(name: "region", location: location)
    let (x, tangent) = (rule.parameter(type), rule.parameter(type))
    let slope = try rule.convert(rule.besselSlope(x), to: type.element)
    let change = try rule.multiply(tangent, slope)
    let custom = CustomDerivative(
      .tangents, captureCount: 0, function: function.finish(returning: [value]),
      rule: rule.finish(returning: [change]))
    return try emit(.custom(custom), [operand])
  }

  /// The derivative of exp(−|x|)·I₁(x) in f64; far out, where I₀ and I₁ cancel, by the difference of
  /// their asymptotic series.
  private mutating func besselSlope(_ x: ValueID) throws -> ValueID {
    let parts = try besselParts(x)
    let wide = try convert(x, to: .f64)
    let type = self[wide]
    let towards = try multiply(unary(.sign, wide), parts.first)
    let slope = try subtract(subtract(parts.zeroth, towards), parts.ratio)
    // (−1/(2x) + 9/(16x²) + 75/(256x³)) / √(2πx)
    let (size, border) = (try unary(.abs, wide), try splat(0x1p17, type))
    let far = try binary(.maximum, size, border)
    let inverse = try divide(splat(1, type), far)
    var series = try multiply(inverse, splat(75.0 / 256, type))
    series = try multiply(inverse, add(series, splat(9.0 / 16, type)))
    series = try multiply(inverse, subtract(series, splat(0.5, type)))
    let root = try unary(.rsqrt, multiply(far, splat(2 * Double.pi, type)))
    let isFar = try compare(.greater, size, border)
    return try select(isFar, multiply(series, root), slope)
  }

  /// exp(−|x|) times I₀(x), I₁(x) and I₁(x)/x, made in f64.
  private mutating func besselParts(
    _ x: ValueID
  ) throws -> (zeroth: ValueID, first: ValueID, ratio: ValueID) {
    let element = self[x].element
    let counts = element == .f64 ? (29, 25) : (19, 7)
    let wide = try convert(x, to: .f64)
    let type = self[wide]
    let size = try unary(.abs, wide)
    let border = try splat(8, type)
    let isNear = try compare(.lessOrEqual, size, border)
    // Each series gets an argument of its own interval, also where the other one counts.
    let near = try subtract(
      multiply(binary(.minimum, size, border), splat(0.25, type)), splat(1, type))
    let far = try binary(.maximum, size, border)
    let inverse = try subtract(divide(splat(16, type), far), splat(1, type))
    let root = try unary(.rsqrt, far)
    let nearRatio = try chebyshev(Self.nearFirst.prefix(counts.0), near)
    let farFirst = try multiply(chebyshev(Self.farFirst.prefix(counts.1), inverse), root)
    let first = try select(
      isNear, multiply(nearRatio, wide), multiply(unary(.sign, wide), farFirst))
    let ratio = try select(isNear, nearRatio, divide(farFirst, far))
    let zeroth = try select(
      isNear, chebyshev(Self.nearZeroth.prefix(counts.0), near),
      multiply(chebyshev(Self.farZeroth.prefix(counts.1), inverse), root))
    return (zeroth, first, ratio)
  }

  /// The sum of coefficients times Chebyshev's polynomials, by Clenshaw's recurrence.
  private mutating func chebyshev(
    _ coefficients: ArraySlice<Double>, _ x: ValueID
  ) throws -> ValueID {
    let type = self[x]
    let twice = try add(x, x)
    var (current, last) = (try splat(0, type), try splat(0, type))
    for coefficient in coefficients.dropFirst().reversed() {
      let next = try add(
        subtract(multiply(twice, current), last), splat(coefficient, type))
      (current, last) = (next, current)
    }
    return try add(subtract(multiply(x, current), last), splat(coefficients.first ?? 0, type))
  }

  /// Of exp(−x)·I₁(x)/x in x/4 − 1, up to 8.
  private static let nearFirst: [Double] = [
    0.12629359322181682, -0.17641651835783406, 0.1026436586898471, -0.05294598120809499,
    0.024726449030626516, -0.010564084894626197, 0.004156422944312888, -0.0015135724506312532,
    0.0005122859561685758, -0.00016176081582589674, 4.781565107550054e-05,
    -1.3273163656039436e-05, 3.4702513081376785e-06, -8.568720264695455e-07,
    2.0032947535521353e-07, -4.445059128796328e-08, 9.381537386495773e-09,
    -1.8872497517228294e-09, 3.625590281552117e-10, -6.663489723502027e-11,
    1.1736186298890901e-11, -1.9839743977649436e-12, 3.223793365945575e-13,
    -5.042185504727912e-14, 7.600684294735408e-15, -1.1055969477353862e-15,
    1.5536319577362005e-16, -2.111421214358166e-17, 2.7779141127610464e-18,
  ]
  /// Of exp(−x)·I₁(x)·√x in 16/x − 1, from 8 on.
  private static let farFirst: [Double] = [
    0.38928811750914005, -0.009761097491361469, -0.00011058893876262371, -3.882564808877691e-06,
    -2.512236237870209e-07, -2.6314688468895196e-08, -3.835380385964237e-09,
    -5.589743462196584e-10, -1.8974958123505413e-11, 3.2526035830154884e-11,
    1.4125807436613782e-11, 2.0356285441470896e-12, -7.198551776245908e-13,
    -4.0835511110921974e-13, -2.1015418427726643e-14, 4.272440016711951e-14,
    1.0420276984128802e-14, -3.8144030724370075e-15, -1.8803547755107825e-15,
    3.3082023109209285e-16, 2.96262899764595e-16, -3.209525921993424e-17, -4.650305368489358e-17,
    4.414348323071704e-18, 7.517296310842111e-18,
  ]
  /// Of exp(−x)·I₀(x) in x/4 − 1, up to 8.
  private static let nearZeroth: [Double] = [
    0.33839763720473803, -0.3046826723431984, 0.17162090152220877, -0.09490109704804764,
    0.04930528423967071, -0.02373741480589947, 0.010546460394594998, -0.004324309995050576,
    0.0016394756169413357, -0.0005763755745385824, 0.00018850288509584165,
    -5.754195010082104e-05, 1.6448448070728896e-05, -4.4167383584587505e-06,
    1.1173875391201037e-06, -2.670793853940612e-07, 6.046995022541919e-08,
    -1.300025009986248e-08, 2.6598237246823866e-09, -5.189795601635263e-10,
    9.675809035373237e-11, -1.726826291441556e-11, 2.95505266312964e-12, -4.856446783111929e-13,
    7.676185498604936e-14, -1.1685332877993451e-14, 1.715391285555133e-15,
    -2.431279846547955e-16, 3.3307945188222384e-17,
  ]
  /// Of exp(−x)·I₀(x)·√x in 16/x − 1, from 8 on.
  private static let farZeroth: [Double] = [
    0.4022452055070544, 0.0033691164782556943, 6.889758346916825e-05, 2.8913705208347567e-06,
    2.0489185894690638e-07, 2.266668990498178e-08, 3.3962320257083865e-09, 4.94060238822497e-10,
    1.1889147107846439e-11, -3.1499165279632416e-11, -1.3215811840447713e-11,
    -1.7941785315068062e-12, 7.180124451383666e-13, 3.8527783827421426e-13, 1.54008621752141e-14,
    -4.150569347287222e-14, -9.554846698828307e-15, 3.8116806693526224e-15,
    1.7725601330565263e-15, -3.425485619677219e-16, -2.8276239805165836e-16,
    3.461222867697461e-17, 4.46562142029676e-17, -4.830504485944178e-18, -7.23318048787476e-18,
  ]
}
