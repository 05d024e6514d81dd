import Adjoint
import Testing

/// Loops and branches of the Swift API, compiled, concrete and differentiated.
struct ControlFlowTests {
  struct Particle: TensorTree {
    var position: Tensor<Double>
    var velocity: Tensor<Double>

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&position)
      try visitor.visit(&velocity)
    }
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func scanStacksOutputs() throws {
    let x = Tensor<Double>([1, 2, 3, 4])
    @Sendable func sums(
      _ x: Tensor<Double>, reversed: Bool
    ) throws -> (Tensor<Double>, Tensor<Double>) {
      try scan(Tensor<Double>(0), over: x, reversed: reversed) { sum, element in
        (sum + element, sum + element)
      }
    }
    #expect(try sums(x, reversed: false).1.scalars() == [1, 3, 6, 10])
    #expect(try sums(x, reversed: true).1.scalars() == [10, 9, 7, 4])
    let compiled = jit { (x: Tensor<Double>) in try sums(x, reversed: false) }
    let (last, all) = try compiled(x)
    #expect(try last.item() == 10)
    #expect(try all.scalars() == [1, 3, 6, 10])
  }

  @Test func statesAreTrees() throws {
    // Leapfrog steps of an oscillator keep its energy; the gradient is that of the last position.
    let run = { @Sendable (stiffness: Tensor<Double>) in
      let start = Particle(position: Tensor(1), velocity: Tensor(0))
      let end = try forLoop(100, start) { _, particle in
        let half = particle.velocity - 0.005 * stiffness * particle.position
        let position = particle.position + 0.01 * half
        return Particle(position: position, velocity: half - 0.005 * stiffness * position)
      }
      return end.position
    }
    let value = try run(Tensor(4)).item()
    #expect(abs(value - cosine(2)) < 1e-3)
    // d/dk cos(√k t) = −t sin(√k t) / (2√k) at t = 1, k = 4.
    let slope = try jit(gradient(of: run))(Tensor(4)).item()
    #expect(abs(slope + sine(2) / 4) < 1e-3)
  }

  private func cosine(_ x: Double) -> Double { (try? cos(Tensor(x)).item()) ?? .nan }
  private func sine(_ x: Double) -> Double { (try? sin(Tensor(x)).item()) ?? .nan }

  @Test func loopsReadTensorsFromOutside() throws {
    let weights = Tensor<Double>([[0.5, 0.1], [0.2, 0.4]])
    let loss = { @Sendable (w: Tensor<Double>, x: Tensor<Double>) in
      try forLoop(3, x) { _, state in tanh(matmul(state, w)) }.sum()
    }
    let x = Tensor<Double>([[1, 2]])
    var expected = x
    for _ in 0..<3 { expected = tanh(matmul(expected, weights)) }
    #expect(abs(try loss(weights, x).item() - expected.sum().item()) < 1e-15)
    let unrolled = { @Sendable (w: Tensor<Double>) in
      var state = x
      for _ in 0..<3 { state = tanh(matmul(state, w)) }
      return state.sum()
    }
    let gradients = try jit(gradient(of: { (w: Tensor<Double>) in try loss(w, x) }))(weights)
    let reference = try gradient(of: unrolled)(weights)
    for (left, right) in zip(try gradients.scalars(), try reference.scalars()) {
      #expect(abs(left - right) < 1e-14)
    }
  }

  @Test("A loop of unknown length has a gradient", arguments: [2.0, 7, 1000])
  func newton(value: Double) throws {
    let root = { @Sendable (a: Tensor<Double>) in
      try whileLoop(a, while: { abs($0 * $0 - a) .> 1e-9 }) { 0.5 * ($0 + a / $0) }
    }
    #expect(abs(try root(Tensor(value)).item() - value.squareRoot()) < 1e-9)
    let slope = try jit(gradient(of: root))(Tensor(value)).item()
    #expect(abs(slope - 0.5 / value.squareRoot()) < 1e-7)
  }

  @Test func branches() throws {
    let f = { @Sendable (x: Tensor<Double>) in
      try cond(x .> 0, { log(x) }, { -x })
    }
    let compiled = jit { (x: Tensor<Double>) in try f(x) }
    #expect(try compiled(Tensor(-3)).item() == 3)
    #expect(try compiled(Tensor(1)).item() == 0)
    let slope = jit(gradient(of: f))
    #expect(try slope(Tensor(4)).item() == 0.25)
    // The logarithm of the branch that is not taken makes no NaN.
    #expect(try slope(Tensor(-3)).item() == -1)

    let choose = { @Sendable (i: Tensor<Int32>, x: Tensor<Double>) in
      try switchCase(i, [{ x }, { x * x }, { x * x * x }])
    }
    let pick = jit { (i: Tensor<Int32>, x: Tensor<Double>) in try choose(i, x) }
    #expect(
      try [0, 1, 2, 9, -1].map { try pick(Tensor($0), Tensor(2)).item() } == [2, 4, 8, 8, 8])
  }

  @Test func mistakesNamePartsAndPlaces() {
    let start = Particle(position: Tensor([1, 2]), velocity: Tensor([0, 0]))
    let shapes = message {
      _ = try forLoop(3, start) { _, p in
        Particle(position: p.position, velocity: p.velocity.sum())
      }
    }
    #expect(
      shapes.contains(
        "the state at velocity is of shape [2] before a step and of shape [] after it"))
    #expect(shapes.contains("ControlFlowTests.swift:"))
    #expect(
      message { _ = try forLoop(-1, Tensor<Double>(0)) { _, x in x } }
        .contains("a loop cannot run -1 times"))
    #expect(
      message {
        _ = try scan(Tensor<Double>(0), over: [Tensor<Double>([1, 2]), Tensor<Double>([1])]) {
          ($0, $1)
        }
      }.contains("scan over tensors of different lengths"))
    #expect(
      message {
        _ = try whileLoop(Tensor<Double>([1, 2]), while: { $0 .> 0 }) { $0 - 1 }
      }.contains("the condition of a loop must be a scalar"))
    #expect(
      message {
        _ = try cond(Tensor(true), { Tensor<Double>(1) }, { Tensor<Double>([1, 2]) })
      }.contains("branches return tensors of shape [] and of shape [2]"))
    #expect(
      message {
        _ = try forLoop(2, Tensor<Double>(1)) { _, x in Tensor(try x.item()) }
      }.contains("repeat with scan, forLoop or whileLoop"))
  }

  /// States of two, three and four trees, in every loop, and what their gradients are.
  @Test func statesAreTuples() throws {
    let x = Tensor<Double>([1, 2, 3])
    let ((sum, product), sums) = try scan((Tensor<Double>(0), Tensor<Double>(1)), over: x) {
      state, x in
      let (sum, product) = state
      return ((sum + x, product * x), sum)
    }
    #expect(try [sum, product].map { try $0.item() } == [6, 6])
    #expect(try sums.scalars() == [0, 1, 3])
    let fibonacci = jit { (first: Tensor<Int32>) in
      try forLoop(10, (first, Tensor<Int32>(1), [first])) { _, state in
        (state.1, state.0 + state.1, [state.2[0] + state.0])
      }
    }
    let (tenth, next, total) = try fibonacci(0)
    #expect(try [tenth, next, total[0]].map { try $0.item() } == [55, 89, 88])
    let slope = try gradient(at: 2) { (x: Tensor<Double>) in
      try scan((x, x, x, x), count: 2) { state, step in
        ((state.1, state.2, state.3, state.0 * state.1), state.0)
      }.0.3
    }
    // The two last are x·x and x·x.
    #expect(try slope.item() == 4)
    let root = { @Sendable (a: Tensor<Double>) in
      try whileLoop((a, 2 * a), while: { x, last in abs(x - last) .> 1e-12 }) { x, _ in
        (0.5 * (x + a / x), x)
      }.0
    }
    #expect(abs(try jit(gradient(of: root))(9).item() - 1.0 / 6) < 1e-12)
  }

  @Test func branchesReturnTuples() throws {
    let order = jit { (x: Tensor<Double>, y: Tensor<Double>) in
      try cond(x .< y, { (x, y, [x]) }, { (y, x, [y]) })
    }
    let (low, high, list) = try order(5, 3)
    #expect(try [low, high, list[0]].map { try $0.item() } == [3, 5, 3])
    let (a, b) = try switchCase(
      Tensor<Int32>(1),
      [{ (Tensor<Double>(1), Tensor<Double>(2)) }, { (Tensor<Double>(3), Tensor<Double>(4)) }])
    #expect(try [a, b].map { try $0.item() } == [3, 4])
  }

  @Test func tuplesNameThePartThatChanges() {
    let text = message {
      _ = try forLoop(3, (Tensor<Double>(1), Tensor<Double>([1, 2]))) { _, state in
        (state.0, state.1.sum())
      }
    }
    #expect(
      text.contains("the state at 1 is of shape [2] before a step and of shape [] after it"),
      "\(text)")
    #expect(text.contains("ControlFlowTests.swift:"), "\(text)")
  }

  @Test func noSteps() throws {
    let (state, outputs) = try scan(Tensor<Double>(5), count: 0) { x, _ in (x + 1, x) }
    #expect(try state.item() == 5)
    #expect(outputs.shape == [0])
    #expect(try forLoop(0, Tensor<Double>(5)) { _, x in x + 1 }.item() == 5)
  }
}
