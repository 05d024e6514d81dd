import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// What mistakes say, and that they come out at the next place that can throw.
struct ErrorTests {
  private let matrix = Tensor<Double>.zeros([2, 3])

  @Test func broadcastingNamesBothShapesAndTheRule() {
    #expect(
      message { _ = try (matrix + Vector.zeros([4])).scalars() }
        == "add: shapes [2, 3] and [4] do not broadcast:"
        + " extents, aligned at the last axis, must be equal or 1, not 3 and 4")
    #expect(
      message { _ = try (matrix .< Vector.zeros([2])).scalars() }
        == "compare: shapes [2, 3] and [2] do not broadcast:"
        + " extents, aligned at the last axis, must be equal or 1, not 3 and 2")
  }

  @Test func strictBroadcastingForbidsRankPromotion() throws {
    withStrictBroadcasting {
      #expect(
        message { _ = try (matrix * Vector.zeros([3])).scalars() }
          == "multiply: shapes [2, 3] and [3] differ in rank,"
          + " which strict broadcasting does not allow")
      #expect(message { _ = try (matrix * 2).scalars() } == "nothing was thrown")
      #expect(
        message { _ = try (matrix * Vector.zeros([1, 3])).scalars() } == "nothing was thrown")
    }
    #expect(try (matrix * Vector.zeros([3])).scalars().count == 6)
  }

  @Test func methodsSayWhereTheyAreCalled() throws {
    let line = #line + 1
    let failed = matrix.reshaped(to: [4])
    let error = #expect(throws: AdjointError.self) { _ = try (exp(failed) + 1).item() }
    #expect(error?.location == SourceLocation(file: #fileID, line: line))
    #expect(
      error?.message
        == "shape [2, 3] does not reshape to [4]: the number of elements must stay")
    #expect(failed.shape == [])
    #expect("\(failed)".hasPrefix("Tensor<Double>(failed: AdjointTests/ErrorTests.swift:\(line):"))
  }

  @Test func aMistakeInAClosureIsThrownEvenIfItsResultIsNotUsed() {
    let function = jit { (x: Tensor<Double>) in
      _ = x.reshaped(to: [7])
      return x
    }
    #expect(
      message { _ = try function(matrix) }
        == "shape [2, 3] does not reshape to [7]: the number of elements must stay")
  }

  @Test func theFirstOfSeveralMistakesIsThrown() {
    let first = matrix.squeezed([1])
    let second = Vector.zeros([-1])
    let expected = "squeezed: axis 1 of shape [2, 3] does not have extent 1"
    #expect(message { _ = try (first + second).scalars() } == expected)
    #expect(message { _ = try gradient(of: { (x: Vector) in x })(first) } == expected)
    #expect(message { _ = try jit { (x: Tensor<Double>) in x }(first) } == expected)
  }

  @Test func shapesAxesAndIndices() {
    #expect(
      message { _ = try matmul(matrix, matrix).scalars() }
        == "matmul: shapes [2, 3] and [2, 3] do not multiply: the last axis of the left must be"
        + " as long as the second to last of the right")
    #expect(
      message { _ = try matmul(matrix, 2).scalars() }
        == "matmul: shapes [2, 3] and [] do not multiply: the last axis of the left must be"
        + " as long as the second to last of the right")
    #expect(
      message { _ = try matrix.sum([2]).scalars() }
        == "sum: axis 2 does not exist in shape [2, 3]")
    #expect(
      message { _ = try matrix.mean([0, -2]).scalars() }
        == "mean: axes [0, -2] name an axis twice")
    #expect(
      message { _ = try matrix.max([-3]).scalars() }
        == "max: axis -3 does not exist in shape [2, 3]")
    #expect(
      message { _ = try matrix.squeezed([-1]).scalars() }
        == "squeezed: axis -1 of shape [2, 3] does not have extent 1")
    #expect(
      message { _ = try matrix.padded(low: [1], high: [1, 1], with: 0).scalars() }
        == "padded: low [1] must have a number for each of the 2 axes of shape [2, 3]")
    #expect(
      message { _ = try matrix.padded(low: [-3, 0], high: [0, 0], with: 0).scalars() }
        .hasPrefix("pad: "))
    #expect(
      message { _ = try matrix.sliced(from: [0, 2], to: [2, 5]).scalars() }
        == "sliced: elements from 2 to 5 are not in axis 1 of shape [2, 3]")
    #expect(
      message { _ = try dotGeneral(matrix, matrix, contracting: ([0], [1])).scalars() }
        == "dotGeneral: axis 0 of shape [2, 3] must be as long as axis 1 of shape [2, 3]")
    #expect(
      message { _ = try matrix[2].scalars() } == "index 2 is outside axis 0 of shape [2, 3]")
    #expect(
      message { _ = try matrix[0, 2..<5].scalars() }
        == "index 2..<5 is outside axis 1 of shape [2, 3]")
    #expect(
      message { _ = try matrix[0, 0, 0].scalars() } == "3 indices are too many for shape [2, 3]")
    #expect(
      message { _ = try matrix.item() } == "item() needs one element, and shape [2, 3] has 6")
    #expect(
      message { _ = try concatenated([matrix, Vector([1])]).scalars() }
        == "concatenated: shapes [2, 3] and [1] must agree but for axis 0")
    #expect(message { _ = try stacked([Vector]()).scalars() } == "stacked: there is no tensor")
    #expect(
      message { _ = try stacked([matrix, Vector([1])]).scalars() }
        == "stacked: shapes [2, 3] and [1] must be equal")
    #expect(
      message { _ = try Vector([[1, 2], [3]]).scalars() } == "row 1 has 1 elements and row 0 has 2")
    #expect(
      message { _ = try Vector(shape: [3], scalars: [1]).scalars() }
        == "shape [3] does not hold 1 elements")
    #expect(message { _ = try Vector.zeros([-2]).scalars() } == "shape [-2] has no size")
    #expect(
      message { _ = try Vector.zeros([.max, 3]).scalars() }
        == "shape [9223372036854775807, 3] has no size")
    #expect(
      message { _ = try Vector.randomNormal([.max], seed: 1).scalars() }
        == "shape [9223372036854775807] has no size")
    #expect(
      message { _ = try Vector.zeros([0]).gathering(Tensor<Int32>([0])).scalars() }
        == "gathering: axis 0 of shape [0] has no elements")
  }

  @Test(arguments: [Int.min, -4, 7, Int.max])
  func noIndexOrAxisTraps(number: Int) {
    for failed in [
      matrix[number], matrix[number, 0], matrix[.all, number], matrix[number...],
      matrix.sum([number]), matrix.transposed([number, 0]), matrix.expandingDims(at: number),
      matrix.squeezed([number]), matrix.reversed([number]), matrix.softmax(axis: number),
      matrix.reshaped(to: [number]), matrix.reshaped(to: [number, -1]),
      matrix.broadcast(to: [number, number]), concatenated([matrix], axis: number),
      matrix.padded(low: [number, .max], high: [number, .max], with: 0),
      matrix.sliced(from: [number], to: [number]),
      matrix.sliced(from: [0, 0], to: [number, number], strides: [number, 1]),
      matrix.gathering(Tensor<Int32>(0), axis: number), matrix.full(number),
    ] {
      #expect(throws: AdjointError.self) { _ = try failed.scalars() }
    }
  }

  @Test func valuesOfTracedTensors() {
    let function = jit { (x: Tensor<Double>) in
      _ = try x.item()
      return x
    }
    #expect(
      message { _ = try function(1) }.hasPrefix(
        "a tensor that is traced has no value yet; choose with select or cond, repeat with scan,"
          + " forLoop or whileLoop, or return the tensor from the closure"))
  }

  @Test func tracedTensorsCannotEscape() throws {
    let box = Box()
    let function = jit { (x: Tensor<Double>) in
      box.tensor = x
      return x
    }
    _ = try function(1)
    #expect(
      message { _ = try (box.tensor + 1).scalars() }.hasPrefix(
        "a traced tensor is used outside the closure it was traced in"))
    let other = jit { (y: Tensor<Double>) in y + box.tensor }
    #expect(
      message { _ = try other(1) }.hasPrefix(
        "a traced tensor is used outside the closure it was traced in"))
  }

  @Test func gradientsNeedAScalar() {
    #expect(
      message { _ = try gradient(of: { (x: Tensor<Double>) in 2 * x })(matrix) }
        == "a gradient needs a scalar result, and the function returns shape [2, 3]")
  }

  @Test func cotangentsNeedTheResultsShape() throws {
    let back = try pullback(at: matrix) { $0.sum([0]) }
    #expect(
      message { _ = try back(matrix) }
        == "a cotangent of shape [2, 3] does not fit its result, which is of shape [3]")
    let forward = try differential(at: matrix) { $0.sum([0]) }
    #expect(
      message { _ = try forward(1) }
        == "a tangent of shape [] does not fit its argument, which is of shape [2, 3]")
  }

  @Test func treesThatChangeTheirMind() {
    let function = jit { (x: Fickle) in x.tensor }
    #expect(
      message { _ = try function(Fickle(tensor: 1)) }
        == "visitTensors does not visit the same tensors in the same order each time")
  }
}

extension Tensor where Scalar == Double {
  /// A tensor whose extents are the number.
  fileprivate func full(_ number: Int) -> Tensor { .full([number, number, 2], 0) + self }
}

/// A place outside a closure.
private final class Box: @unchecked Sendable {
  var tensor: Tensor<Double> = 0
}

/// A tree that visits a tensor more each time it is asked for the same value.
private struct Fickle: TensorTree {
  var tensor: Tensor<Double>
  let counter = Counter()

  final class Counter: @unchecked Sendable {
    var visits = 0
  }

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    counter.visits += 1
    for _ in 0..<counter.visits { try visitor.visit(&tensor) }
  }
}
