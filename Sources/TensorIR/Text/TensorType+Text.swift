/// A list of types with the offset each was written at.
struct WrittenTypes {
  /// The types, in text order.
  var types: [TensorType] = []
  /// Where each type starts.
  var positions: [Int] = []
  /// What each written type is made of; empty where each is a tensor's.
  var trees: [TypeTree] = []

  /// How many types are written, of tuples only the outermost.
  var count: Int { trees.isEmpty ? types.count : trees.count }

  /// Where the tensors of one written type stand among all.
  func range(_ index: Int) -> Range<Int>? {
    guard trees.isEmpty else { return trees.range(index) }
    return types.indices.contains(index) ? index..<(index + 1) : nil
  }

  /// Adds one more type.
  mutating func append(_ type: TensorType, at position: Int) {
    types.append(type)
    positions.append(position)
    if !trees.isEmpty { trees.append(.tensor) }
  }
}

extension TextCursor {
  /// The most axes a type may have.
  static let maximumRank = 64

  /// Reads a type such as `tensor<2x3xf32>`.
  ///
  /// - Throws: `.unsupported` for dynamic extents, other element types and other types; `.type` for
  ///   a tensor whose bytes an `Int` cannot count.
  mutating func tensorType() throws -> TensorType {
    skipBlanks()
    let start = position
    if isNext("!") {
      let end = try jumpToType()
      let type = try tensorType()
      position = end
      return type
    }
    guard accept(word: "tensor") else {
      guard let other = acceptWord() else { throw expected("a tensor type") }
      throw failure("type \(other) is not supported here", at: start, kind: .unsupported)
    }
    try expect("<")
    var shape = [Int]()
    while let extent = try self.extent() { shape.append(extent) }
    let element = try elementType()
    guard !isNext(",") else {
      throw failure("tensor encodings are not supported", at: position, kind: .unsupported)
    }
    try expect(">")
    guard shape.count <= TextCursor.maximumRank else {
      throw failure(
        "a tensor has at most \(TextCursor.maximumRank) axes", at: start, kind: .unsupported)
    }
    let type = TensorType(shape, element)
    guard (shape.map { max($0, 1) } + [element.byteCount]).checkedCount != nil else {
      throw failure("\(type) is too large", at: start, kind: .type)
    }
    return type
  }

  /// Reads an extent with the `x` behind it; nil where the element type is next.
  private mutating func extent() throws -> Int? {
    skipBlanks()
    guard !isNext("?") else {
      throw failure("dynamic extents are not supported", at: position, kind: .unsupported)
    }
    guard position < bytes.count, bytes[position].isDigit || isNext("-") else { return nil }
    let start = position
    let extent = try integer()
    guard extent >= 0 else { throw failure("the extent \(extent) is negative", at: start) }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "x") else {
      throw expected("'x'")
    }
    position += 1
    return extent
  }

  /// Reads an element type.
  private mutating func elementType() throws -> ElementType {
    skipBlanks()
    let start = position
    var word = try expectWord("an element type")
    if word == "complex" {
      try expect("<")
      let part = try expectWord("the type of real and imaginary parts")
      try expect(">")
      word = "complex<\(part)>"
    }
    guard let element = ElementType(rawValue: word) else {
      throw failure("element type \(word) is not supported", at: start, kind: .unsupported)
    }
    return element
  }

  /// Reads types between parentheses.
  mutating func typeList() throws -> WrittenTypes {
    var written = WrittenTypes()
    try list(from: "(", to: ")") { try $0.appendType(to: &written) }
    return written
  }

  /// Reads one type, or several between parentheses.
  mutating func resultTypes() throws -> WrittenTypes {
    if isNext("(") { return try typeList() }
    var written = WrittenTypes()
    try appendType(to: &written)
    return written
  }
}
