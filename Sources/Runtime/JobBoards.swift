import Synchronization

/// The job boards of a pool, one for each call that runs at the same time, and where its workers
/// sleep.
///
/// A worker helps whatever call has chunks left, and looks first at the boards that begin with it.
final class JobBoards: Sendable {
  /// How many calls can have help at the same time.
  static let count = 4

  /// The boards.
  let boards: [JobBoard]
  /// Where each worker sleeps.
  let sleepers: [Sleeper]
  /// How many workers there are from the first of a board to the first of the next one.
  private let distance: Int
  /// Whether workers shall end.
  private let stopped = Atomic<Bool>(false)

  /// Creates boards without jobs.
  init(workerCount: Int) {
    sleepers = (0..<workerCount).map { _ in Sleeper() }
    let distance = max(1, workerCount / Self.count)
    self.distance = distance
    boards = (0..<Self.count).map { JobBoard(firstWorker: $0 * distance % max(1, workerCount)) }
  }

  /// Whether workers shall end.
  var isStopped: Bool { stopped.load(ordering: .acquiring) }

  /// Makes all workers end.
  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    for sleeper in sleepers { sleeper.wake() }
  }

  /// A board that no other caller has until it is released; nil where all are taken.
  func reserve() -> JobBoard? { boards.first { $0.tryReserve() } }

  /// Whether there is something to claim for a worker.
  func hasChunk(for worker: Int) -> Bool {
    for board in boards where board.hasChunk(for: place(of: worker, on: board)) { return true }
    return false
  }

  /// Claims a chunk for a worker, wakes those that come after it, and runs the chunk; false where
  /// there was none.
  func work(as worker: Int) -> Bool {
    let start = worker / distance
    for offset in 0..<Self.count {
      let board = boards[(start + offset) % Self.count]
      let place = place(of: worker, on: board)
      guard let chunk = board.claimChunk(as: place) else { continue }
      wakeChildren(of: place, on: board)
      board.perform(chunk)
      return true
    }
    return false
  }

  /// Wakes the workers that the thread at a place has to wake.
  func wakeChildren(of place: Int, on board: JobBoard) {
    for child in board.children(of: place) {
      sleepers[(board.firstWorker + child) % sleepers.count].wake()
    }
  }

  /// The place of a worker on a board.
  private func place(of worker: Int, on board: JobBoard) -> Int {
    let place = worker - board.firstWorker
    return place < 0 ? place + sleepers.count : place
  }
}
