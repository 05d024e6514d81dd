import Foundation
import Testing

@testable import Adjoint

/// Programs that one executable serves for a range of sizes.
struct BucketTests {
  /// A batch of n rows with elements between 0.25 and 2.
  private func batch(_ n: Int, _ width: Int = 3) -> Tensor<Double> {
    let scalars = (0..<(n * width)).map { index -> Double in
      let step = (index * 5 + index / 7) % 8
      return 0.25 + Double(step) / 4 + Double(index) / 1000
    }
    return Tensor(shape: [n, width], scalars: scalars)
  }

  /// Weights of shape [3, 3].
  private var weights: Tensor<Double> {
    Tensor(
      shape: [3, 3],
      scalars: (0..<9).map { (index: Int) -> Double in 0.3 - 0.11 * Double(index * 4 % 9) })
  }

  @Test(arguments: BucketCase.all)
  func valuesAreThoseOfTheSizeItself(_ test: BucketCase) throws {
    let shared = jit(buckets: .powersOfTwo.arguments(1)) { (w: Tensor<Double>, x: Tensor<Double>) in
      try test.function(w, x)
    }
    let sizes = [6, 5, 8, 7]
    for n in sizes {
      let found = try shared(weights, batch(n))
      let expected = try Engine.$preferred.withValue(.interpreter) {
        let exact = jit { (w: Tensor<Double>, x: Tensor<Double>) in try test.function(w, x) }
        return try exact(weights, batch(n))
      }
      #expect(found.count == expected.count)
      for (index, (found, expected)) in zip(found, expected).enumerated() {
        #expect(found.shape == expected.shape)
        let pairs = try zip(found.scalars(), expected.scalars())
        let isEqual = pairs.allSatisfy { left, right in
          left == right || (left.isNaN && right.isNaN)
            || abs(left - right) <= 1e-12 * Swift.max(1, abs(right))
        }
        #expect(isEqual, "result \(index) for \(n) rows: \(found) instead of \(expected)")
      }
    }
    if test.isShared {
      #expect(shared.compilationCount == 1, "\(shared.explain())")
      #expect(shared.explain().hasSuffix("; for sizes 5…8, 4 of which were called"))
    } else {
      #expect(shared.compilationCount == sizes.count)
      #expect(
        shared.explain().split(separator: "\n").allSatisfy {
          $0.contains("; for this size alone: ")
        })
    }
  }

  @Test func growingWindowsCompileOncePerBucket() throws {
    let window = jit(buckets: .powersOfTwo) { (x: Tensor<Double>) in
      (log(x).mean(axis: 0), x.cumulativeSum(axis: 0)[x.shape[0] - 1])
    }
    for n in 1...20 {
      let (mean, sum) = try window(batch(n))
      let columns = try [[Double]](batch(n).transposed())
      for (column, values) in columns.enumerated() {
        let expected = values.reduce(0) { $0 + Foundation.log($1) } / Double(n)
        #expect(abs(try mean[column].item() - expected) < 1e-14)
        #expect(abs(try sum[column].item() - values.reduce(0, +)) < 1e-13)
      }
    }
    // Sizes 1 and 2 by themselves, then 3…4, 5…8, 9…16 and 17…32.
    #expect(window.compilationCount == 6)
    let lines = window.explain().split(separator: "\n")
    #expect(lines.count == 6)
    #expect(
      lines[5].contains("tensor<17x3xf64>")
        && lines[5].hasSuffix("for sizes 17…32, 4 of which were called"))
    #expect(
      window.explain(costs: true).split(separator: "\n").allSatisfy {
        $0.contains("; trace ") || $0.contains("found on disk")
      })
  }

  @Test func bucketsEndWhereTheySay() throws {
    let square = { @Sendable (x: Tensor<Double>) in (x * x).sum() }
    let tens = jit(buckets: .multiples(of: 10), square)
    for n in [10, 5, 3, 9, 11, 20] { #expect(try tens(.ones([n])).item() == Double(n)) }
    #expect(tens.compilationCount == 2)
    let sizes = jit(buckets: .sizes([16, 4]), square)
    for n in [3, 4, 5, 16, 17, 18] { #expect(try sizes(.ones([n])).item() == Double(n)) }
    #expect(sizes.compilationCount == 4)
    #expect(
      sizes.explain().contains("(tensor<5xf64>)")
        && sizes.explain().contains("for sizes 5…16, 2 of"))
    for buckets in [Buckets.multiples(of: .max), .sizes([.max])] {
      let alone = jit(buckets: buckets, square)
      for n in [3, 4] { #expect(try alone(.ones([n])).item() == Double(n)) }
      #expect(alone.compilationCount == 2)
    }
    let none = jit(buckets: .powersOfTwo.arguments(1)) { (x: Tensor<Double>, y: Tensor<Double>) in
      x.sum() + y
    }
    for n in [5, 6] { #expect(try none(.ones([n]), 1).item() == Double(n + 1)) }
    #expect(none.compilationCount == 2)
  }

  /// A model that is not filled up.
  struct Model: TensorTree {
    var weight: Tensor<Double>
    var bias: Tensor<Double>
    let power: Int

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&weight)
      try visitor.visit(&bias)
      visitor.visitStatic(power)
    }
  }

  /// Examples, and what they are to give.
  struct Batch: TensorTree {
    var x: Tensor<Double>
    var y: Tensor<Double>

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&x)
      try visitor.visit(&y)
    }
  }

  @Test func stepsUpdateModelsInPlace() throws {
    let step = { @Sendable (model: inout Model, batch: Batch, rate: Tensor<Double>) in
      let (loss, slope) = try valueWithGradient(at: model) { model in
        let y = matmul(log(batch.x), model.weight) + model.bias
        return square(y - batch.y).mean() / Double(model.power)
      }
      model.weight = model.weight - rate * slope.weight
      model.bias = model.bias - rate * slope.bias
      return loss
    }
    let shared = jitInPlace(buckets: .powersOfTwo.arguments(1), step)
    let exact = jitInPlace(step)
    var model = Model(weight: weights, bias: .zeros([3]), power: 2)
    var other = model
    let start = model
    for n in [8, 8, 5, 7, 6] {
      let examples = Batch(x: batch(n), y: 1 / batch(n))
      let loss = try shared(&model, examples, 0.1).item()
      let expected = try exact(&other, examples, 0.1).item()
      #expect(abs(loss - expected) < 1e-13)
    }
    #expect(try isClose(model.weight, other.weight) && isClose(model.bias, other.bias))
    #expect(try start.weight.scalars() == weights.scalars())
    #expect(shared.compilationCount == 1)
    #expect(exact.compilationCount == 4)
  }

  /// Whether elements are equal to rounding.
  private func isClose(_ left: Tensor<Double>, _ right: Tensor<Double>) throws -> Bool {
    try left.shape == right.shape
      && zip(left.scalars(), right.scalars()).allSatisfy { abs($0 - $1) < 1e-12 }
  }

  @Test func valuesFromOutsideAreTheSizesOwn() throws {
    let table = batch(40)
    let function = jit(buckets: .powersOfTwo) { (x: Tensor<Double>) in
      let n = x.shape[0]
      let steps = Tensor((0..<n).map { Double($0 * $0) })
      let factor = n > 6 ? 2.0 : 1.0
      return (x * steps.expandingDims(at: 1) + table[0..<n]).sum() * Tensor(factor) / Double(n + 1)
    }
    for n in [5, 8, 6, 7, 7, 100] {
      let rows = try [[Double]](batch(Swift.min(n, 40)))
      if n > 40 {
        #expect(throws: AdjointError.self) { try function(batch(n)) }
        continue
      }
      var sum = 0.0
      for (index, row) in rows.enumerated() {
        sum += row.reduce(0) { $0 + $1 * Double(index * index) + $1 }
      }
      let expected = sum * (n > 6 ? 2 : 1) / Double(n + 1)
      #expect(abs(try function(batch(n)).item() - expected) < 1e-12 * expected)
    }
  }

  @Test func sizesThatTheClosureRefuses() throws {
    struct TooLong: Error {}
    let function = jit(buckets: .powersOfTwo) { (x: Tensor<Double>) throws -> Tensor<Double> in
      if x.shape[0] > 6 { throw TooLong() }
      return x.sum()
    }
    #expect(try function(.ones([5])).item() == 5)
    #expect(try function(.ones([6])).item() == 6)
    #expect(throws: TooLong.self) { try function(.ones([7])) }
    #expect(function.compilationCount == 2)
    #expect(
      function.explain().contains(
        "for this size alone: the closure threw at another size: TooLong()"))
  }

  @Test func severalSizes() throws {
    let scores = jit(buckets: .powersOfTwo) { (q: Tensor<Double>, k: Tensor<Double>) in
      matmul(matmul(1 / q, k.transposed()).softmax(axis: 1), 1 / k)
    }
    let exact = { (q: Tensor<Double>, k: Tensor<Double>) in
      matmul(matmul(1 / q, k.transposed()).softmax(axis: 1), 1 / k)
    }
    for (n, m) in [(5, 9), (8, 16), (6, 12), (7, 10)] {
      #expect(try isClose(scores(batch(n), batch(m)), exact(batch(n), batch(m))))
    }
    #expect(scores.compilationCount == 1)
    #expect(scores.explain().hasSuffix("for sizes 5…8 and 9…16, 4 of which were called"))
    // Equal sizes are one size.
    for n in [5, 6] { #expect(try isClose(scores(batch(n), batch(n)), exact(batch(n), batch(n)))) }
    #expect(try isClose(scores(batch(5), batch(7)), exact(batch(5), batch(7))))
  }

  @Test func insideOtherFunctions() throws {
    let mean = jit(buckets: .powersOfTwo) { (x: Tensor<Double>) in (1 / x).mean() }
    let outer = jit { (x: Tensor<Double>) in try gradient(at: x) { x in try mean(x) * 2 } }
    let x = batch(5)
    #expect(try isClose(outer(x), -2 / (x * x) / 15))
    #expect(try isClose(mean(x).reshaped(to: [1]), ((1 / x).sum() / 15).reshaped(to: [1])))
    #expect(
      try isClose(mean(batch(7)).reshaped(to: [1]), ((1 / batch(7)).sum() / 21).reshaped(to: [1])))
    #expect(mean.compilationCount == 1)
  }

  @Test func whatIsCompiledForOneSizeSaysWhy() throws {
    let factor = jit(buckets: .powersOfTwo) { (x: Tensor<Double>) in
      cholesky(matmul(x, x.transposed()) + 9 * Tensor<Double>.identity(x.shape[0]))
    }
    _ = try factor(batch(5))
    #expect(
      factor.explain().contains(
        "(tensor<5x3xf64>): first call; for this size alone: adjoint.cholesky at "))
    #expect(factor.explain().hasSuffix(" is not known to keep rows apart"))
  }

  @Test func manyCompilationsAreWarnedOf() throws {
    let sum = jit { (x: Tensor<Double>) in x.sum() }
    for n in 1...3 { _ = try sum(.ones([n])) }
    let specializations = sum.specializations
    #expect(specializations.warning(after: 3, limit: nil) == nil)
    #expect(specializations.warning(after: 3, limit: 4) == nil)
    let text = try #require(specializations.warning(after: 3, limit: 3))
    #expect(text.hasPrefix("adjoint: AdjointTests/BucketTests.swift:"))
    let reason = "tensor 0 is tensor<3xf64> instead of tensor<1xf64>"
    #expect(text.hasSuffix(": compiled for 3 signatures, the last for: \(reason)\n"))
  }
}
