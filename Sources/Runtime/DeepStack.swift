#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs `body` on a thread with a stack of `byteCount` bytes, and returns what it returns or throws.
///
/// Lowering walks a function's graph by recursion, as deep as its longest chain of operations;
/// a caller's thread may have half a megabyte of stack.
func withStack<Result>(byteCount: Int, _ body: () throws -> Result) throws -> Result {
  var outcome: Swift.Result<Result, any Error>?
  try withoutActuallyEscaping(body) { body in
    let job = StackJob { outcome = Swift.Result(catching: body) }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, byteCount)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = pthread_create(
      &thread, &attributes,
      { raw in
        #if canImport(Darwin)
          let pointer: UnsafeMutableRawPointer? = raw
        #else
          let pointer = raw
        #endif
        if let pointer { Unmanaged<StackJob>.fromOpaque(pointer).takeUnretainedValue().run() }
        return nil
      }, Unmanaged.passUnretained(job).toOpaque())
    guard status == 0 else { throw StackError(byteCount: byteCount) }
    #if canImport(Darwin)
      if let thread { pthread_join(thread, nil) }
    #else
      pthread_join(thread, nil)
    #endif
    withExtendedLifetime(job) {}
  }
  guard let outcome else { throw StackError(byteCount: byteCount) }
  return try outcome.get()
}

/// The system has no thread with such a stack.
struct StackError: Error {
  let byteCount: Int
}

/// A closure that can be handed to a thread.
private final class StackJob {
  private let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }

  func run() { body() }
}
