// Reading and writing `dense<…> : tensor<…>`.

extension Literal {
  /// The most bytes a constant's elements may take once written out.
  static let maximumByteCount = 1 << 30

  /// The most elements written as a list; longer lists are one string of hexadecimal bytes.
  private static let maximumListCount = 100

  /// The spelling in StableHLO text without the type: `dense<…>`.
  var textForm: String {
    if type.count == 0 { return "dense<>" }
    let width = type.element.byteCount
    if isSplat { return "dense<\(Literal.text(of: bytes[0..<width], type.element))>" }
    if type.count > Literal.maximumListCount { return "dense<\"0x\(hexadecimal)\">" }
    var text = "dense<"
    var offset = 0
    writeList(axis: 0, offset: &offset, to: &text)
    return text + ">"
  }

  /// Writes the elements from `offset` on that share all indices before `axis`.
  private func writeList(axis: Int, offset: inout Int, to text: inout String) {
    guard axis < type.rank else {
      let end = offset + type.element.byteCount
      text += Literal.text(of: bytes[offset..<end], type.element)
      offset = end
      return
    }
    text += "["
    for index in 0..<type.shape[axis] {
      if index > 0 { text += ", " }
      writeList(axis: axis + 1, offset: &offset, to: &text)
    }
    text += "]"
  }

  /// The spelling of one element.
  private static func text(of bytes: ArraySlice<UInt8>, _ element: ElementType) -> String {
    var bits: UInt64 = 0
    for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
    switch element.kind {
    case .float:
      guard let format = element.floatFormat else { return "" }
      return element == .f32
        ? Float(bitPattern: UInt32(truncatingIfNeeded: bits)).textForm
        : element == .f64
          ? Double(bitPattern: bits).textForm : format.textForm(of: bits)
    case .signed: return String(element.wrapped(Int64(bitPattern: bits)))
    case .unsigned: return String(bits)
    case .boolean: return bits == 0 ? "false" : "true"
    case .complex:
      let (part, middle) = (element.partType, bytes.startIndex + element.byteCount / 2)
      return "(\(text(of: bytes[..<middle], part)),\(text(of: bytes[middle...], part)))"
    }
  }

  /// All bytes in hexadecimal.
  private var hexadecimal: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text = [UInt8]()
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The inside of `dense<…>` before its type is known.
private struct DenseText {
  /// The lengths of the nested lists, outermost first; nil where there is no list.
  var shape: [Int]?
  /// The extent of each element's spelling, in text order.
  var elements: [Range<Int>] = []
  /// The extent of the digits of a hexadecimal string.
  var blob: Range<Int>?
}

extension TextCursor {
  /// Reads `<…> : tensor<…>`, after the word `dense`.
  mutating func denseLiteral() throws -> Literal {
    skipBlanks()
    let start = position
    try expect("<")
    var dense = DenseText()
    if isNext("\"") {
      dense.blob = try hexadecimalString()
    } else if isNext("[") {
      dense.shape = try denseList(&dense, depth: 0)
    } else if !isNext(">") {
      dense.elements = [try denseElement()]
    }
    try expect(">")
    try expect(":")
    let type = try tensorType()
    guard type.byteCount <= Literal.maximumByteCount else {
      throw failure(
        "a constant of \(type) takes more than \(Literal.maximumByteCount) bytes", at: start,
        kind: .unsupported)
    }
    return try literal(of: dense, type, at: start)
  }

  /// Reads a nested list and gives its shape.
  private mutating func denseList(_ dense: inout DenseText, depth: Int) throws -> [Int] {
    guard depth < TextCursor.maximumRank else {
      throw failure("the constant's lists nest too deeply", at: position)
    }
    var count = 0
    var inner: [Int]?
    try expect("[")
    if accept("]") { return [0] }
    repeat {
      skipBlanks()
      let start = position
      let shape: [Int]
      if isNext("[") {
        shape = try denseList(&dense, depth: depth + 1)
      } else {
        dense.elements.append(try denseElement())
        shape = []
      }
      guard inner == nil || inner == shape else {
        throw failure("the constant's lists differ in length", at: start)
      }
      inner = shape
      count += 1
    } while accept(",")
    try expect("]")
    return [count] + (inner ?? [])
  }

  /// Reads the extent of one number or boolean, or of the two parts of a complex number with the
  /// parentheses around them.
  private mutating func denseElement() throws -> Range<Int> {
    skipBlanks()
    let start = position
    if accept("(") {
      _ = try denseNumber()
      try expect(",")
      _ = try denseNumber()
      try expect(")")
      return start..<position
    }
    return try denseNumber()
  }

  /// Reads the extent of one number or boolean.
  private mutating func denseNumber() throws -> Range<Int> {
    skipBlanks()
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let first = position
    while position < bytes.count {
      let byte = bytes[position]
      let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      let isExponentSign = isSign && position > first && bytes[position - 1] | 0x20 == 0x65
      guard byte.isWordByte || isExponentSign else { break }
      position += 1
    }
    guard position > first else {
      position = start
      throw expected("an element")
    }
    return start..<position
  }

  /// Reads `"0x…"` and gives the extent of its digits.
  mutating func hexadecimalString() throws -> Range<Int> {
    let start = position
    position += 1
    let digits = position + 2
    while position < bytes.count, bytes[position].isWordByte { position += 1 }
    let isHexadecimal =
      position >= digits && bytes[digits - 2] == UInt8(ascii: "0")
      && bytes[digits - 1] == UInt8(ascii: "x") && (position - digits) % 2 == 0
      && bytes[digits..<position].allSatisfy { $0.hexDigit != nil }
    guard isHexadecimal, position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw failure("expected \"0x\" and pairs of hexadecimal digits", at: start)
    }
    position += 1
    return digits..<(position - 1)
  }

  /// The constant of a type whose elements are spelled by `dense`.
  private func literal(
    of dense: DenseText, _ type: TensorType, at start: Int
  ) throws -> Literal {
    if let blob = dense.blob { return try literal(ofBytes: blob, type, at: start) }
    if let shape = dense.shape {
      let agrees =
        shape == type.shape
        || type.count == 0 && dense.elements.isEmpty && type.shape.starts(with: shape)
      guard agrees else {
        throw failure(
          "the constant's shape is \(shape), not that of \(type)", at: start, kind: .type)
      }
      var bytes = [UInt8]()
      bytes.reserveCapacity(type.byteCount)
      for element in dense.elements { bytes += try elementBytes(element, type.element) }
      return Literal(type, bytes: bytes)
    }
    guard let element = dense.elements.first else {
      guard type.count == 0 else {
        throw failure("the constant has no elements, but \(type) has", at: start, kind: .type)
      }
      return Literal(type, bytes: [])
    }
    return Literal(type, splat: try elementBytes(element, type.element))
  }

  /// The constant whose bytes, or whose one element's bytes, are spelled by hexadecimal digits; booleans may
  /// be bits, the first one the lowest of the first byte.
  func literal(
    ofBytes digits: Range<Int>, _ type: TensorType, at start: Int
  ) throws -> Literal {
    let count = digits.count / 2
    let width = type.element.byteCount
    if type.element == .i1, let packed = packedBooleans(digits, type) { return packed }
    guard count == type.byteCount || count == width else {
      throw failure(
        "the constant has \(count) bytes, but \(type) has \(type.byteCount)", at: start,
        kind: .type)
    }
    var content = [UInt8]()
    content.reserveCapacity(count)
    for offset in stride(from: digits.lowerBound, to: digits.upperBound, by: 2) {
      content.append((bytes[offset].hexDigit ?? 0) << 4 | (bytes[offset + 1].hexDigit ?? 0))
    }
    guard type.element != .i1 || content.allSatisfy({ $0 <= 1 }) else {
      throw failure("a boolean's byte must be 00 or 01", at: start)
    }
    if type.element.width == 4 {
      content = content.map { UInt8(truncatingIfNeeded: type.element.wrapped(Int64($0))) }
    }
    return count == type.byteCount
      ? Literal(type, bytes: content) : Literal(type, splat: content)
  }

  /// The booleans that bits spell; nil where there is a byte for each, or the byte of one that stands for
  /// all.
  private func packedBooleans(_ digits: Range<Int>, _ type: TensorType) -> Literal? {
    let count = digits.count / 2
    let content = stride(from: digits.lowerBound, to: digits.upperBound, by: 2).map {
      (bytes[$0].hexDigit ?? 0) << 4 | (bytes[$0 + 1].hexDigit ?? 0)
    }
    if count == 1, content[0] == 0xFF { return Literal(type, splat: [1]) }
    // One byte may be eight bits or stand for all, by the version of MLIR.
    guard count > 1, count < type.count, count == (type.count + 7) / 8 else { return nil }
    return Literal(type, bytes: (0..<type.count).map { content[$0 / 8] >> ($0 % 8) & 1 })
  }

  /// The bytes of one element.
  private func elementBytes(_ range: Range<Int>, _ element: ElementType) throws -> [UInt8] {
    let word = text(range)
    if element.isComplex { return try complexBytes(range, element) }
    if element.isFloat { return try floatBytes(word, element, at: range.lowerBound) }
    if word == "true" || word == "false" {
      guard element == .i1 else {
        throw failure("\(word) is not an \(element.rawValue)", at: range.lowerBound, kind: .type)
      }
      return [word == "true" ? 1 : 0]
    }
    guard let bits = integerBits(word, width: element.width),
      element.kind != .unsigned || !word.hasPrefix("-")
    else {
      throw failure("\(word) is not an \(element.rawValue)", at: range.lowerBound)
    }
    return Literal.bytes(of: Int64(bitPattern: bits), as: element)
  }

  /// The bytes of a complex number: two floats between parentheses, or one that is real.
  private func complexBytes(_ range: Range<Int>, _ element: ElementType) throws -> [UInt8] {
    let part = element.partType
    guard bytes[range.lowerBound] == UInt8(ascii: "(") else {
      throw failure("\(text(range)) is not two parts such as (1.0,2.0)", at: range.lowerBound)
    }
    let inside = (range.lowerBound + 1)..<(range.upperBound - 1)
    guard let comma = bytes[inside].firstIndex(of: UInt8(ascii: ",")) else {
      throw failure("\(text(range)) is not two parts such as (1.0,2.0)", at: range.lowerBound)
    }
    return try [inside.lowerBound..<comma, (comma + 1)..<inside.upperBound].flatMap { place in
      let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
      }
      let first = bytes[place].firstIndex { !isBlank($0) } ?? place.lowerBound
      let last = bytes[place].lastIndex { !isBlank($0) } ?? place.lowerBound
      return try floatBytes(text(first..<(last + 1)), part, at: first)
    }
  }

  /// The two's-complement bits of a decimal or hexadecimal integer, nil where they exceed `width`.
  private func integerBits(_ word: String, width: Int) -> UInt64? {
    let isNegative = word.hasPrefix("-")
    let digits = word.utf8.dropFirst(isNegative ? 1 : 0)
    let isHexadecimal = digits.starts(with: "0x".utf8)
    let body = isHexadecimal ? digits.dropFirst(2) : digits
    guard body.first?.hexDigit != nil,
      let magnitude = UInt64(String(body) ?? "", radix: isHexadecimal ? 16 : 10)
    else { return nil }
    let limit: UInt64 = width == 64 ? .max : 1 << UInt64(width) - 1
    guard isNegative else { return magnitude <= limit ? magnitude : nil }
    guard magnitude <= 1 << UInt64(width - 1) else { return nil }
    return (0 &- magnitude) & limit
  }

  /// The bytes of a float: a decimal with a point, or the bits in hexadecimal.
  private func floatBytes(
    _ word: String, _ element: ElementType, at offset: Int
  ) throws -> [UInt8] {
    if word.hasPrefix("0x") {
      guard let bits = integerBits(word, width: element.byteCount * 8) else {
        throw failure("\(word) has more bits than \(element.rawValue)", at: offset)
      }
      return withUnsafeBytes(of: bits.littleEndian) { Array($0.prefix(element.byteCount)) }
    }
    guard word.isDecimalFloat else {
      throw failure("\(word) is not a float such as 1.0", at: offset)
    }
    let value = element == .f32 ? Float(word).map(Double.init) : Double(word)
    guard let value, element.rounded(value).isFinite else {
      throw failure("\(word) does not fit \(element.rawValue)", at: offset)
    }
    return Literal.bytes(of: value, as: element)
  }
}

extension String {
  /// Whether the text is digits, a point, digits, and perhaps an exponent, as MLIR wants floats.
  fileprivate var isDecimalFloat: Bool {
    var rest = utf8.drop { $0 == UInt8(ascii: "-") }
    func skipDigits() -> Int {
      let count = rest.prefix { $0.isDigit }.count
      rest = rest.dropFirst(count)
      return count
    }
    guard utf8.count - rest.count <= 1, skipDigits() > 0, rest.first == UInt8(ascii: ".") else {
      return false
    }
    rest = rest.dropFirst()
    _ = skipDigits()
    guard let exponent = rest.first else { return true }
    guard exponent | 0x20 == UInt8(ascii: "e") else { return false }
    rest = rest.dropFirst()
    if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
      rest = rest.dropFirst()
    }
    return skipDigits() > 0 && rest.isEmpty
  }
}
