internal import TensorIR

extension SourceLocation {
  /// Where the public function was called that makes operations now; unknown outside of such.
  @TaskLocal static var caller: SourceLocation = .unknown

  /// The place a function was told it is called at; inside `located`, the place given there.
  @inline(__always)
  static func here(_ file: String, _ line: Int) -> SourceLocation {
    let caller = SourceLocation.caller
    return caller.isKnown ? caller : SourceLocation(file: file, line: line)
  }

  /// This place, or that of the public function around where it says less.
  var orCaller: SourceLocation {
    if isKnown { return self }
    let caller = SourceLocation.caller
    return caller.isKnown ? caller : self
  }
}

/// Runs `body`, which makes operations out of others, so that all of them have the place where the
/// outermost such function was called.
///
/// - Requires: `body` runs no code of the caller's.
func located<Result>(_ file: String, _ line: Int, _ body: () throws -> Result) rethrows -> Result {
  if SourceLocation.caller.isKnown { return try body() }
  return try SourceLocation.$caller.withValue(SourceLocation(file: file, line: line)) {
    try body()
  }
}
