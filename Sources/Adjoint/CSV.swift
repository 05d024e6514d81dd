internal import Foundation
internal import TensorIR

// Tables of numbers as text, as `numpy.loadtxt` and `numpy.savetxt` have them.

extension Tensor where Scalar: LosslessStringConvertible {
  /// Reads a table of numbers from a text file: a row for each line, a column for each field.
  ///
  ///     let table = try Tensor<Double>(csv: "wine.csv", headerLines: 1)
  ///     let (features, classes) = (table[.all, ..<13], Tensor<Int32>(table[.all, 13]))
  ///
  /// Fields may stand in double quotes and between blanks; empty lines are skipped.
  ///
  /// - Parameters:
  ///   - separator: what stands between fields.
  ///   - headerLines: how many lines at the beginning are no numbers.
  /// - Throws: `AdjointError` naming the path where the file cannot be read, and the line where a field is
  ///   no such number or a row is longer or shorter than the first one.
  public init(csv path: String, separator: Character = ",", headerLines: Int = 0) throws {
    guard let text = try? String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8) else {
      throw AdjointError(
        .file, "the file cannot be read", at: SourceLocation(file: path, line: 0))
    }
    var numbers: [Scalar] = []
    var (rows, columns) = (0, 0)
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated().dropFirst(headerLines)
    {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      let place = SourceLocation(file: path, line: index + 1)
      let fields = line.split(separator: separator, omittingEmptySubsequences: false)
      if rows == 0 { columns = fields.count }
      guard fields.count == columns else {
        throw AdjointError(
          .file, "the row has \(fields.count) fields, and the first one has \(columns)", at: place)
      }
      for field in fields { numbers.append(try Self.number(in: field, at: place)) }
      rows += 1
    }
    self.init(shape: [rows, columns], scalars: numbers)
  }

  /// The number that a field holds.
  private static func number(
    in field: Substring, at place: SourceLocation
  ) throws -> Scalar {
    let word = field.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
    guard let number = Scalar(word) else {
      throw AdjointError(.file, "\"\(word)\" is no number of type \(Scalar.self)", at: place)
    }
    return number
  }

  /// Writes a table of numbers, or a column of them, to a text file, replacing what is there; deferred
  /// operations run now. What is read from it again is the same number.
  ///
  /// - Parameters:
  ///   - separator: what stands between fields.
  ///   - header: a first line that names the columns; nil writes none.
  /// - Throws: `AdjointError` as `scalars()` does, where there are more than two axes, and naming the path
  ///   where the file cannot be written.
  public func write(
    csv path: String, separator: Character = ",", header: String? = nil, file: String = #fileID,
    line: Int = #line
  ) throws {
    guard rank <= 2 else {
      throw AdjointError(
        .shape, "a table has two axes, and the tensor's shape is \(shape)",
        at: SourceLocation(file: file, line: line))
    }
    let columns = rank == 2 ? shape[1] : 1
    let fields = try scalars(file: file, line: line).map(\.description)
    let rows = stride(from: 0, to: fields.count, by: Swift.max(columns, 1)).map {
      fields[$0..<$0 + columns].joined(separator: String(separator))
    }
    do {
      try ((header.map { [$0] } ?? []) + rows).map { $0 + "\n" }.joined()
        .write(to: URL(fileURLWithPath: path), atomically: true, encoding: .utf8)
    } catch {
      throw AdjointError(
        .file, "the file cannot be written", at: SourceLocation(file: path, line: 0))
    }
  }
}
