import Batching
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Derivatives along each element of a seed are what the function of many examples gives for a seed that
/// is written out, with a one and zeros.
@Suite struct DiagonalTests {
  @Test(arguments: opTable)
  func everyOperation(row: OpRow) throws {
    // Zeros may have other signs.
    let tolerance = Tolerance(
      ulps: max(row.tolerance.ulps, 8), epsilons: max(row.tolerance.epsilons, 8))
    for element in row.elements.filter(\.isFloat).prefix(1) {
      for variant in row.variants.indices {
        let function = try row.function(element: element, shapeVariant: variant)
        guard (function.types.map(\.count).max() ?? 0) <= 60 else { continue }
        try check(
          function, row.arguments(for: function, seed: 5), tolerance,
          "\(row.name) \(element.rawValue) \(row.variants[variant].name)")
      }
    }
  }

  @Test(arguments: 0..<80 as Range<UInt64>)
  func randomPrograms(seed: UInt64) throws {
    let function = try randomFunction(
      seed: seed, operations: 4...16, regions: seed.isMultiple(of: 3))
    guard (function.types.map(\.count).max() ?? 0) <= 60 else { return }
    try check(
      function, randomArguments(for: function, seed: seed), Tolerance(ulps: 64, epsilons: 4096),
      "seed \(seed)")
  }

  /// A product with a seed is the other factor, so it is spared: behind elementwise functions, and for
  /// parts, other shapes and other orders of a seed too.
  @Test(arguments: [
    """
    %1 = stablehlo.multiply %x, %x0 : tensor<6xf64>
    %2 = stablehlo.reshape %1 : (tensor<6xf64>) -> tensor<3x2xf64>
    """,
    """
    %1 = stablehlo.reshape %x : (tensor<6xf64>) -> tensor<2x3xf64>
    %2 = stablehlo.transpose %1, dims = [1, 0] : (tensor<2x3xf64>) -> tensor<3x2xf64>
    """,
    """
    %0 = stablehlo.slice %x [2:5] : (tensor<6xf64>) -> tensor<3xf64>
    %1 = stablehlo.negate %0 : tensor<3xf64>
    %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<3xf64>) -> tensor<3x2xf64>
    """,
  ]) func productsWithSeedsAreSpared(_ steps: String) throws {
    let source = """
      func.func @main(%x: tensor<6xf64>, %x0: tensor<6xf64>, %w: tensor<4x3xf64>) -> tensor<4x2xf64> {
      \(steps)
      %3 = stablehlo.dot_general %w, %2, contracting_dims = [1] x [0] : (tensor<4x3xf64>, tensor<3x2xf64>) -> tensor<4x2xf64>
      return %3 : tensor<4x2xf64>
      }
      """
    let function = try Module(parsing: source, file: "seed.mlir").functions[0]
    let derivative = try function.basisDerivatives(seeding: 0)
    #expect(!derivative.operations.contains { $0.op.mnemonic == "stablehlo.dot_general" })
    try check(
      function, randomArguments(for: function, seed: 3), Tolerance(ulps: 8, epsilons: 8), steps)
  }

  /// Elements of other examples are zeros, whatever an infinite slope makes of a zero.
  @Test func infiniteSlopesStayInTheirPlace() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([3], .f64)
    let (seed, slope) = (builder.parameter(type), builder.parameter(type))
    let product = try builder.multiply(seed, slope)
    let sum = try builder.reduce(.add, product, dimensions: [0])
    let function = builder.finish(returning: [product, sum])
    let results = try Interpreter().run(
      function.basisDerivatives(seeding: 0), [Literal(type, doubles: [2, .infinity, 3])])
    #expect(results[0].doubles == [2, 0, 0, 0, .infinity, 0, 0, 0, 3])
    #expect(results[1].doubles == [2, .infinity, 3])
  }

  /// Compares the derivatives along each float parameter.
  private func check(
    _ function: Function, _ arguments: [Literal], _ tolerance: Tolerance, _ what: String
  ) throws {
    for (position, type) in function.parameterTypes.enumerated() where type.element.isFloat {
      let derivative = try function.basisDerivatives(seeding: position)
      try derivative.verify()
      var others = arguments
      others.remove(at: position)
      let results = try Interpreter().run(derivative, others)
      var seeded = arguments
      seeded[position] = Literal(
        TensorType([type.count] + type.shape, type.element),
        doubles: (0..<type.count * type.count).map { $0 % (type.count + 1) == 0 ? 1 : 0 })
      let flags = arguments.indices.map { $0 == position }
      let expected = try Interpreter().run(
        function.batched(size: type.count, flags), seeded)
      for (result, expected) in zip(results, expected) {
        expectClose(result, expected, tolerance, "\(what), parameter \(position)")
      }
    }
  }
}
