import Foundation
import Synchronization
import Testing

@testable import Runtime

/// How often each block of a job ran, and on how many threads.
private final class Tally: @unchecked Sendable {
  /// Runs of each block.
  let counts: UnsafeMutablePointer<Int>
  /// The number of blocks.
  let blocks: Int
  /// Threads in the body now.
  let active = Atomic<Int>(0)
  /// Calls of the body.
  let calls = Atomic<Int>(0)
  /// The most threads that were in the body at once.
  let peak = Atomic<Int>(0)

  init(blocks: Int) {
    self.blocks = blocks
    counts = .allocate(capacity: max(1, blocks))
    counts.initialize(repeating: 0, count: max(1, blocks))
  }

  deinit { counts.deallocate() }

  /// The counts as an array.
  var values: [Int] { (0..<blocks).map { counts[$0] } }

  /// A pointer the body gets back as its context.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}

/// Counts each block; every block belongs to one thread, so the writes do not race.
private let countBlocks: WorkerPool.Body = { context, begin, end in
  guard let context else { return }
  let tally = Unmanaged<Tally>.fromOpaque(context).takeUnretainedValue()
  let active = tally.active.add(1, ordering: .relaxed).newValue
  tally.peak.max(active, ordering: .relaxed)
  tally.calls.add(1, ordering: .relaxed)
  for block in begin..<end { tally.counts[block] += 1 }
  tally.active.subtract(1, ordering: .relaxed)
}

/// Runs a counted job inside each block of an outer one.
private let runNested: WorkerPool.Body = { context, begin, end in
  guard let context else { return }
  let pool = WorkerPool.shared
  let outer = Unmanaged<Tally>.fromOpaque(context).takeUnretainedValue()
  for block in begin..<end {
    let inner = Tally(blocks: 10)
    pool.run(blocks: 10, threads: 4, body: countBlocks, context: inner.context)
    outer.counts[block] += inner.values.reduce(0, +)
  }
}

/// Jobs that run at the same time, each of blocks that wait until all blocks of all jobs have begun.
private final class Meeting: Sendable {
  /// Blocks of all jobs together.
  let count: Int
  /// Blocks that have begun.
  let begun = Atomic<Int>(0)

  init(blocks: Int, jobs: Int) { count = blocks * jobs }

  /// Waits for all others; false where they do not come in ten seconds.
  func meet() -> Bool {
    begun.add(1, ordering: .acquiringAndReleasing)
    for _ in 0..<100_000 where begun.load(ordering: .acquiring) < count { usleep(100) }
    return begun.load(ordering: .acquiring) >= count
  }
}

/// One job of a meeting.
private final class MeetingJob: Sendable {
  /// The meeting.
  let meeting: Meeting
  /// Blocks that met all others.
  let met = Atomic<Int>(0)

  init(meeting: Meeting) { self.meeting = meeting }

  /// A pointer the body gets back as its context.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}

/// Meets in each block.
private let meetInBlocks: WorkerPool.Body = { context, begin, end in
  guard let context else { return }
  let job = Unmanaged<MeetingJob>.fromOpaque(context).takeUnretainedValue()
  for _ in begin..<end where job.meeting.meet() { job.met.add(1, ordering: .relaxed) }
}

/// Runs a job of two blocks that wait for each other on the shared pool in each block.
private let callWhileCompiling: WorkerPool.Body = { context, begin, end in
  guard let context else { return }
  let outer = Unmanaged<Tally>.fromOpaque(context).takeUnretainedValue()
  for block in begin..<end {
    let job = MeetingJob(meeting: Meeting(blocks: 2, jobs: 1))
    WorkerPool.shared.run(blocks: 2, threads: 2, body: meetInBlocks, context: job.context)
    outer.counts[block] = job.met.load(ordering: .relaxed)
  }
}

@Suite(.serialized) struct WorkerPoolTests {
  @Test(arguments: [1, 2, 4], [0, 1, 2, 31, 33, 1000])
  func runsEveryBlockOnce(threads: Int, blocks: Int) {
    let pool = WorkerPool(workerCount: threads - 1)
    for _ in 0..<5 {
      let tally = Tally(blocks: blocks)
      pool.run(blocks: blocks, threads: threads, body: countBlocks, context: tally.context)
      #expect(tally.values == [Int](repeating: 1, count: blocks))
      #expect(tally.peak.load(ordering: .relaxed) <= threads)
    }
  }

  @Test func manySmallJobsFollowEachOther() {
    let pool = WorkerPool(workerCount: 3)
    var wrong = 0
    for round in 0..<5000 {
      let blocks = 1 + round % 37
      let tally = Tally(blocks: blocks)
      pool.run(
        blocks: blocks, threads: 1 + round % 5, body: countBlocks, context: tally.context)
      if tally.values != [Int](repeating: 1, count: blocks) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func sleepingWorkersWakeAgain() {
    let pool = WorkerPool(workerCount: 2)
    for _ in 0..<30 {
      usleep(500)
      let tally = Tally(blocks: 64)
      pool.run(blocks: 64, threads: 3, body: countBlocks, context: tally.context)
      #expect(tally.values == [Int](repeating: 1, count: 64))
    }
  }

  @Test func concurrentCallersEachGetTheirBlocks() async {
    let pool = WorkerPool(workerCount: 2)
    let wrong = await withTaskGroup(of: Int.self) { group in
      for caller in 0..<4 {
        group.addTask {
          var wrong = 0
          for round in 0..<500 {
            let blocks = 1 + (round * 7 + caller) % 50
            let tally = Tally(blocks: blocks)
            pool.run(blocks: blocks, threads: 3, body: countBlocks, context: tally.context)
            if tally.values != [Int](repeating: 1, count: blocks) { wrong += 1 }
          }
          return wrong
        }
      }
      return await group.reduce(0, +)
    }
    #expect(wrong == 0)
  }

  @Test func callersAtTheSameTimeAllHaveHelp() {
    // The blocks of each job wait for each other, so each job needs a thread besides its caller's. The
    // callers are threads of their own: tasks would wait until those of other tests are done.
    let pool = WorkerPool(workerCount: 3)
    let meeting = Meeting(blocks: 2, jobs: 2)
    let jobs = [MeetingJob(meeting: meeting), MeetingJob(meeting: meeting)]
    let callers = DispatchGroup()
    for job in jobs {
      callers.enter()
      Thread.detachNewThread {
        pool.run(blocks: 2, threads: 2, body: meetInBlocks, context: job.context)
        callers.leave()
      }
    }
    callers.wait()
    #expect(jobs.reduce(0) { $0 + $1.met.load(ordering: .relaxed) } == 4)
  }

  @Test func compilingTakesNoWorkerFromCalls() {
    // Calls made by compiling workers while these are busy have help: their blocks meet.
    guard WorkerPool.availableThreads > 1 else { return }
    let outer = Tally(blocks: WorkerPool.availableThreads)
    WorkerPool.compiling.run(
      blocks: outer.blocks, threads: outer.blocks, body: callWhileCompiling,
      context: outer.context)
    #expect(outer.values == [Int](repeating: 2, count: outer.blocks))
  }

  @Test func callsInsideABodyRunTheirBlocks() {
    let tally = Tally(blocks: 50)
    WorkerPool.shared.run(blocks: 50, threads: 4, body: runNested, context: tally.context)
    #expect(tally.values == [Int](repeating: 10, count: 50))
  }

  @Test func limitsTheThreadsOfAJob() {
    let pool = WorkerPool(workerCount: 3)
    for _ in 0..<200 {
      let tally = Tally(blocks: 200)
      pool.run(blocks: 200, threads: 2, body: countBlocks, context: tally.context)
      #expect(tally.peak.load(ordering: .relaxed) <= 2)
    }
  }

  @Test(arguments: [-1, 0, 1, 2, 100])
  func compiledCodeEntryRunsEveryBlock(threads: Int) {
    var context = RuntimeContext(threads: threads)
    let tally = Tally(blocks: 77)
    context.parallelFor(&context, countBlocks, tally.context, 77)
    #expect(tally.values == [Int](repeating: 1, count: 77))
    parallelForEntry(nil, countBlocks, tally.context, 77)
    #expect(tally.values == [Int](repeating: 2, count: 77))
  }

  @Test func aLimitHoldsForCompiledCode() {
    var context = RuntimeContext(threads: 8)
    for limit in 1...3 {
      let tally = Tally(blocks: 200)
      ThreadLimit.$current.withValue(limit) {
        context.parallelFor(&context, countBlocks, tally.context, 200)
      }
      #expect(tally.values == [Int](repeating: 1, count: 200))
      #expect(tally.peak.load(ordering: .relaxed) <= limit)
      // A single thread runs all blocks as one piece.
      if limit == 1 { #expect(tally.calls.load(ordering: .relaxed) == 1) }
    }
  }

  @Test func compiledCodeFindsTheContextsFields() {
    #expect(MemoryLayout<RuntimeContext>.offset(of: \.parallelFor) == 0)
    #expect(MemoryLayout<RuntimeContext>.offset(of: \.threads) == 8)
    #expect(MemoryLayout<RuntimeContext>.offset(of: \.kernelHook) == 16)
    #expect(MemoryLayout<RuntimeContext>.offset(of: \.isCancelled) == 24)
    #expect(MemoryLayout<RuntimeContext>.offset(of: \.currentTask) == 48)
    #expect(MemoryLayout<UnsafeCurrentTask>.size == MemoryLayout<UnsafeRawPointer>.size)
  }

  @Test func hugeBlockCountsDoNotOverflow() {
    let job = Job(body: countBlocks, context: nil, blocks: .max, helpers: 3)
    #expect(job.chunkCount <= 65)
    #expect(
      job.blocksPerChunk.multipliedReportingOverflow(by: job.chunkCount - 1).overflow == false)
  }
}

@Suite struct ControlGroupLimitTests {
  /// A folder with the given files.
  private func folder(_ files: [String: String]) throws -> String {
    let root = FileManager.default.temporaryDirectory
      .appending(path: "adjoint-cgroup-\(UUID().uuidString)")
    for (path, text) in files {
      let file = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return root.path
  }

  /// The limit a process sees.
  private func limit(_ files: [String: String]) throws -> Int? {
    let root = try folder(files)
    defer { try? FileManager.default.removeItem(atPath: root) }
    return ControlGroupLimit(processFile: root + "/self", root: root).cores
  }

  @Test func roundsUpTheUnifiedQuota() throws {
    #expect(try limit(["self": "0::/a\n", "a/cpu.max": "150000 100000\n"]) == 2)
  }

  @Test func takesTheLeastOfAGroupAndItsParents() throws {
    #expect(
      try limit([
        "self": "0::/a/b\n", "a/b/cpu.max": "400000 100000\n", "a/cpu.max": "300000 100000\n",
        "cpu.max": "max 100000\n",
      ]) == 3)
  }

  @Test func readsVersionOne() throws {
    #expect(
      try limit([
        "self": "2:cpu,cpuacct:/x\n1:memory:/y\n", "cpu/x/cpu.cfs_quota_us": "50000\n",
        "cpu/x/cpu.cfs_period_us": "100000\n",
      ]) == 1)
  }

  @Test(arguments: ["0::/\n", "", "nonsense", "2:cpu:/\n"])
  func withoutALimitThereIsNone(process: String) throws {
    #expect(
      try limit([
        "self": process, "cpu.max": "max 100000\n", "cpu/cpu.cfs_quota_us": "-1\n",
        "cpu/cpu.cfs_period_us": "100000\n",
      ]) == nil)
  }

  @Test func thereIsAlwaysAThread() {
    #expect(WorkerPool.availableThreads >= 1)
  }
}
