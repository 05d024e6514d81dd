import TensorIR
import Testing

extension GoldenCase {
  /// What a `// error:` comment asks for.
  package struct ExpectedError: Sendable, Hashable {
    /// The one-based line that must be named.
    package let line: Int
    /// What the message must contain.
    package let message: String
  }

  /// The `// error: substring` comments of the case, in text order.
  package var expectedErrors: [ExpectedError] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().compactMap { number, line in
      guard let mark = line.range(of: "// error: ") else { return nil }
      return ExpectedError(line: number + 1, message: String(line[mark.upperBound...]))
    }
  }

  /// Records an issue unless `body`, given the case's text and file name, throws an `AdjointError`
  /// with the line and message of the case's `// error:` comment.
  package func checkError(
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line,
    column: Int = #column, _ body: (_ text: String, _ file: String) throws -> Void
  ) {
    let problem = errorProblem(body)
    guard let problem else { return }
    Issue.record("\(name): \(problem)", sourceLocation: place(fileID, filePath, line, column))
  }

  /// What is wrong with the error `body` throws, or nil where it is the expected one.
  private func errorProblem(_ body: (String, String) throws -> Void) -> Comment? {
    guard let expected = expectedErrors.first, expectedErrors.count == 1 else {
      return "has \(expectedErrors.count) comments `// error:` instead of one"
    }
    do {
      try body(text, fileName)
      return "no error, but line \(expected.line) asks for: \(expected.message)"
    } catch let error as AdjointError {
      let isRight =
        error.location.line == expected.line && error.location.file == fileName
        && error.message.contains(expected.message)
      return isRight
        ? nil : "line \(expected.line) asks for: \(expected.message)\nbut the error is: \(error)"
    } catch {
      return "not an AdjointError: \(error)"
    }
  }
}
