import TensorIR
import Testing

@testable import Interpreter

/// Gathers and scatters in the forms that array indexing writes.
@Suite struct IndexingTests {
  /// [[1, 2], [3, 4], [5, 6]].
  private let matrix = integers([3, 2], [1, 2, 3, 4, 5, 6], .i32)

  @Test("x[i] looks up rows; indices beyond the ends are clamped")
  func rows() throws {
    let rows = GatherDimensions(
      offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
      sliceSizes: [1, 2])
    let result = try evaluate(.gather(rows), matrix, integers([4, 1], [2, 0, -7, 9]))
    #expect(result.type.shape == [4, 2] && result.integers == [5, 6, 1, 2, 1, 2, 5, 6])
    let flat = try evaluate(.gather(rows), matrix, integers([2], [1, .max]))
    #expect(flat.integers == [3, 4, 5, 6])
  }

  @Test("x[:, i] puts the window's axis first")
  func columns() throws {
    let columns = GatherDimensions(
      offsetDims: [0], collapsedSliceDims: [1], startIndexMap: [1], indexVectorDim: 1,
      sliceSizes: [3, 1])
    let result = try evaluate(.gather(columns), matrix, integers([2, 1], [1, 0]))
    #expect(result.type.shape == [3, 2] && result.integers == [2, 1, 4, 3, 6, 5])
  }

  @Test("x[i, j] looks up elements, by entries in the order of the map")
  func elements() throws {
    func gather(_ map: [Int]) throws -> [Int64] {
      try evaluate(
        .gather(
          GatherDimensions(
            offsetDims: [], collapsedSliceDims: [0, 1], startIndexMap: map, indexVectorDim: 1,
            sliceSizes: [1, 1])), matrix, integers([2, 2], [0, 1, 1, 0], .i32)
      ).integers
    }
    #expect(try gather([0, 1]) == [2, 3])
    #expect(try gather([1, 0]) == [3, 2])
  }

  @Test("Batching axes run together, as in take_along_axis")
  func alongAxis() throws {
    let dimensions = GatherDimensions(
      offsetDims: [], collapsedSliceDims: [1], operandBatchingDims: [0],
      startIndicesBatchingDims: [0], startIndexMap: [1], indexVectorDim: 2, sliceSizes: [1, 1])
    let result = try evaluate(
      .gather(dimensions), matrix, integers([3, 2, 1], [1, 0, 0, 0, 1, 1]))
    #expect(result.type.shape == [3, 2] && result.integers == [2, 1, 3, 3, 6, 6])
  }

  @Test("A wide window is clamped so that all of it stays inside")
  func windows() throws {
    let dimensions = GatherDimensions(
      offsetDims: [0, 1], collapsedSliceDims: [], startIndexMap: [0], indexVectorDim: 0,
      sliceSizes: [2, 1])
    #expect(try evaluate(.gather(dimensions), matrix, integers([1], [2])).integers == [3, 5])
    #expect(try evaluate(.gather(dimensions), matrix, integers([1], [-1])).integers == [1, 3])
  }

  @Test("A window of no element cannot be read")
  func emptyWindow() throws {
    let dimensions = GatherDimensions(
      offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
      sliceSizes: [0, 2])
    #expect(throws: AdjointError.self) {
      try evaluate(.gather(dimensions), matrix, integers([1, 1], [3]))
    }
  }

  /// A scatter of rows into [[1, 2], [3, 4], [5, 6]].
  private func scatterRows(
    _ combination: ScatterDimensions.Combination, _ indices: [Int64], _ updates: [Int64]
  ) throws -> [Int64] {
    let dimensions = ScatterDimensions(
      combination, updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0],
      indexVectorDim: 1)
    return try evaluate(
      .scatter(dimensions), matrix, integers([indices.count, 1], indices),
      integers([indices.count, 2], updates, .i32)
    ).integers
  }

  @Test("x.at[i].add: duplicates all count, places outside are dropped")
  func scatterAdd() throws {
    #expect(
      try scatterRows(.add, [1, 1, -1, 3], [10, 20, 30, 40, 99, 99, 99, 99])
        == [1, 2, 43, 64, 5, 6])
    #expect(try scatterRows(.add, [], []) == [1, 2, 3, 4, 5, 6])
  }

  @Test("x.at[i].set: the last of several updates stays")
  func scatterSet() throws {
    #expect(
      try scatterRows(.set, [0, 2, 0, .min], [7, 7, 8, 8, 9, 9, 0, 0]) == [9, 9, 3, 4, 8, 8])
  }

  @Test("x.at[i, j].add with two entries per index vector")
  func scatterElements() throws {
    let dimensions = ScatterDimensions(
      .add, updateWindowDims: [], insertedWindowDims: [0, 1], scatterDimsToOperandDims: [1, 0],
      indexVectorDim: 1)
    let result = try evaluate(
      .scatter(dimensions), floats([2, 2], [1, 2, 3, 4]), integers([3, 2], [1, 0, 0, 1, 2, 0]),
      floats([3], [10, 20, 30]))
    #expect(result.doubles == [1, 12, 23, 4])
  }

  @Test("Batching axes of a scatter run together")
  func scatterAlongAxis() throws {
    let dimensions = ScatterDimensions(
      .set, updateWindowDims: [], insertedWindowDims: [1], inputBatchingDims: [0],
      scatterIndicesBatchingDims: [0], scatterDimsToOperandDims: [1], indexVectorDim: 2)
    let result = try evaluate(
      .scatter(dimensions), matrix, integers([3, 1, 1], [1, 0, 5]),
      integers([3, 1], [7, 8, 9], .i32))
    #expect(result.integers == [1, 7, 8, 4, 5, 6])
  }

  @Test("A window partly outside is dropped as a whole; window axes may stand anywhere")
  func scatterWindows() throws {
    let dimensions = ScatterDimensions(
      .add, updateWindowDims: [0, 1], insertedWindowDims: [], scatterDimsToOperandDims: [0],
      indexVectorDim: 1)
    let updates = integers([2, 1, 2], [10, 20, 30, 40], .i32)
    let inside = try evaluate(.scatter(dimensions), matrix, integers([2, 1], [1, 2]), updates)
    #expect(inside.integers == [1, 2, 13, 4, 35, 6])
    let outside = try evaluate(.scatter(dimensions), matrix, integers([2, 1], [2, -1]), updates)
    #expect(outside.integers == [1, 2, 3, 4, 5, 6])
  }

  @Test("An operand without the axis that is scattered to stays empty")
  func emptyScatter() throws {
    let dimensions = ScatterDimensions(
      .add, updateWindowDims: [0], insertedWindowDims: [0], scatterDimsToOperandDims: [1],
      indexVectorDim: 0)
    let result = try evaluate(
      .scatter(dimensions), floats([0, 3], []), integers([1], [0]), floats([2], [1, 2]))
    #expect(result == floats([0, 3], []))
  }
}
