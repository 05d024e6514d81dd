/// Runs `body` on a thread with a stack of `byteCount` bytes, and returns what it returns or throws.
///
/// Lowering walks a function's graph by recursion, as deep as a kernel may be; a caller's thread may have
/// half a megabyte of stack.
///
/// - Throws: `StackError` where the system has no such thread.
func withStack<Result>(byteCount: Int, _ body: () throws -> Result) throws -> Result {
  var outcome: Swift.Result<Result, any Error>?
  try withoutActuallyEscaping(body) { body in
    let thread = SystemThread(stackByteCount: byteCount) { outcome = Swift.Result(catching: body) }
    guard let thread else { throw StackError(byteCount: byteCount) }
    thread.join()
  }
  guard let outcome else { throw StackError(byteCount: byteCount) }
  return try outcome.get()
}

/// The system has no thread with such a stack.
struct StackError: Error {
  let byteCount: Int
}
