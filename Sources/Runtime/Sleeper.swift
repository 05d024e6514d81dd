import Synchronization

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Where one thread sleeps until another wakes it; waking a thread that is awake costs one load.
final class Sleeper: @unchecked Sendable {
  /// Guards the change of `isAsleep` against the wait.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  /// Signalled when `isAsleep` becomes false.
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  /// Whether the thread sleeps or is about to.
  private let isAsleep = Atomic<Bool>(false)

  /// Creates a place to sleep.
  init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    let statuses = (pthread_mutex_init(mutex, nil), pthread_cond_init(condition, nil))
    precondition(statuses == (0, 0), "out of memory for a mutex")
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Sleeps until `wake`, unless `isNeeded` holds after others can see that the thread sleeps.
  func sleep(unless isNeeded: () -> Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    isAsleep.store(true, ordering: .sequentiallyConsistent)
    if isNeeded() { isAsleep.store(false, ordering: .relaxed) }
    while isAsleep.load(ordering: .relaxed) { pthread_cond_wait(condition, mutex) }
  }

  /// Wakes the thread if it sleeps.
  func wake() {
    guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
    pthread_mutex_lock(mutex)
    isAsleep.store(false, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(condition)
  }
}
