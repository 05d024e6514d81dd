import Synchronization

/// A kernel's blocks, to be run by the caller and some workers.
struct Job {
  /// The code of a range of blocks.
  var body: WorkerPool.Body
  /// What the code gets as its first argument.
  var context: UnsafeMutableRawPointer?
  /// How many blocks there are; at least one.
  var blocks: Int
  /// How many workers may take part: those with a smaller index.
  var helpers: Int

  /// Blocks in a chunk: few enough that the last chunks end together.
  var blocksPerChunk: Int { max(1, blocks / ((helpers + 1) * 16)) }
  /// Chunks of the job.
  var chunkCount: Int { (blocks - 1) / blocksPerChunk + 1 }
}

/// A range of blocks that the thread which claimed it has to run.
struct Chunk {
  /// The code to run.
  var body: WorkerPool.Body
  /// What the code gets as its first argument.
  var context: UnsafeMutableRawPointer?
  /// The blocks to run.
  var blocks: Range<Int>
}

/// Where a caller publishes a job and threads claim its chunks without locks.
///
/// `cursor` holds the job's number in its upper half and the next chunk in its lower half. A claim
/// reads the cursor, then the job, then moves the cursor on if it has not changed. The job's fields
/// are written only while the cursor is closed (its lower half is `closed`), so a thread that
/// reads fields of a later job finds the cursor changed and claims nothing. A number comes
/// again after 2³² jobs, which no thread sleeps through between its read and its exchange.
final class JobBoard: Sendable {
  /// The place the calling thread claims with; workers' places count from zero.
  static let caller = -1
  /// The next chunk when there is no job.
  private static let closed: UInt64 = 0xffff_ffff

  /// The job's number and its next chunk.
  private let cursor = Atomic<UInt64>(closed)
  /// The address of the job's code.
  private let body = Atomic<UInt>(0)
  /// The address of the job's context.
  private let context = Atomic<UInt>(0)
  /// The job's blocks.
  private let blocks = Atomic<Int>(0)
  /// The job's blocks in a chunk.
  private let blocksPerChunk = Atomic<Int>(1)
  /// The job's chunks.
  private let chunkCount = Atomic<Int>(0)
  /// The workers that may take part in the job.
  private let helpers = Atomic<Int>(0)
  /// Chunks of the job that are done.
  private let finished = Atomic<Int>(0)
  /// Whether a caller has the board.
  private let reserved = Atomic<Bool>(false)
  /// The worker whose place is zero: boards begin at different ones, so that jobs of few helpers
  /// have different ones.
  let firstWorker: Int

  /// Creates a board without a job.
  init(firstWorker: Int) {
    self.firstWorker = firstWorker
  }

  /// Chunks of the current job that are done; what they wrote can be read.
  var finishedChunks: Int { finished.load(ordering: .acquiring) }

  /// Takes the board for a job; false while another caller has it.
  func tryReserve() -> Bool {
    reserved.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  /// Publishes a job and returns the number of its chunks.
  ///
  /// - Requires: the board is reserved by the calling thread.
  func publish(_ job: Job) -> Int {
    finished.store(0, ordering: .relaxed)
    body.store(unsafeBitCast(job.body, to: UInt.self), ordering: .releasing)
    context.store(UInt(bitPattern: job.context), ordering: .releasing)
    blocks.store(job.blocks, ordering: .releasing)
    blocksPerChunk.store(job.blocksPerChunk, ordering: .releasing)
    chunkCount.store(job.chunkCount, ordering: .releasing)
    helpers.store(job.helpers, ordering: .releasing)
    let number = cursor.load(ordering: .relaxed) >> 32
    cursor.store((number &+ 1) << 32, ordering: .sequentiallyConsistent)
    return job.chunkCount
  }

  /// Ends the job, all of whose chunks are done, and gives the board back.
  func release() {
    let number = cursor.load(ordering: .relaxed) >> 32
    cursor.store(number << 32 | Self.closed, ordering: .releasing)
    reserved.store(false, ordering: .releasing)
  }

  /// Whether there is something to claim for the worker at a place.
  func hasChunk(for place: Int) -> Bool {
    let next = Int(cursor.load(ordering: .sequentiallyConsistent) & Self.closed)
    return next < chunkCount.load(ordering: .acquiring)
      && place < helpers.load(ordering: .acquiring)
  }

  /// The next chunk of the job, which the calling thread then has to `perform`.
  func claimChunk(as place: Int) -> Chunk? {
    var seen = cursor.load(ordering: .acquiring)
    while true {
      let next = Int(seen & Self.closed)
      let body = body.load(ordering: .acquiring)
      let context = context.load(ordering: .acquiring)
      let blocks = blocks.load(ordering: .acquiring)
      let size = blocksPerChunk.load(ordering: .acquiring)
      guard next < chunkCount.load(ordering: .acquiring),
        place < helpers.load(ordering: .acquiring)
      else { return nil }
      let (exchanged, current) = cursor.weakCompareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      seen = current
      guard exchanged else { continue }
      let begin = next * size
      return Chunk(
        body: unsafeBitCast(body, to: WorkerPool.Body.self),
        context: UnsafeMutableRawPointer(bitPattern: context),
        blocks: begin..<begin + min(size, blocks - begin))
    }
  }

  /// Runs a claimed chunk.
  func perform(_ chunk: Chunk) {
    chunk.body(chunk.context, chunk.blocks.lowerBound, chunk.blocks.upperBound)
    finished.add(1, ordering: .releasing)
  }

  /// The places that the thread at a place wakes: the first for the caller, two for each worker,
  /// so the cost of waking many is shared.
  func children(of place: Int) -> Range<Int> {
    let limit = helpers.load(ordering: .relaxed)
    let first = place == Self.caller ? 0 : 2 * place + 1
    let end = place == Self.caller ? 1 : 2 * place + 3
    return min(first, limit)..<min(end, limit)
  }
}
