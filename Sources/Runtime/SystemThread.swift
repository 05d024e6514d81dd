#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A thread of the system that carries out one closure.
///
/// Tasks share a few threads, which must not wait; what waits, takes long or needs a deep stack has a
/// thread of its own.
struct SystemThread {
  /// The stack of a thread that does nothing unusual; compilers take some megabytes.
  static let defaultStackByteCount = 8 << 20

  #if canImport(Darwin)
    /// The system's name of the thread, which stays its own until it is joined.
    nonisolated(unsafe) private let handle: pthread_t
  #else
    /// The system's name of the thread, which stays its own until it is joined.
    private let handle: pthread_t
  #endif

  /// Starts a thread, which must be joined; nil where the system has none with such a stack.
  ///
  /// - Parameter body: carried out on the thread. Whoever starts it sees to it that nothing else touches
  ///   what the closure changes until the thread is joined.
  init?(stackByteCount: Int = Self.defaultStackByteCount, _ body: @escaping () -> Void) {
    guard let handle = Self.start(stackByteCount, isDetached: false, body) else { return nil }
    self.handle = handle
  }

  /// Starts a thread that nobody waits for.
  ///
  /// - Returns: false where the system has none.
  @discardableResult
  static func detach(_ body: @escaping @Sendable () -> Void) -> Bool {
    start(defaultStackByteCount, isDetached: true, body) != nil
  }

  /// Waits until the closure has returned; called once.
  func join() { pthread_join(handle, nil) }

  private static func start(
    _ stackByteCount: Int, isDetached: Bool, _ body: @escaping () -> Void
  ) -> pthread_t? {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return nil }
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setstacksize(&attributes, stackByteCount) == 0 else { return nil }
    if isDetached {
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    }
    #if canImport(Darwin)
      var handle: pthread_t?
    #else
      var handle = pthread_t()
    #endif
    let job = Unmanaged.passRetained(ThreadJob(body))
    guard pthread_create(&handle, &attributes, threadMain, job.toOpaque()) == 0 else {
      job.release()
      return nil
    }
    return handle
  }
}

/// A closure that can be handed to a thread.
private final class ThreadJob {
  let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }
}

#if canImport(Darwin)
  /// The first function of a thread.
  private func threadMain(_ job: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadJob>.fromOpaque(job).takeRetainedValue().body()
    return nil
  }
#else
  /// The first function of a thread.
  private func threadMain(_ job: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let job else { return nil }
    Unmanaged<ThreadJob>.fromOpaque(job).takeRetainedValue().body()
    return nil
  }
#endif
