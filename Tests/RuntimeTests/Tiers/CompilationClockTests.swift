import Testing

@testable import Runtime

/// What is compiled well within a budget of time.
@Suite struct CompilationClockTests {
  /// Three kernels: long, short, and one that is made quickly in any case.
  private let jobs = [
    CompilationJob(number: 1, level: 1, nanoseconds: 8e6),
    CompilationJob(number: 2, level: 1, nanoseconds: 2e6),
    CompilationJob(number: 3, level: 0, nanoseconds: 1e6),
  ]
  /// The long one gains more, but less for what it costs.
  private let gains = [0.0, 30, 20, 0]

  private func order(_ time: Duration) -> [[Int]] {
    let clock = CompilationClock(deadline: .now + time, workers: 2)
    return clock.order(jobs, gains: gains) { Double($0) * 1e5 }
      .map { [$0.number, $0.level, $0.mayBeLeft ? 1 : 0] }
  }

  @Test func allIsMadeQuicklyFirst() {
    #expect(order(.zero) == [[3, 0, 0], [2, 0, 0], [1, 0, 0], [2, 1, 1], [1, 1, 1]])
  }

  @Test func withPlentyOfTimeAllIsMadeWellAtOnce() {
    #expect(order(.seconds(3600)) == [[1, 1, 0], [2, 1, 0], [3, 0, 0]])
  }

  /// A job that would take an hour at the speed of earlier ones is left.
  @Test func estimatesGoByWhatJobsTook() {
    let clock = CompilationClock(deadline: .now + .seconds(1800), workers: 1)
    let job = CompilationJob(number: 1, level: 1, nanoseconds: 1e9)
    #expect(clock.hasTime(for: job))
    let quick = CompilationJob(number: 2, level: 0, nanoseconds: 1e3)
    clock.note(quick, took: .milliseconds(1))
    #expect(clock.hasTime(for: job))
    clock.note(quick, took: .milliseconds(8))
    #expect(!clock.hasTime(for: job))
  }
}
