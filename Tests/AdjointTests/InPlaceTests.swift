import Testing

@testable import Adjoint

/// What training changes, in these tests.
private struct Model: TensorTree {
  var weight: Tensor<Float>
  var layers: [Tensor<Float>]

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&weight)
    try visitor.visit(&layers)
  }
}

private struct Mistake: Error {}

/// `jitInPlace`: memory is taken over, and values stay values.
@Suite struct InPlaceTests {
  private func address<Scalar>(_ tensor: Tensor<Scalar>) throws -> UnsafeRawPointer? {
    _ = try tensor.scalars()
    return UnsafeRawPointer(tensor.node.knownAddress)
  }

  private let step = jitInPlace { (w: inout Tensor<Float>, x: Tensor<Float>) in
    let (loss, slope) = try valueWithGradient(at: w) { square($0 - x).sum() }
    w = w - 0.25 * slope
    return loss
  }

  @Test func stepsTakeOverMemory() throws {
    var w = Tensor<Float>.ones([600])
    let x = Tensor<Float>.zeros([600])
    #expect(try step(&w, x).item() == 600)
    let first = try address(w)
    #expect(try step(&w, x).item() == 150)
    #expect(try address(w) == first)
    #expect(try w.scalars() == [Float](repeating: 0.25, count: 600))
    #expect(step.compilationCount == 1)
  }

  /// A copy of the state made before keeps its values, as copies of arrays do.
  @Test func copiesKeepTheirValues() throws {
    var w = Tensor<Float>.ones([600])
    let copy = w
    let other = w + 0
    let x = Tensor<Float>.zeros([600])
    _ = try step(&w, x)
    #expect(try copy.scalars() == [Float](repeating: 1, count: 600))
    #expect(try other.scalars() == [Float](repeating: 1, count: 600))
    #expect(try w.scalars() == [Float](repeating: 0.5, count: 600))
  }

  /// The state may be an argument too, or hold a tensor twice.
  @Test func sharedTensorsAreNotOverwritten() throws {
    var w = Tensor<Float>.ones([600])
    #expect(try step(&w, w).item() == 0)
    var pair = [Tensor<Float>](repeating: Tensor<Float>.ones([600]), count: 2)
    let move = jitInPlace { (pair: inout [Tensor<Float>], x: Tensor<Float>) in
      let first = pair[0]
      pair[0] = pair[1] + x
      pair[1] = first - x
    }
    for _ in 0..<3 { try move(&pair, Tensor<Float>.ones([600])) }
    // (1, 1) → (2, 0) → (1, 1) → (2, 0)
    #expect(try pair[0].scalars() == [Float](repeating: 2, count: 600))
    #expect(try pair[1].scalars() == [Float](repeating: 0, count: 600))
  }

  @Test func treesChangeTheirShape() throws {
    var model = Model(weight: .ones([8, 8]), layers: [.ones([8])])
    let grow = jitInPlace { (model: inout Model, x: Tensor<Float>) in
      model.layers.append(model.layers[0] * x)
      model.weight = model.weight.reshaped(to: [64])
      return (model.layers.count == 2 ? x : -x, x.sum())
    }
    let (first, sum) = try grow(&model, Tensor<Float>([Float](repeating: 3, count: 8)))
    #expect(try first.scalars() == [Float](repeating: 3, count: 8))
    #expect(try sum.item() == 24)
    #expect(model.layers.count == 2)
    #expect(try model.layers[1].scalars() == [Float](repeating: 3, count: 8))
    #expect(model.weight.shape == [64])
    #expect(try model.weight.scalars() == [Float](repeating: 1, count: 64))
  }

  /// A call that fails leaves the state as it was.
  @Test func failedCallsKeepTheState() throws {
    let broken = jitInPlace { (w: inout Tensor<Float>, x: Tensor<Float>) in
      w = w + x
      guard w.shape == [4] else { throw Mistake() }
      return w.sum()
    }
    var w = Tensor<Float>.ones([2])
    #expect(throws: Mistake.self) { try broken(&w, Tensor<Float>.ones([2])) }
    #expect(try w.scalars() == [1, 1])
    let bad = jitInPlace { (w: inout Tensor<Float>, x: Tensor<Float>) in w = matmul(w, x) }
    #expect(throws: AdjointError.self) { try bad(&w, Tensor<Float>.ones([3])) }
    #expect(try w.scalars() == [1, 1])
  }

  /// Inside another trace the operations become part of that.
  @Test func updatesAreTraced() throws {
    let outer = jit { [step] (w: Tensor<Float>, x: Tensor<Float>) in
      var w = w
      _ = try step(&w, x)
      _ = try step(&w, x)
      return w
    }
    let w = Tensor<Float>.ones([600])
    let result = try outer(w, Tensor<Float>.zeros([600]))
    #expect(try result.scalars() == [Float](repeating: 0.25, count: 600))
    #expect(try w.scalars() == [Float](repeating: 1, count: 600))
  }

  /// Literals, deferred values and results of other calls are fine states.
  @Test func anyValueIsAState() throws {
    var w = Tensor<Float>(1)
    let x = Tensor<Float>(3)
    let add = jitInPlace { (w: inout Tensor<Float>, x: Tensor<Float>) in w = w * x + 1 }
    for _ in 0..<3 { try add(&w, x) }
    #expect(try w.item() == 40)
    var deferred = Tensor<Float>.ones([600]) * 2
    let kept = deferred
    try add(&deferred, x)
    #expect(try deferred.scalars() == [Float](repeating: 7, count: 600))
    #expect(try kept.scalars() == [Float](repeating: 2, count: 600))
  }

  @Test func interpreterAgrees() throws {
    try Engine.$preferred.withValue(.interpreter) { () throws in
      let step = jitInPlace { (w: inout Tensor<Float>, x: Tensor<Float>) in
        w = w - x
        return w.sum()
      }
      var w = Tensor<Float>.ones([5])
      #expect(try step(&w, Tensor<Float>.ones([5]) * 0.5).item() == 2.5)
      #expect(try w.scalars() == [0.5, 0.5, 0.5, 0.5, 0.5])
    }
  }

  /// Many tasks update states of their own through one compiled function.
  @Test func tasksUpdateTheirOwnStates() async throws {
    let totals = try await withThrowingTaskGroup(of: Float.self) { [step] group in
      for task in 0..<8 {
        group.addTask {
          var w = Tensor<Float>.ones([600]) * Tensor(Float(task))
          let x = Tensor<Float>.zeros([600])
          for _ in 0..<50 { _ = try step(&w, x) }
          w = w + Tensor(Float(task))
          return try w.sum().item()
        }
      }
      var totals = [Float]()
      for try await total in group { totals.append(total) }
      return totals.sorted()
    }
    #expect(totals.map { ($0 / 600).rounded() } == [0, 1, 2, 3, 4, 5, 6, 7])
  }
}
