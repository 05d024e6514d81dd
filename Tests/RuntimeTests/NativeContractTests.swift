import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// Machine code of matrix products over sizes around tiles, vectors and panels.
@Suite struct NativeContractTests {
  /// Compares machine code with the interpreter, and one thread with two to the bit.
  private func check(_ functions: [Function], _ what: String) throws {
    for (function, run) in zip(functions, try runTogether(functions)) {
      let expected = try Interpreter().run(function, run.arguments)
      let isSingle = expected[0].type.element == .f32
      expectClose(
        run.result, expected[0], relative: isSingle ? 1e-5 : 1e-13,
        "\(what) \(function.parameterTypes)")
    }
  }

  /// Products of a great depth are summed up in parts: one register would lose half of the bits.
  @Test(arguments: [false, true])
  func longSumsKeepTheirBits(_ isTransposed: Bool) throws {
    let depth = 200_000
    var builder = FunctionBuilder(name: "main")
    let shapes = isTransposed ? [[depth, 20], [20, depth]] : [[4, depth], [depth, 16]]
    let factors = shapes.map { builder.parameter(TensorType($0, .f32)) }
    let dimensions =
      isTransposed
      ? DotDimensions(leftContracting: [0], rightContracting: [1])
      : DotDimensions(leftContracting: [1], rightContracting: [0])
    let product = try builder.emit(.dot(dimensions), factors)
    let function = builder.finish(returning: [product])
    let arguments = zip(function.parameterTypes, [0.1, 0.3]).map {
      Literal($0, filledWith: $1)
    }
    let exact = Double(Float(0.1)) * Double(Float(0.3)) * Double(depth)
    for value in try runNatively(function, arguments)[0].doubles {
      #expect(abs(value / exact - 1) < 4e-6, "\(value) instead of \(exact)")
    }
  }

  @Test(arguments: [ElementType.f32, .f64], [1, 7, 13, 17, 100])
  func oddSizes(_ element: ElementType, _ rows: Int) throws {
    var functions = [Function]()
    for (columns, depth) in [(7, 13), (13, 100), (17, 7), (33, 17), (100, 33), (513, 16)] {
      for left in ProductProgram.Layout.allCases {
        for right in ProductProgram.Layout.allCases {
          var product = ProductProgram(rows, columns, depth, element)
          (product.left.layout, product.right.layout) = (left, right)
          functions.append(try product.function())
        }
      }
    }
    try check(functions, "\(rows) rows")
  }

  @Test(arguments: [ElementType.f32, .f64])
  func batches(_ element: ElementType) throws {
    let functions = try ProductProgram.Layout.allCases.flatMap { left in
      try ProductProgram.Layout.allCases.map { right in
        var product = ProductProgram(19, 21, 18, element)
        product.batch = [2, 3]
        (product.left.layout, product.right.layout) = (left, right)
        return try product.function()
      }
    }
    try check(functions, "batched")
  }

  /// Deep products, whose sums wait in memory between panels; more rows than wait at once.
  @Test(arguments: [
    (513, 40, 1030), (60, 33, 2500), (14, 100, 4096), (60, 33, 5000), (26, 33, 9001),
    (26, 70, 2051),
  ])
  func deepProducts(_ rows: Int, _ columns: Int, _ depth: Int) throws {
    let functions = try ProductProgram.Layout.allCases.map { layout in
      var product = ProductProgram(rows, columns, depth, .f32)
      product.right.layout = layout
      return try product.function()
    }
    try check(functions, "deep")
  }

  /// Factors that are expressions, in both layouts.
  @Test(arguments: [ElementType.f32, .f64], ProductProgram.Prologue.allCases)
  func prologues(_ element: ElementType, _ prologue: ProductProgram.Prologue) throws {
    var functions = [Function]()
    for (rows, columns, depth) in [(13, 17, 100), (5, 40, 33), (50, 7, 18), (30, 33, 1100)] {
      for layout in ProductProgram.Layout.allCases {
        var product = ProductProgram(rows, columns, depth, element)
        product.right = (layout, prologue)
        functions.append(try product.function())
        product.left = (layout, prologue)
        functions.append(try product.function())
        product.right = (.plain, .none)
        functions.append(try product.function())
      }
    }
    try check(functions, "\(prologue)")
  }

  /// What follows a product: bodies of little work, written out for each row, and of much, in a loop
  /// over rows; with operands by row, by column and by element.
  @Test(arguments: [ElementType.f32, .f64], [1, 4])
  func epilogues(_ element: ElementType, _ functionCount: Int) throws {
    let sizes = [(13, 17, 33), (50, 7, 18), (24, 64, 40), (30, 33, 1100), (26, 49, 130)]
    let functions = try sizes.map { (rows, columns, depth) -> Function in
      var builder = FunctionBuilder(name: "main")
      let a = builder.parameter(TensorType([rows, depth], element))
      let b = builder.parameter(TensorType([depth, columns], element))
      let rest = builder.parameter(TensorType([rows, columns], element))
      let factors = builder.parameter(TensorType([rows], element))
      let bias = builder.parameter(TensorType([columns], element))
      let dimensions = DotDimensions(
        leftBatching: [], rightBatching: [], leftContracting: [1], rightContracting: [0])
      var value = try builder.emit(.dot(dimensions), [a, b])
      let type = builder[value]
      let spread = try builder.broadcast(factors, to: type.shape, dimensions: [0])
      value = try builder.multiply(value, spread)
      value = try builder.add(
        value, builder.broadcast(bias, to: type.shape, dimensions: [1]))
      value = try builder.add(value, builder.emit(.iota(type, dimension: 0), []))
      for _ in 0..<functionCount { value = try builder.unary(.tanh, value) }
      return builder.finish(returning: [try builder.subtract(rest, value)])
    }
    try check(functions, "epilogue")
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
