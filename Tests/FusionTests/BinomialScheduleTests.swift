import Fusion
import Testing

/// The schedule of snapshots and forward steps, carried out on paper.
@Suite struct BinomialScheduleTests {
  /// Carries out a schedule: every step is reversed once, in order, from the state before it.
  private struct Machine {
    var slots: [Int?]
    var forwardSteps = 0
    var mostSnapshots = 0

    mutating func run(_ schedule: BinomialSchedule) {
      slots[0] = 0
      for step in (0..<schedule.stepCount).reversed() {
        let reversal = schedule.reversals[step]
        var (state, slot) = (reversal.position, reversal.slot)
        #expect(slots[slot] == state, "step \(step) starts from a snapshot that is there")
        for run in reversal.runs {
          #expect(slots[slot] == nil || slots[slot] == state, "a snapshot is overwritten")
          slots[slot] = state
          state += schedule.distances[run]
          forwardSteps += schedule.distances[run]
          slot += 1
          mostSnapshots = max(mostSnapshots, slots.count { $0 != nil })
        }
        #expect(state == step, "the state before step \(step) is found")
        // The step itself runs forward once more, for what its reversal reads.
        forwardSteps += 1
        if let place = slots.firstIndex(of: step) { slots[place] = nil }
      }
    }
  }

  @Test(
    arguments: [
      (10, 1, 55), (10, 2, 30), (10, 3, 25), (50, 5, 172), (100, 5, 416), (100, 10, 322),
      (1000, 10, 4636), (1000, 20, 3747),
    ])
  func forwardStepsAreThePublishedLeast(_ steps: Int, _ snapshots: Int, _ expected: Int) {
    let schedule = BinomialSchedule(stepCount: steps, snapshotCount: snapshots)
    var machine = Machine(slots: Array(repeating: nil, count: snapshots))
    machine.run(schedule)
    #expect(machine.forwardSteps == expected)
    #expect(machine.mostSnapshots <= snapshots)
    #expect(machine.slots.allSatisfy { $0 == nil }, "every snapshot is freed")
    #expect(BinomialSchedule.forwardStepCount(steps, snapshotCount: snapshots) == expected)
  }

  /// The least number of forward steps by dynamic programming, for all small cases.
  @Test func noScheduleRunsFewerSteps() {
    let (most, room) = (60, 8)
    // Steps to reverse so many steps with so many snapshots, the start's among them.
    var least = [[Int]](repeating: [Int](repeating: 0, count: room + 1), count: most + 1)
    for steps in 2...most {
      for snapshots in 1...room {
        guard snapshots > 1 else {
          least[steps][1] = steps * (steps - 1) / 2
          continue
        }
        least[steps][snapshots] =
          (1..<steps).map {
            $0 + least[steps - $0][snapshots - 1] + least[$0][snapshots]
          }.min() ?? 0
      }
    }
    for steps in 1...most {
      for snapshots in 1...room {
        let schedule = BinomialSchedule(stepCount: steps, snapshotCount: snapshots)
        var machine = Machine(slots: Array(repeating: nil, count: snapshots))
        machine.run(schedule)
        #expect(machine.forwardSteps == least[steps][snapshots] + steps)
        #expect(
          BinomialSchedule.forwardStepCount(steps, snapshotCount: snapshots)
            == machine.forwardSteps)
      }
    }
  }
}
