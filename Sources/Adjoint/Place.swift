internal import TensorIR

extension SourceLocation {
  /// Where the public function was called that makes operations now; unknown outside of such.
  static var caller: SourceLocation { Surroundings.current?.caller ?? .unknown }

  /// The place a function was told it is called at; inside `located`, the place given there.
  @inline(__always)
  static func here(_ file: String, _ line: Int) -> SourceLocation {
    if let surroundings = Surroundings.current, surroundings.hasCaller {
      return surroundings.caller
    }
    return SourceLocation(file: file, line: line)
  }

  /// This place, or that of the public function around where it says less.
  @inline(__always)
  func or(_ surroundings: Surroundings?) -> SourceLocation {
    guard let surroundings, surroundings.hasCaller, !isKnown else { return self }
    return surroundings.caller
  }
}

/// Runs `body`, which makes operations out of others, so that all of them have the place where the
/// outermost such function was called.
///
/// - Requires: `body` runs no code of the caller's.
func located<Result>(_ file: String, _ line: Int, _ body: () throws -> Result) rethrows -> Result {
  if Surroundings.current?.hasCaller == true { return try body() }
  return try Surroundings.with(caller: SourceLocation(file: file, line: line)) { try body() }
}
