import LoopIR
import Targets
import Testing

@testable import Fusion

/// Only nested loops that go over all of both variables, one iteration after the other, are joined.
@Suite struct CollapsingTests {
  private static let (rows, columns, block) = (VariableID(0), VariableID(1), VariableID(2))
  private static let (value, next, result) = (ScalarID(0), ScalarID(1), ScalarID(2))

  /// How many loops are left of one over four rows around one over eight columns.
  private func loopCount(_ change: (_ outer: inout Loop, _ inner: inout Loop) -> Void) -> Int {
    var kernel = Kernel(name: "k0")
    kernel.variables = [("i", 4), ("j", 8), ("b", 2)].map { Kernel.Variable(name: $0, extent: $1) }
    kernel.scalars = [.f32, .f32, .f32]
    kernel.slots = [BufferID(0), BufferID(1)]
    let place = IndexExpression(Self.rows) * 8 + IndexExpression(Self.columns)
    var (outer, inner) = (Loop(Self.rows), Loop(Self.columns))
    inner.body = [
      .define(Self.value, .load(.slot(0), place, condition: nil)),
      .store(Store(.slot(1), place, Self.value)),
    ]
    change(&outer, &inner)
    outer.body = [.loop(inner)]
    kernel.body = [.loop(outer)]
    var scheduler = Scheduler(LoopProgram(name: "rows"), for: .x86_64v4, ScheduleOptions())
    kernel.collapseLoops(keepingOutermost: false, &scheduler)
    var count = 0
    kernel.body.forEachNode { if case .loop = $0 { count += 1 } }
    return count
  }

  @Test func plainLoopsAreJoined() {
    #expect(loopCount { _, _ in } == 1)
  }

  @Test func carriesRangesAndSchedulesAreKept() {
    let carry = Carry(
      current: Self.next, initial: Self.value, next: Self.value, result: Self.result)
    #expect(loopCount { _, inner in inner.carries = [carry] } == 2)
    #expect(loopCount { outer, _ in outer.carries = [carry] } == 2)
    #expect(loopCount { _, inner in inner.range = .block(Self.block, size: 4) } == 2)
    #expect(loopCount { outer, _ in outer.range = .block(Self.block, size: 2) } == 2)
    #expect(loopCount { _, inner in inner.schedule = .vector(width: 8, interleave: 1) } == 2)
    #expect(loopCount { outer, _ in outer.schedule = .parallel } == 2)
  }
}
