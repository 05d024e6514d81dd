/// A reading position in a text, with the lexical rules of MLIR: blanks and `//` comments separate
/// words, and every mistake is an `AdjointError` with its line and column.
///
/// Columns count UTF-8 bytes, as MLIR's do. Skipping blanks happens before every `accept` and
/// `expect`, so callers never see them.
struct TextCursor {
  /// The file's name for messages.
  let file: String
  /// The whole text in UTF-8.
  let bytes: [UInt8]
  /// The offset of the first byte of each line.
  private let lineStarts: [Int]
  /// The offset of the next byte to read.
  var position = 0
  /// What names that the text defines stand for.
  var aliases = TextAliases()

  /// Starts at the beginning of `text`.
  init(_ text: String, file: String) {
    self.file = file
    let bytes = Array(text.utf8)
    var starts = [0]
    for offset in bytes.indices where bytes[offset] == UInt8(ascii: "\n") {
      starts.append(offset + 1)
    }
    self.bytes = bytes
    lineStarts = starts
  }

  /// The line and column of an offset.
  func location(at offset: Int) -> SourceLocation {
    var (low, high) = (0, lineStarts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return SourceLocation(file: file, line: low + 1, column: offset - lineStarts[low] + 1)
  }

  /// The text between two offsets.
  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// A mistake at an offset.
  func failure(
    _ message: String, at offset: Int, kind: AdjointError.Kind = .syntax
  ) -> AdjointError {
    AdjointError(kind, message, at: location(at: offset))
  }

  /// The mistake that `wanted` does not stand at the reading position.
  mutating func expected(_ wanted: String) -> AdjointError {
    skipBlanks()
    return failure("expected \(wanted), not \(nextWords)", at: position)
  }

  /// What stands at the reading position, for messages.
  private var nextWords: String {
    guard position < bytes.count else { return "the end of the text" }
    if bytes[position] < 0x20 { return "a control character" }
    var end = position + 1
    if bytes[position].isWordByte || bytes[position] == UInt8(ascii: "%") {
      while end < bytes.count, bytes[end].isWordByte, end - position < 40 { end += 1 }
    } else {
      while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    }
    return "'" + text(position..<end) + "'"
  }
}

// MARK: - Blanks and punctuation

extension TextCursor {
  /// Whether only blanks and comments are left.
  var isAtEnd: Bool {
    mutating get {
      skipBlanks()
      return position >= bytes.count
    }
  }

  /// Moves to the next byte that is neither blank nor in a comment.
  mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        position += 1
      case UInt8(ascii: "/")
      where position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "/"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default:
        return
      }
    }
  }

  /// Whether the next byte is `symbol`, without reading it.
  mutating func isNext(_ symbol: Unicode.Scalar) -> Bool {
    skipBlanks()
    return position < bytes.count && bytes[position] == UInt8(ascii: symbol)
  }

  /// Reads `symbol` if it is next.
  mutating func accept(_ symbol: Unicode.Scalar) -> Bool {
    guard isNext(symbol) else { return false }
    position += 1
    return true
  }

  /// Reads `symbol`.
  mutating func expect(_ symbol: Unicode.Scalar) throws {
    guard accept(symbol) else { throw expected("'\(symbol)'") }
  }

  /// Reads two symbols that stand together if they are next.
  mutating func accept(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
    guard isNext(first), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: second)
    else { return false }
    position += 2
    return true
  }

  /// Reads `->`.
  mutating func expectArrow() throws {
    guard accept("-", ">") else { throw expected("'->'") }
  }

  /// Reads a list of items between two symbols, separated by commas.
  mutating func list(
    from open: Unicode.Scalar, to close: Unicode.Scalar, _ item: (inout TextCursor) throws -> Void
  ) throws {
    try expect(open)
    if accept(close) { return }
    repeat { try item(&self) } while accept(",")
    try expect(close)
  }
}

// MARK: - Words and numbers

extension TextCursor {
  /// The extent of the word at the reading position, nil where there is none.
  private mutating func wordRange() -> Range<Int>? {
    skipBlanks()
    guard position < bytes.count, bytes[position].isWordStart else { return nil }
    var end = position + 1
    while end < bytes.count, bytes[end].isWordByte { end += 1 }
    return position..<end
  }

  /// Reads a word such as `stablehlo.add` if one is next.
  mutating func acceptWord() -> String? {
    guard let range = wordRange() else { return nil }
    position = range.upperBound
    return text(range)
  }

  /// Reads a word, called `what` in messages.
  mutating func expectWord(_ what: String) throws -> String {
    guard let word = acceptWord() else { throw expected(what) }
    return word
  }

  /// Whether exactly this word is next, without reading it.
  mutating func isNext(word: String) -> Bool {
    guard let range = wordRange() else { return false }
    return bytes[range].elementsEqual(word.utf8)
  }

  /// Reads exactly this word if it is next.
  mutating func accept(word: String) -> Bool {
    guard isNext(word: word) else { return false }
    position += word.utf8.count
    return true
  }

  /// Reads exactly this word.
  mutating func expect(word: String) throws {
    guard accept(word: word) else { throw expected("'\(word)'") }
  }

  /// Reads a decimal integer that fits an `Int`.
  mutating func integer() throws -> Int {
    skipBlanks()
    let start = position
    let isNegative = accept("-")
    guard position < bytes.count, bytes[position].isDigit else {
      position = start
      throw expected("an integer")
    }
    var value = 0
    while position < bytes.count, bytes[position].isDigit {
      let digit = Int(bytes[position] - UInt8(ascii: "0"))
      let (scaled, overflow1) = value.multipliedReportingOverflow(by: 10)
      let (next, overflow2) =
        isNegative
        ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
      guard !overflow1, !overflow2 else {
        throw failure("the integer does not fit 64 bits", at: start)
      }
      value = next
      position += 1
    }
    return value
  }

  /// Reads integers between brackets.
  mutating func integers() throws -> [Int] {
    var values = [Int]()
    try list(from: "[", to: "]") { values.append(try $0.integer()) }
    return values
  }

  /// Reads a string in double quotes and resolves its escapes.
  mutating func string() throws -> String {
    skipBlanks()
    let start = position
    try expect("\"")
    var content = [UInt8]()
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      guard bytes[position] != UInt8(ascii: "\n") else { break }
      if bytes[position] == UInt8(ascii: "\\") {
        content.append(try escape())
      } else {
        content.append(bytes[position])
        position += 1
      }
    }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw failure("the string does not end on its line", at: start)
    }
    position += 1
    return String(decoding: content, as: UTF8.self)
  }

  /// Reads a backslash and what it stands for: `n`, `t`, `"`, `\` or two hexadecimal digits.
  private mutating func escape() throws -> UInt8 {
    let start = position
    position += 1
    guard position < bytes.count else { throw failure("the string does not end", at: start) }
    let next = bytes[position]
    position += 1
    switch next {
    case UInt8(ascii: "n"): return UInt8(ascii: "\n")
    case UInt8(ascii: "t"): return UInt8(ascii: "\t")
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return next
    default:
      guard let high = next.hexDigit, position < bytes.count,
        let low = bytes[position].hexDigit
      else { throw failure("unknown escape in a string", at: start) }
      position += 1
      return high << 4 | low
    }
  }
}

// MARK: - Text that only has to survive

extension TextCursor {
  /// Skips from an opening bracket to the one that closes it; strings inside may hold any bracket.
  mutating func skipBracketed() throws {
    skipBlanks()
    let start = position
    var closers = [UInt8]()
    repeat {
      skipBlanks()
      guard position < bytes.count else { throw failure("the bracket is not closed", at: start) }
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "("): closers.append(UInt8(ascii: ")"))
      case UInt8(ascii: "["): closers.append(UInt8(ascii: "]"))
      case UInt8(ascii: "{"): closers.append(UInt8(ascii: "}"))
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        guard closers.popLast() == byte else { throw expected("another bracket") }
      case UInt8(ascii: "\""):
        _ = try string()
        continue
      default: break
      }
      position += 1
    } while !closers.isEmpty
  }

  /// Skips from `<` to the `>` that closes it; those of `->` and `>=` close nothing.
  mutating func skipAngles() throws {
    guard isNext("<") else { throw expected("'<'") }
    let start = position
    var angles = 0
    repeat {
      skipBlanks()
      guard position < bytes.count else { throw failure("the bracket is not closed", at: start) }
      switch bytes[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("):
        try skipBracketed()
        continue
      case UInt8(ascii: "\""):
        _ = try string()
        continue
      case UInt8(ascii: "<"): angles += isBeforeEqual ? 0 : 1
      case UInt8(ascii: ">"):
        angles -= bytes[position - 1] == UInt8(ascii: "-") || isBeforeEqual ? 0 : 1
      default: break
      }
      position += 1
    } while angles > 0
  }

  /// Whether `=` follows the byte that is next.
  private var isBeforeEqual: Bool {
    position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "=")
  }

  /// Reads a dictionary in braces as it is written.
  mutating func rawDictionary() throws -> String {
    guard isNext("{") else { throw expected("'{'") }
    let start = position
    try skipBracketed()
    return text(start..<position)
  }

  /// Skips an attribute's value, up to the comma or bracket that ends it.
  mutating func skipAttributeValue() throws {
    var angles = 0
    while !isAtEnd {
      switch bytes[position] {
      case UInt8(ascii: ","):
        if angles == 0 { return }
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"): return
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("): try skipBracketed()
      case UInt8(ascii: "\""): _ = try string()
      case UInt8(ascii: "-"):
        position += position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: ">") ? 2 : 1
      case UInt8(ascii: "<"):
        angles += 1
        position += 1
      case UInt8(ascii: ">"):
        angles -= 1
        position += 1
      default: position += 1
      }
    }
  }

  /// Skips `loc(…)` if it is next.
  mutating func skipLocation() throws {
    let start = position
    guard accept(word: "loc") else { return }
    guard isNext("(") else {
      position = start
      return
    }
    try skipBracketed()
  }
}

extension UInt8 {
  /// Whether the byte is an ASCII digit.
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  /// Whether the byte may start a word: an ASCII letter or `_`.
  var isWordStart: Bool {
    let lowered = self | 0x20
    return lowered >= UInt8(ascii: "a") && lowered <= UInt8(ascii: "z") || self == UInt8(ascii: "_")
  }

  /// Whether the byte may stand inside a word: a letter, digit, `_`, `.` or `$`.
  var isWordByte: Bool {
    isWordStart || isDigit || self == UInt8(ascii: ".") || self == UInt8(ascii: "$")
  }

  /// The value of a hexadecimal digit.
  var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
