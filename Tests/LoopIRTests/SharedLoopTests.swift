import LoopIR
import TensorIR
import Testing

/// Which loops of steps lanes may go through by themselves.
@Suite struct SharedLoopTests {
  /// The sums over rows of a stack, with another first kernel of the loop.
  private func permission(
    _ change: (inout LoopProgram, inout StepLoop) -> Void = { _, _ in }
  ) -> Permission? {
    var program = StepSample.sums(isInPlace: false)
    guard case .loop(var loop) = program.steps[1] else { return nil }
    change(&program, &loop)
    return program.mayShareLanes(of: loop, lanes: 2)
  }

  /// A kernel that writes a pair from another one read at some address.
  private func pairs(
    _ slots: [Int], reading address: (VariableID) -> IndexExpression,
    writing: (VariableID) -> IndexExpression = { IndexExpression($0) }
  ) -> Kernel {
    var k = KernelSketch("k1", slots: slots)
    let i = k.variable("i", 2)
    var body = [Node]()
    let value = k.load(0, address(i), in: &body)
    body.append(.store(Store(.slot(1), writing(i), value)))
    k.kernel.body = [loop(i, body)]
    return k.kernel
  }

  @Test func lanesThatKeepToThemselvesMay() { #expect(permission() == .granted) }

  /// The other lane's element, every lane's first, one further on, and a whole row in one lane.
  @Test func lanesThatMeetMayNot() {
    let addresses: [(VariableID) -> IndexExpression] = [
      { IndexExpression(1) + IndexExpression($0) * -1 }, { _ in IndexExpression(0) },
      { IndexExpression($0) + 1 }, { IndexExpression($0) * 2 },
    ]
    for address in addresses {
      let permission = permission { program, _ in
        program.kernels[1] = pairs([4, 5], reading: address)
      }
      #expect(permission?.isGranted == false)
    }
    let scattered = permission { program, _ in
      program.kernels[1] = pairs(
        [4, 5], reading: { IndexExpression($0) }, writing: { _ in IndexExpression(0) })
    }
    #expect(scattered == .refused(.meeting(.slot(1))))
  }

  /// What the loop does not write may be read anywhere.
  @Test func otherMemoryMayBeReadAnywhere() {
    let permission = permission { program, _ in
      program.kernels[1] = pairs([1, 5], reading: { _ in IndexExpression(0) })
    }
    #expect(permission == .granted)
  }

  @Test func otherStepsAndLoopsMayNot() {
    #expect(
      permission {
        $1.body.append(.loop(StepLoop(CounterID(1), .count(1)))); _ = $0
      } == .refused(.shape))
    #expect(
      permission {
        $1.trips = .condition([], BufferID(4)); _ = $0
      } == .refused(.shape))
  }

  /// Views that start in the middle of a row of lanes.
  @Test func rowsThatAreShiftedMayNot() {
    let permission = permission { program, _ in
      let strides = [Buffer.Stride(CounterID(0), byteCount: 4)]
      program.buffers[7].storage = .view(.init(of: BufferID(2), strides: strides))
    }
    #expect(permission == .refused(.meeting(.slot(1))))
  }

  /// A program that says that a loop is shared is verified.
  @Test func wrongSharingIsRefused() throws {
    var program = StepSample.sums(isInPlace: false)
    guard case .loop(var loop) = program.steps[1] else { return }
    loop.isShared = true
    program.steps[1] = .loop(loop)
    let error = #expect(throws: AdjointError.self) { try program.verify() }
    #expect(error?.message == "sums: lanes of a loop shared by threads read what others write")
  }
}
