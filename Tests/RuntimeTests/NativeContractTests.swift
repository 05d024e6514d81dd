import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// How a factor of a product is stored.
private enum Layout: CaseIterable {
  /// Row, column and batch axes in their usual order.
  case plain
  /// The last two axes exchanged.
  case transposed
}

/// Machine code of matrix products over sizes around tiles, vectors and panels.
@Suite struct NativeContractTests {
  /// `[batch,] rows × depth` times `[batch,] depth × columns`.
  private func product(
    rows: Int, columns: Int, depth: Int, batch: [Int] = [], left: Layout, right: Layout,
    _ element: ElementType
  ) throws -> Function {
    func shape(_ layout: Layout, _ first: Int, _ second: Int) -> TensorType {
      TensorType(batch + (layout == .plain ? [first, second] : [second, first]), element)
    }
    var builder = FunctionBuilder(name: "main")
    let a = builder.parameter(shape(left, rows, depth))
    let b = builder.parameter(shape(right, depth, columns))
    let batching = Array(batch.indices)
    let dimensions = DotDimensions(
      leftBatching: batching, rightBatching: batching,
      leftContracting: [batch.count + (left == .plain ? 1 : 0)],
      rightContracting: [batch.count + (right == .plain ? 0 : 1)])
    return builder.finish(returning: [try builder.emit(.dot(dimensions), [a, b])])
  }

  /// Compares machine code with the interpreter, and one thread with two to the bit.
  private func check(_ functions: [Function], _ what: String) throws {
    let arguments = functions.enumerated().map { randomArguments(for: $1, seed: UInt64($0)) }
    let combined = try combination(of: functions)
    let results = try runNatively(combined, arguments.flatMap { $0 }, threads: 1)
    #expect(try runNatively(combined, arguments.flatMap { $0 }, threads: 2) == results)
    for (position, function) in functions.enumerated() {
      let expected = try Interpreter().run(function, arguments[position])
      let isSingle = expected[0].type.element == .f32
      expectClose(
        results[position], expected[0], relative: isSingle ? 1e-5 : 1e-13,
        "\(what) \(function.parameterTypes)")
    }
  }

  @Test(arguments: [ElementType.f32, .f64], [1, 7, 13, 17, 100])
  func oddSizes(_ element: ElementType, _ rows: Int) throws {
    var functions = [Function]()
    for (columns, depth) in [(7, 13), (13, 100), (17, 7), (33, 17), (100, 33), (513, 16)] {
      for left in Layout.allCases {
        for right in Layout.allCases {
          functions.append(
            try product(
              rows: rows, columns: columns, depth: depth, left: left, right: right, element))
        }
      }
    }
    try check(functions, "\(rows) rows")
  }

  @Test(arguments: [ElementType.f32, .f64])
  func batches(_ element: ElementType) throws {
    let functions = try Layout.allCases.flatMap { left in
      try Layout.allCases.map { right in
        try product(
          rows: 19, columns: 21, depth: 18, batch: [2, 3], left: left, right: right, element)
      }
    }
    try check(functions, "batched")
  }

  /// Deep products, whose sums wait in memory between panels; more rows than wait at once.
  @Test(arguments: [(513, 40, 1030), (60, 33, 2500), (14, 100, 4096)])
  func deepProducts(_ rows: Int, _ columns: Int, _ depth: Int) throws {
    let functions = try Layout.allCases.map {
      try product(
        rows: rows, columns: columns, depth: depth, left: .plain, right: $0, .f32)
    }
    try check(functions, "deep")
  }

  /// Factors that are slices: depth or columns in steps that are not one.
  @Test func stridedFactors() throws {
    var builder = FunctionBuilder(name: "main")
    let a = builder.parameter(TensorType([20, 60], .f32))
    let b = builder.parameter(TensorType([30, 66], .f32))
    func everySecond(_ value: ValueID, _ shape: [Int]) throws -> ValueID {
      try builder.emit(
        .shape(.slice(starts: [0, 1], limits: shape, strides: [1, 2])), [value])
    }
    let left = try everySecond(a, [20, 60])
    let right = try everySecond(b, [30, 66])
    let dimensions = DotDimensions(
      leftBatching: [], rightBatching: [], leftContracting: [1], rightContracting: [0])
    let function = builder.finish(returning: [try builder.emit(.dot(dimensions), [left, right])])
    try check([function], "strided")
  }
}
