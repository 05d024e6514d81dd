import TensorIR
import TestSupport
import Testing

/// Every op of `Op`, with each of its attributes set, reads back from its text.
@Suite struct OpCoverageTests {
  @Test(arguments: samples)
  func roundTrip(sample: Sample) throws {
    var builder = FunctionBuilder(name: "f", isPrivate: sample.operands.count == 1)
    let operands = sample.operands.map { builder.parameter($0) }
    let results = try builder.emitAll(sample.op, operands)
    let function = builder.finish(returning: results)
    let module = Module(name: "m", functions: [function] + sample.callees)
    try module.verify()
    let again = try Module(parsing: module.description, file: "sample.mlir")
    #expect(again.withoutLocations == module.withoutLocations)
    #expect(again.description == module.description)
    #expect(module.description.contains(sample.op.mnemonic.replacing("func.", with: "")))
  }

  /// A function prints alone as it does inside a module, without the indentation.
  @Test func functionAlone() throws {
    let module = try Module(parsing: programText("gmm"), file: "gmm.mlir")
    let alone = module.functions[0].description
    #expect(alone.hasPrefix("func.func public @main(%arg0: tensor<25xf64>"))
    #expect(alone.hasSuffix("\n  return %76 : tensor<f64>\n}"))
    let again = try Module(parsing: alone, file: "alone.mlir")
    #expect(again.functions.map(\.withoutLocations) == module.functions.map(\.withoutLocations))
  }

  /// A function that breaks its invariants still prints, for messages about it.
  @Test func brokenFunctions() {
    var function = Function(name: "broken")
    let (lost, low) = (ValueID(7), ValueID(-1))
    function.operations = [Operation(.select, [lost, low], results: [ValueID(9)])]
    function.results = [lost]
    let text = function.description
    #expect(text.contains("%0 = stablehlo.select %undefined7, %undefined-1"))
    #expect(text.contains("return %undefined7 : undefined"))
  }

  /// Operations are placed at their mnemonics, functions at `func.func`.
  @Test func places() throws {
    let module = try Module(parsing: programText("scalar"), file: "scalar.mlir")
    let function = module.functions[0]
    #expect(function.location == SourceLocation(file: "scalar.mlir", line: 2, column: 3))
    let places = function.operations.map(\.location.description)
    #expect(places == ["scalar.mlir:3:10", "scalar.mlir:4:10"])
  }
}

/// An op with the types it is applied to, and the functions it calls.
struct Sample: Sendable, CustomTestStringConvertible {
  let op: Op
  let operands: [TensorType]
  var callees: [Function] = []

  init(_ op: Op, _ operands: TensorType..., callees: [Function] = []) {
    self.op = op
    self.operands = operands
    self.callees = callees
  }

  var testDescription: String { "\(op.mnemonic) of \(operands)" }
}

private let matrix = TensorType([4, 3], .f32)
private let scalar = TensorType([], .f32)
private let integers = TensorType([2], .i32)
private let booleans = TensorType([4, 3], .i1)

/// A function of two results for calls.
private let pair: Function = {
  var builder = FunctionBuilder(name: "a pair \"", isPrivate: true)
  let operand = builder.parameter(matrix)
  return builder.finish(returning: [operand, operand])
}()

/// A function without results for calls.
private let nothing: Function = {
  var builder = FunctionBuilder(name: "nothing", isPrivate: true)
  return builder.finish(returning: [])
}()

/// The first of some types that an elementwise op takes.
private func operandType(_ op: () -> Op) -> TensorType {
  let types = [matrix, booleans, integers]
  return types.first { type in
    [1, 2].contains { (try? op().resultTypes(Array(repeating: type, count: $0))) != nil }
  } ?? matrix
}

private let samples: [Sample] =
  UnaryOp.allCases.map { op in Sample(.unary(op), operandType { .unary(op) }) }
  + BinaryOp.allCases.map { op in
    let type = operandType { .binary(op) }
    return Sample(.binary(op), type, type)
  }
  + [
    Sample(.bits(.cast(to: .u32)), matrix),
    Sample(.bits(.reducePrecision(exponentBits: 5, fractionBits: 10)), matrix),
    Sample(.compare(Comparison(.less, isTotal: true)), matrix, matrix),
  ]
  + Comparison.Direction.allCases.flatMap {
    [
      Sample(.compare(Comparison($0)), matrix, matrix),
      Sample(.compare(Comparison($0)), integers, integers),
      Sample(.compare(Comparison($0)), booleans, booleans),
    ]
  }
  + Reduction.Kind.allCases.flatMap {
    [
      Sample(.reduce(Reduction($0, dimensions: [1, 0])), booleans, TensorType([], .i1)),
      Sample(.reduce(Reduction($0, dimensions: [])), integers, TensorType([], .i32)),
    ]
  }
  + ElementType.allCases.flatMap { element in
    ElementType.allCases.map { Sample(.convert(to: $0), TensorType([2, 0, 1], element)) }
  }
  + [
    Sample(.constant(Literal(TensorType([2, 2], .f64), doubles: [0, -0.0, .infinity, .nan]))),
    Sample(.constant(Literal(TensorType([101], .i64), integers: (0..<101).map { $0 * -1 }))),
    Sample(.constant(Literal(TensorType([0, 2], .i32), integers: []))),
    Sample(.constant(Literal(TensorType([1000], .i1), filledWith: 1))),
    Sample(.iota(TensorType([4, 3], .i32), dimension: 1)),
    Sample(.select, booleans, matrix, matrix),
    Sample(.select, TensorType([], .i1), matrix, matrix),
    Sample(.clamp, matrix, matrix, matrix),
    Sample(.clamp, scalar, matrix, scalar),
    Sample(.clamp, scalar, scalar, scalar),
    Sample(.shape(.broadcast(shape: [2, 4, 3], dimensions: [1, 2])), matrix),
    Sample(.shape(.broadcast(shape: [0], dimensions: [])), scalar),
    Sample(.shape(.reshape(shape: [2, 6])), matrix),
    Sample(.shape(.reshape(shape: [])), TensorType([1, 1], .i1)),
    Sample(.shape(.transpose(permutation: [1, 0])), matrix),
    Sample(.shape(.transpose(permutation: [])), scalar),
    Sample(.shape(.slice(starts: [1, 0], limits: [4, 0], strides: [2, 1])), matrix),
    Sample(.shape(.slice(starts: [], limits: [], strides: [])), scalar),
    Sample(.shape(.pad(low: [1, -1], high: [0, 2], interior: [3, 0])), matrix, scalar),
    Sample(.shape(.concatenate(dimension: 0)), matrix),
    Sample(.shape(.concatenate(dimension: 1)), matrix, matrix, TensorType([4, 0], .f32)),
    Sample(.shape(.reverse(dimensions: [1, 0])), matrix),
    Sample(.dot(DotDimensions(leftContracting: [1], rightContracting: [1])), matrix, matrix),
    Sample(.dot(DotDimensions(leftContracting: [], rightContracting: [])), scalar, scalar),
    Sample(
      .dot(
        DotDimensions(
          leftBatching: [1], rightBatching: [0], leftContracting: [0], rightContracting: [1],
          precision: [.high, .highest])), matrix, TensorType([3, 4, 5], .f32)),
    Sample(
      .gather(
        GatherDimensions(
          offsetDims: [], collapsedSliceDims: [1], operandBatchingDims: [0],
          startIndicesBatchingDims: [0], startIndexMap: [1], indexVectorDim: 2,
          sliceSizes: [1, 1], indicesAreSorted: true)), matrix, TensorType([4, 2, 1], .i64)),
    Sample(
      .gather(
        GatherDimensions(
          offsetDims: [], collapsedSliceDims: [], startIndexMap: [], indexVectorDim: 0,
          sliceSizes: [])), scalar, TensorType([0], .i32)),
    Sample(
      .scatter(
        ScatterDimensions(
          .add, updateWindowDims: [], insertedWindowDims: [1], inputBatchingDims: [0],
          scatterIndicesBatchingDims: [0], scatterDimsToOperandDims: [1], indexVectorDim: 2,
          uniqueIndices: true)), matrix, TensorType([4, 2, 1], .i64), TensorType([4, 2], .f32)),
    Sample(
      .scatter(
        ScatterDimensions(
          .set, updateWindowDims: [0, 1], insertedWindowDims: [], scatterDimsToOperandDims: [],
          indexVectorDim: 0, indicesAreSorted: true)), matrix, TensorType([0], .i32), matrix),
    Sample(.call(Callee(pair.name, resultTypes: [matrix, matrix])), matrix, callees: [pair]),
    Sample(.call(Callee("nothing", resultTypes: [])), callees: [nothing]),
  ]
