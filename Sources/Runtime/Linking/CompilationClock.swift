import Synchronization

/// An object file to be made.
struct CompilationJob: Hashable, Sendable {
  /// Which: 0 is the entry, then the codes.
  var number: Int
  var level: Int
  /// About how long it takes.
  var nanoseconds: Double
  /// Whether there is code that does without it.
  var mayBeLeft = false
}

/// What is compiled well within a budget of time.
///
/// All code is made quickly first, and what gains most for what it costs is made well afterwards, as long as
/// there is time for it. How long a job takes is estimated, and estimates go by those of the jobs that are done.
final class CompilationClock: Sendable {
  /// What jobs took of which the estimates are as good as each other.
  private struct Spent: Sendable {
    var estimated = 0.0
    var real = 0.0

    /// How much longer than estimated jobs took.
    var scale: Double { estimated > 0 ? real / estimated : 1 }
  }

  private let deadline: ContinuousClock.Instant
  private let workers: Int
  /// At level 0, and at others.
  private let spent = Mutex([Spent(), Spent()])

  init(deadline: ContinuousClock.Instant, workers: Int) {
    self.deadline = deadline
    self.workers = workers
  }

  /// The jobs in order; all as they are where there is plenty of time.
  ///
  /// - Parameters:
  ///   - gains: What a call gains by the level of each, by number.
  ///   - quick: How long each takes at level 0.
  func order(
    _ jobs: [CompilationJob], gains: [Double], quick: (Int) -> Double
  ) -> [CompilationJob] {
    let total = jobs.reduce(0) { $0 + $1.nanoseconds } / Double(workers)
    let longest = jobs.map(\.nanoseconds).max() ?? 0
    if Self.plenty * max(total, longest) < nanosecondsLeft {
      return jobs.sorted { ($1.nanoseconds, $0.number) < ($0.nanoseconds, $1.number) }
    }
    let first = jobs.map { job in
      CompilationJob(number: job.number, level: 0, nanoseconds: quick(job.number))
    }
    var better = jobs.filter { $0.level > 0 }
    better.sort {
      (gains[$1.number] / $1.nanoseconds, $0.number)
        < (gains[$0.number] / $0.nanoseconds, $1.number)
    }
    return first.sorted { ($1.nanoseconds, $0.number) < ($0.nanoseconds, $1.number) }
      + better.map { job in
        var job = job
        job.mayBeLeft = true
        return job
      }
  }

  private var nanosecondsLeft: Double {
    ContinuousClock.now.duration(to: deadline).milliseconds * 1e6
  }

  /// Whether a job ends in time, by what others took.
  func hasTime(for job: CompilationJob) -> Bool {
    let scale = spent.withLock { spent in spent.map(\.scale).max() ?? 1 }
    return job.nanoseconds * scale * Self.reserve < nanosecondsLeft
  }

  /// Notes how long a job took.
  func note(_ job: CompilationJob, took duration: Duration) {
    spent.withLock { spent in
      spent[min(job.level, 1)].estimated += job.nanoseconds
      spent[min(job.level, 1)].real += duration.milliseconds * 1e6
    }
  }

  /// How many times as long as estimated all jobs may take where there is plenty of time.
  private static let plenty = 8.0
  /// How much longer than estimated a job may take.
  private static let reserve = 1.5
}
