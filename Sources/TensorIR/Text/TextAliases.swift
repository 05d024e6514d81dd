// Names for types and attributes, `!t = tensor<2xf32>` and `#a = [1, 2]`, and constants whose bytes stand
// behind the module.

/// What names of a text stand for, by where it is written.
struct TextAliases {
  /// Where each type starts, by name without `!`.
  var types: [String: Int] = [:]
  /// Where each attribute starts, by name without `#`.
  var attributes: [String: Int] = [:]
  /// Where the bytes of resources stand, by name; nil until one is asked for.
  var resources: [String: Range<Int>]?
  /// How many bytes of text uses of names have read so far.
  fileprivate var byteCount = 0

  /// The most bytes of text that uses of names may read, which bounds names made of names.
  fileprivate static let maximumByteCount = 1 << 28
}

extension TextCursor {
  /// Reads `#name = value` or `!name = type`.
  mutating func definition() throws {
    let start = position
    let isType = accept("!")
    if !isType { try expect("#") }
    let name = try expectWord("a name")
    try expect("=")
    guard !isAtEnd else { throw expected("what \(name) stands for") }
    let isNew =
      isType
      ? aliases.types.updateValue(position, forKey: name) == nil
      : aliases.attributes.updateValue(position, forKey: name) == nil
    guard isNew else { throw failure("\(name) is defined twice", at: start) }
    try skipLine()
  }

  /// Skips to the end of the line, or of the line on which the last bracket is closed.
  private mutating func skipLine() throws {
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      switch bytes[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("): try skipBracketed()
      case UInt8(ascii: "<"): try skipAngles()
      case UInt8(ascii: "\""): _ = try string()
      case UInt8(ascii: "/"):
        let start = position
        skipBlanks()
        if position == start { position += 1 } else { return }
      default: position += 1
      }
    }
  }

  /// Moves from `!name` to the type that it stands for, and gives where the reader has to return to.
  mutating func jumpToType() throws -> Int {
    let start = position
    try expect("!")
    let name = try expectWord("a type's name")
    return try jump(to: aliases.types[name], named: "type !\(name)", from: start)
  }

  /// Moves to the attribute that a name stands for, and gives where the reader has to return to; nil of a
  /// name that is not defined.
  mutating func jumpToAttribute(_ name: String, from start: Int) throws -> Int? {
    guard let place = aliases.attributes[name] else { return nil }
    return try jump(to: place, named: "attribute #\(name)", from: start)
  }

  /// Moves to a definition, which must stand before its use.
  private mutating func jump(to place: Int?, named name: String, from start: Int) throws -> Int {
    guard let place, place < start else {
      throw failure("\(name) is not supported here", at: start, kind: .unsupported)
    }
    var end = self
    end.position = place
    try end.skipLine()
    aliases.byteCount += end.position - place + 1
    guard aliases.byteCount <= TextAliases.maximumByteCount else {
      throw failure("names stand for too much text", at: start, kind: .unsupported)
    }
    defer { position = place }
    return position
  }

  // MARK: Resources

  /// Skips `{-# … #-}` behind the module.
  mutating func skipResources() throws {
    guard isNext("{"), position + 2 < bytes.count, bytes[position + 1] == UInt8(ascii: "-"),
      bytes[position + 2] == UInt8(ascii: "#")
    else { return }
    let start = position
    position += 3
    while !isAtEnd {
      if bytes[position] == UInt8(ascii: "\"") {
        _ = try string()
      } else if accept("#", "-"), accept("}") {
        return
      } else {
        position += 1
      }
    }
    throw failure("the bracket is not closed", at: start)
  }

  /// Reads `<name> : tensor<…>`, after the word `dense_resource`.
  mutating func resourceLiteral() throws -> Literal {
    try expect("<")
    skipBlanks()
    let start = position
    let name = isNext("\"") ? try string() : try expectWord("a resource's name")
    try expect(">")
    try expect(":")
    let type = try tensorType()
    if aliases.resources == nil { aliases.resources = try findResources() }
    guard let digits = aliases.resources?[name] else {
      throw failure("there is no resource \(name)", at: start)
    }
    // The first four bytes say how the others are aligned.
    guard digits.count >= 8 else {
      throw failure("resource \(name) has no bytes of an alignment", at: digits.lowerBound)
    }
    guard (digits.count - 8) / 2 == type.byteCount,
      type.byteCount <= Literal.maximumByteCount
    else {
      throw failure(
        "resource \(name) has \((digits.count - 8) / 2) bytes, but \(type) has \(type.byteCount)",
        at: start, kind: .type)
    }
    return try literal(ofBytes: (digits.lowerBound + 8)..<digits.upperBound, type, at: start)
  }

  /// Where the digits of each resource stand: `{-# dialect_resources: {builtin: {name: "0x…"}} #-}`.
  private func findResources() throws -> [String: Range<Int>] {
    var found: [String: Range<Int>] = [:]
    let mark = Array("{-#".utf8)
    guard
      let start = bytes.indices.dropLast(2).last(where: {
        bytes[$0] == mark[0] && bytes[$0 + 1] == mark[1] && bytes[$0 + 2] == mark[2]
      })
    else { return found }
    var reader = self
    reader.position = start + 3
    while !reader.isAtEnd, !reader.isNext("#") {
      let isBuiltin = try reader.expectWord("a section") == "dialect_resources"
      try reader.expect(":")
      guard isBuiltin else {
        try reader.skipBracketed()
        _ = reader.accept(",")
        continue
      }
      try reader.list(from: "{", to: "}") { cursor in
        _ = try cursor.expectWord("a dialect's name")
        try cursor.expect(":")
        try cursor.list(from: "{", to: "}") { cursor in
          let name =
            cursor.isNext("\"") ? try cursor.string() : try cursor.expectWord("a resource's name")
          try cursor.expect(":")
          guard cursor.isNext("\"") else { throw cursor.expected("a string of bytes") }
          found[name] = try cursor.hexadecimalString()
        }
      }
      _ = reader.accept(",")
    }
    return found
  }
}
