public import TensorIR

/// What checks of a function and its derivatives have found: what `verification(at:of:)` gives.
public struct Verification: Sendable, CustomStringConvertible {
  /// What a check found.
  public enum Outcome: String, Comparable, Sendable {
    case ok
    /// The check says nothing about this function.
    case unsure
    case failed = "FAILED"

    /// Worse outcomes are greater.
    public static func < (left: Outcome, right: Outcome) -> Bool {
      let order: [Outcome] = [.ok, .unsure, .failed]
      return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
  }

  /// One check.
  public struct Check: Sendable, CustomStringConvertible {
    /// What was checked: `engines`, `gradient`, `transpose` or `second`.
    public var name: String
    /// What was found.
    public var outcome: Outcome
    /// The numbers behind it.
    public var detail: String

    /// The check in one line.
    public var description: String {
      let columns = [(name, 11), (outcome.rawValue, 6)].map { word, width in
        word + String(repeating: " ", count: max(0, width - word.count))
      }
      return columns.joined() + "  " + detail
    }
  }

  /// The least of a program that fails a check.
  public struct Culprit: Sendable {
    /// The operation whose rule is wrong, where one alone fails; else the first that fails with what
    /// comes before it.
    public var operation: String
    /// Where that was written.
    public var location: SourceLocation
    /// A program that fails, as text.
    public var program: String
  }

  /// The checks, each with its worst outcome at all points.
  public var checks: [Check]
  /// What fails, where a derivative is wrong and it could be found.
  public var culprit: Culprit?

  /// Whether no check failed.
  public var isPassed: Bool { !checks.contains { $0.outcome == .failed } }

  /// A line for each check, and what fails.
  public var description: String {
    var lines = checks.map(\.description)
    if let culprit {
      let place = culprit.location.isKnown ? " at \(culprit.location)" : ""
      lines.append("the derivative of \(culprit.operation)\(place) is wrong:")
      lines.append(culprit.program)
    }
    return lines.joined(separator: "\n")
  }

  /// The checks in order, the worse of both where two have one name.
  mutating func merge(_ others: [Check]) {
    for other in others {
      if let index = checks.firstIndex(where: { $0.name == other.name }) {
        if other.outcome > checks[index].outcome { checks[index] = other }
      } else {
        checks.append(other)
      }
    }
  }
}

/// Checks a function of one argument and its derivatives.
///
/// Machine code is compared with the interpreter; with every float widened to double precision, the
/// gradient and the gradient of the gradient are compared with central differences, and reverse mode with
/// forward mode by ⟨Jv, w⟩ = ⟨v, Jᵀw⟩. All is done at the given argument and at random ones of its shapes
/// and integers. Results that are no scalars are multiplied by random signs and summed.
///
/// - Parameters:
///   - first: the argument.
///   - points: at how many points, the argument's own included.
///   - seed: of the random points and directions.
/// - Throws: `AdjointError` for mistakes in the function, and where it has no derivative; and what the
///   function throws. Wrong derivatives are no errors here, but in `verify(at:of:)`.
public func verification<First: TensorTree, Output: TensorTree>(
  at first: First, points: Int = 3, seed: UInt64 = 0, file: String = #fileID, line: Int = #line,
  of function: (First) throws -> Output
) throws -> Verification {
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first) { try $1.read($0) }
  return try recording.verification(points: points, seed: seed)
}

/// Checks a function of two arguments and its derivatives, as for one argument.
public func verification<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  at first: First, _ second: Second, points: Int = 3, seed: UInt64 = 0, file: String = #fileID,
  line: Int = #line, of function: (First, Second) throws -> Output
) throws -> Verification {
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second) { try $1.read($0) }
  return try recording.verification(points: points, seed: seed)
}

/// Fails where a check of a function of one argument fails; see `verification(at:of:)`.
///
/// - Throws: `AdjointError` of kind `verification` that names the operation whose derivative is wrong and
///   the line where it was written; and as `verification(at:of:)`.
public func verify<First: TensorTree, Output: TensorTree>(
  at first: First, points: Int = 3, seed: UInt64 = 0, file: String = #fileID, line: Int = #line,
  of function: (First) throws -> Output
) throws {
  try verification(at: first, points: points, seed: seed, file: file, line: line, of: function)
    .requirePassed(at: SourceLocation(file: file, line: line))
}

/// Fails where a check of a function of two arguments fails; see `verification(at:of:)`.
///
/// - Throws: as for one argument.
public func verify<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  at first: First, _ second: Second, points: Int = 3, seed: UInt64 = 0, file: String = #fileID,
  line: Int = #line, of function: (First, Second) throws -> Output
) throws {
  try verification(
    at: first, second, points: points, seed: seed, file: file, line: line, of: function
  ).requirePassed(at: SourceLocation(file: file, line: line))
}

extension Verification {
  /// Fails for the first check that failed.
  fileprivate func requirePassed(at location: SourceLocation) throws {
    guard let failed = checks.first(where: { $0.outcome == .failed }) else { return }
    guard let culprit else {
      throw AdjointError(
        .verification, "the check '\(failed.name)' failed: \(failed.detail)", at: location)
    }
    throw AdjointError(
      .verification,
      "the derivative of \(culprit.operation) is wrong: \(failed.name), \(failed.detail)",
      at: culprit.location.isKnown ? culprit.location : location)
  }
}
