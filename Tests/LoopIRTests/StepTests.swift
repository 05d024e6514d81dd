import LoopIR
import TensorIR
import Testing

/// Trees of steps: what they mean, what is refused, and how they are printed.
@Suite struct StepTests {
  @Test(arguments: [false, true], [false, true])
  func carriesAreHandedOn(_ isInPlace: Bool, _ isReversed: Bool) throws {
    let program = StepSample.sums(isReversed: isReversed, isInPlace: isInPlace)
    try program.verify()
    let arguments = [floats([3, 2], [1, 2, 3, 4, 5, 6]), floats([2], [10, 20])]
    let results = try LoopInterpreter.run(program, arguments: arguments)
    let stack: [Double] =
      isReversed ? [19, 32, 18, 30, 15, 26] : [11, 22, 14, 26, 19, 32]
    #expect(results == [floats([3, 2], stack), floats([2], [19, 32])])
  }

  @Test func conditionsAndBranches() throws {
    let program = StepSample.growth()
    try program.verify()
    func run(_ start: [Double], _ limit: Double, squares: Bool) throws -> [Literal] {
      let flag = Literal(TensorType([], .i1), doubles: [squares ? 1 : 0])
      return try LoopInterpreter.run(
        program, arguments: [floats([2], start), floats([], [limit]), flag])
    }
    #expect(try run([1, 3], 10, squares: false) == [floats([2], [16, 48])])
    #expect(try run([2, 3], 10, squares: true) == [floats([2], [16, 81])])
    #expect(try run([12, 3], 10, squares: true) == [floats([2], [12, 3])])
  }

  /// Changes the sums and expects a refusal.
  private func refuses(_ message: String, _ change: (inout LoopProgram, inout StepLoop) -> Void) {
    var program = StepSample.sums(isInPlace: false)
    guard case .loop(var loop) = program.steps[1] else { return }
    change(&program, &loop)
    program.steps[1] = .loop(loop)
    let error = #expect(throws: AdjointError.self) { try program.verify() }
    #expect(error?.message == message)
  }

  @Test func treesThatDoNotFitAreRefused() {
    refuses("the steps of sums do not run each kernel at one place") { $1.body.removeLast() }
    refuses("sums: xt goes beyond x") {
      $1.trips = .count(4); _ = $0
    }
    refuses("sums: xt moves with a counter of no loop around") { program, loop in
      program.counterCount = 2
      loop.counter = CounterID(1)
    }
    refuses("sums: n is the next value of a carry of a loop or branch before it is written") {
      $1.body.swapAt(0, 1)
      $0.kernels[2].slots[0] = BufferID(1)
      $0.kernels[1].slots[2] = BufferID(3)
    }
    refuses("kernel k2: h is read before it is written") { program, _ in
      program.buffers[5].storage = .arena(offset: 0)
      program.buffers[5].home = BufferID(4)
      program.kernels[2].slots[0] = BufferID(4)
    }
  }

  @Test func printing() {
    let text = StepSample.growth().description
    #expect(text.contains("repeat s0, index n\n"))
    #expect(
      text.contains("\n  while goes\n  if squares\n    kernel k2 (y: f32[2]) -> (y: f32[2])\n"))
    #expect(text.contains("\n  else\n    kernel k3"))
    let sums = StepSample.sums(isReversed: true, isInPlace: false).description
    #expect(sums.contains("\nview xt: f32[2] = x at 8·s0 bytes\n"))
    #expect(sums.contains("\nrepeat s0 in reversed 0..<3, h <-> n\n  kernel k1 "))
  }
}
