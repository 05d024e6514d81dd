import Runtime
import TensorIR
import TestSupport
import Testing

/// Products whose left factor is made of much, in lanes, a strip of a tile's rows at a time.
@Suite struct NativeLeftFactorTests {
  private static let layouts = [false, true]

  /// Two products of `x·logistic(x)`, or of its transpose, so that it is stored where there is memory.
  private func function(
    _ rows: Int, _ depth: Int, _ columns: Int, _ element: ElementType, isTransposed: Bool
  ) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType(isTransposed ? [depth, rows] : [rows, depth], element))
    let curve = try builder.emit(.unary(.logistic), [x])
    let left = try builder.emit(.binary(.multiply), [x, curve])
    let dimensions = DotDimensions(
      leftContracting: [isTransposed ? 0 : 1], rightContracting: [0])
    let products = try (0..<2).map { _ in
      let right = builder.parameter(TensorType([depth, columns], element))
      return try builder.emit(.dot(dimensions), [left, right])
    }
    return builder.finish(returning: products)
  }

  /// The same bits as where the left factor is stored: strips that end within a vector, several of them,
  /// tiles that are cut off, rows and depths in lanes.
  @Test(arguments: [(33, 70), (16, 300), (5, 129), (100, 3), (40, 4200)], layouts)
  func strippedFactorsKeepTheirBits(_ sizes: (Int, Int), _ isTransposed: Bool) throws {
    let (rows, depth) = sizes
    for (element, columns) in [(ElementType.f32, 8), (.f64, 5), (.f32, 30)] {
      let function = try function(rows, depth, columns, element, isTransposed: isTransposed)
      let arguments = randomArguments(for: function, seed: UInt64(depth))
      let expected = try runNatively(function, arguments)
      var options = CodeOptions()
      options.memory = MemoryOptions(budget: rows * depth * element.byteCount - 1)
      let executable = try Executable(function, options: options)
      #expect(executable.report.memory.addedFlops > 0)
      #expect(try call(executable, arguments) == expected, "\(element) \(columns) columns")
    }
  }
}
