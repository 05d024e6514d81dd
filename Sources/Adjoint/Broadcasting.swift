/// How shapes of different rank and extents combine: NumPy's rule, and a stricter one.
enum Broadcasting {
  /// Whether operands of different rank are a mistake on this task; scalars always combine.
  @TaskLocal static var isStrict = false

  /// The rule, in the words of error messages.
  static let rule = "extents, aligned at the last axis, must be equal or 1"

  /// The shape that operands of all these shapes broadcast to.
  ///
  /// - Throws: `AdjointError` naming `word` and the first two shapes that do not fit.
  static func commonShape(
    _ shapes: [[Int]], for word: @autoclosure () -> String, at location: SourceLocation
  ) throws -> [Int] {
    var common = shapes.first ?? []
    for shape in shapes.dropFirst() where shape != common {
      if isStrict, shape.count != common.count, !shape.isEmpty, !common.isEmpty {
        throw AdjointError(
          .shape,
          "\(word()): shapes \(common) and \(shape) differ in rank,"
            + " which strict broadcasting does not allow", at: location)
      }
      common = try combined(common, shape, for: word(), at: location)
    }
    return common
  }

  /// The shape that operands of two shapes broadcast to.
  private static func combined(
    _ left: [Int], _ right: [Int], for word: @autoclosure () -> String,
    at location: SourceLocation
  ) throws -> [Int] {
    if left.isEmpty || right.isEmpty { return left.isEmpty ? right : left }
    let rank = max(left.count, right.count)
    let paddedLeft = Array(repeating: 1, count: rank - left.count) + left
    let paddedRight = Array(repeating: 1, count: rank - right.count) + right
    return try zip(paddedLeft, paddedRight).map { first, second in
      guard first == second || first == 1 || second == 1 else {
        throw AdjointError(
          .shape,
          "\(word()): shapes \(left) and \(right) do not broadcast: \(rule), not \(first) and \(second)",
          at: location)
      }
      return first == 1 ? second : first
    }
  }
}

/// Runs `body` with rank promotion switched off: inside, combining tensors of different rank is an
/// error that names both shapes; scalars still combine with everything.
public func withStrictBroadcasting<Result>(_ body: () throws -> Result) rethrows -> Result {
  try Broadcasting.$isStrict.withValue(true) { try body() }
}
