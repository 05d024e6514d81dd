import Adjoint
import Testing

/// Special functions of doubles where formulas by reflection would cancel.
@Suite struct SpecialFunctionTests {
  /// Arguments, mostly near roots, and the digamma function's values, from 200 bits.
  private static let digammas: [(x: Double, value: Double)] = [
    (-0.5040830082644554, 7.289763902976895e-17),
    (-0.25, 2.9141391202135276),
    (-1.579, -0.0549363605823758),
    (-1.5734984731623904, 1.5649788481838454e-16),
    (-1.5734984731623902, 2.3639573480230873e-15),
    (-2.6107208684441447, -1.0720275936410002e-15),
    (-3.635, 0.0034165383813261367),
    (-10.1, 12.030052248548309),
    (-10.725, -0.2646999445847914),
    (-40.2727, 6.430714639429923),
    (-63.79, 0.11329733424620247),
    (-1e-300, 9.999999999999999e+299),
    (-0.9999999999, -9999999172.173574),
    (0.8176961222371455, -0.9249965448907772),
    (0.51, -1.9149875241635756),
    (0.99999, -0.5772321143624081),
    (0.75, -1.0858608797864722),
    (0.25, -4.2274535333762655),
    (-70.3, 6.542367981231537),
  ]

  @Test(arguments: [Engine.native, .interpreter])
  func digammaIsAccurateNearNegativeRoots(_ engine: Engine) throws {
    let count = Self.digammas.count
    let program = try Program(
      parsing: """
        func.func @main(%x: tensor<\(count)xf64>) -> tensor<\(count)xf64> {
          %y = chlo.digamma %x : tensor<\(count)xf64> -> tensor<\(count)xf64>
          return %y : tensor<\(count)xf64>
        }
        """, file: "digamma.mlir")
    let arguments = try TensorData(TensorType([count], .f64), doubles: Self.digammas.map(\.x))
    let found = try program.compile(engine: engine).call([arguments])[0].doubles
    for ((x, value), result) in zip(Self.digammas, found) {
      #expect(abs(result - value) <= 8 * value.ulp, "ψ(\(x)) = \(result), not \(value)")
    }
  }
}
