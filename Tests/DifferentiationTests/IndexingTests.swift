import Differentiation
import TensorIR
import TestSupport
import Testing

/// Gathers and scatters whose indices meet, leave the operand, or are known.
@Suite struct IndexingTests {
  /// `x[i]` of a vector, for a vector of indices.
  private static let lookup = GatherDimensions(
    offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1, sliceSizes: [1])

  /// Updates of single elements of a vector.
  private static func update(
    _ combination: ScatterDimensions.Combination, isUnique: Bool = false
  ) -> ScatterDimensions {
    ScatterDimensions(
      combination, updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0],
      indexVectorDim: 1, uniqueIndices: isUnique)
  }

  /// Index vectors of one entry each.
  private static func indices(_ values: [Int64], _ element: ElementType = .i32) -> Literal {
    Literal(TensorType([values.count, 1], element), integers: values)
  }

  /// The cotangents of the float parameters of an op with `weights` for its result.
  private func cotangents(_ op: Op, _ arguments: [Literal], weights: Literal) throws -> [[Double]] {
    var builder = FunctionBuilder(name: "main")
    let parameters = arguments.map { builder.parameter($0.type) }
    let function = builder.finish(returning: [try builder.emit(op, parameters)])
    let wanted = arguments.indices.filter { arguments[$0].type.element.isFloat }
    return try run(function.withVJP(of: wanted), arguments + [weights]).dropFirst().map(\.doubles)
  }

  @Test(arguments: [ElementType.i32, .i64])
  func slicesReadTwiceAddUpAndMovedOnesStayInside(_ element: ElementType) throws {
    let found = try cotangents(
      .gather(Self.lookup), [vector(1, 2, 3), Self.indices([1, 1, -5, 9], element)],
      weights: vector(1, 2, 4, 8))
    #expect(found == [[4, 3, 8]])
  }

  @Test func knownIndicesAreNotClamped() throws {
    let function = try Function(TensorType([3], .f64)) { builder, parameters in
      let indices = try builder.constant(Self.indices([2, 0]))
      return [try builder.emit(.gather(Self.lookup), [parameters[0], indices])]
    }
    let derived = try function.withVJP(of: [0])
    #expect(!derived.operations.contains { $0.op == .clamp })
    let outside = try Function(TensorType([3], .f64)) { builder, parameters in
      let indices = try builder.constant(Self.indices([3, 0]))
      return [try builder.emit(.gather(Self.lookup), [parameters[0], indices])]
    }
    let clamped = try outside.withVJP(of: [0])
    #expect(clamped.operations.contains { $0.op == .clamp })
    #expect(try run(clamped, [vector(1, 2, 3), vector(1, 2)])[1].doubles == [2, 0, 1])
  }

  @Test func addedUpdatesReadWhereTheyLandedAndDroppedOnesGetNothing() throws {
    let found = try cotangents(
      .scatter(Self.update(.add)),
      [vector(1, 2, 3), Self.indices([1, 1, -1, 3, 2]), vector(1, 1, 1, 1, 1)],
      weights: vector(1, 2, 4))
    #expect(found == [[1, 2, 4], [2, 2, 0, 0, 4]])
  }

  @Test func ofUpdatesThatMeetTheLastOneStays() throws {
    let arguments = [
      vector(1, 2, 3), Self.indices([1, 1, -1, 3, 2]), vector(10, 20, 30, 40, 50),
    ]
    let found = try cotangents(
      .scatter(Self.update(.set)), arguments, weights: vector(1, 2, 4))
    #expect(found == [[1, 0, 0], [0, 2, 0, 0, 4]])
  }

  @Test func promisedUniqueUpdatesNeedNoNumbers() throws {
    let arguments = [vector(1, 2, 3), Self.indices([2, 5]), vector(10, 20)]
    let op = Op.scatter(Self.update(.set, isUnique: true))
    let found = try cotangents(op, arguments, weights: vector(1, 2, 4))
    #expect(found == [[1, 2, 0], [4, 0]])
    let function = try Function(arguments[0].type, arguments[1].type, arguments[2].type) {
      [try $0.emit(op, $1)]
    }
    #expect(
      !(try function.withVJP(of: [0, 2])).operations.contains { $0.op.form.contains("iota") })
  }

  @Test(arguments: [[0, 2], [1, 1]] as [[Int64]])
  func constantIndicesAreComparedToEachOther(_ places: [Int64]) throws {
    let function = try Function(TensorType([3], .f64), TensorType([2], .f64)) {
      let indices = try $0.constant(Self.indices(places))
      return [try $0.emit(.scatter(Self.update(.set)), [$1[0], indices, $1[1]])]
    }
    let derived = try function.withVJP(of: [0, 1])
    let isUnique = Set(places).count == 2
    #expect(derived.operations.contains { $0.op.form.contains("iota") } == !isUnique)
    let found = try run(derived, [vector(1, 2, 3), vector(4, 5), vector(1, 2, 4)])
    let expected: [[Double]] = isUnique ? [[0, 2, 0], [1, 4]] : [[1, 0, 4], [0, 2]]
    #expect(found.dropFirst().map(\.doubles) == expected)
  }

  /// Three meet at the first place, one of them zero; two zeros at the second; none is divided by.
  @Test func productsThatMeetAreMultipliedByTheOthers() throws {
    let found = try cotangents(
      .scatter(Self.update(.multiply)),
      [
        vector(2, 3, 5), Self.indices([0, 0, 1, 1, -1, 0, 2, 2]),
        vector(0, 7, 0, 0, 9, 4, 3, 2),
      ], weights: vector(1, 2, 4))
    #expect(found == [[0, 0, 24], [56, 0, 0, 0, 0, 0, 40, 60]])
  }

  @Test func windowsThatLeaveTheOperandAreDroppedWhole() throws {
    let rows = ScatterDimensions(
      .add, updateWindowDims: [1], insertedWindowDims: [], scatterDimsToOperandDims: [0],
      indexVectorDim: 1)
    let updates = Literal(TensorType([2, 2], .f64), doubles: [1, 2, 3, 4])
    let found = try cotangents(
      .scatter(rows), [vector(1, 2, 3), Self.indices([2, 1]), updates], weights: vector(1, 2, 4))
    #expect(found == [[1, 2, 4], [0, 0, 2, 4]])
  }

  @Test func scatteringIntoAnEmptyOperandHasZeroCotangents() throws {
    let empty = Literal(TensorType([0], .f64), doubles: [])
    let found = try cotangents(
      .scatter(Self.update(.add)), [empty, Self.indices([0]), vector(1)], weights: empty)
    #expect(found == [[], [0]])
  }
}
