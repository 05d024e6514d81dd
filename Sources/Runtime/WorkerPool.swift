/// Threads that share a kernel's blocks with the caller.
package final class WorkerPool: Sendable {
  /// The cores this process may use.
  package static let availableThreads = 1
}
