/// The value of an attribute in an operation's dictionary, as far as any op here needs it.
indirect enum TextAttribute {
  /// `0 : i64`.
  case integer(Int)
  /// `0.5 : f32`.
  case float(Double)
  /// `true` or `false`.
  case boolean(Bool)
  /// `"text"`.
  case string(String)
  /// `@name`.
  case symbol(String)
  /// A bare word, or the word in `#stablehlo<comparison_direction LT>`.
  case word(String)
  /// `array<i64: 0, 1>`.
  case integers([Int])
  /// `[…]`.
  case list([TextAttribute])
  /// `#stablehlo.dot<key = value, …>`.
  case fields(AttributeDictionary)
  /// `dense<…> : tensor<…>`.
  case literal(Literal)
  /// `#stablehlo.conv<[b, 0, f]x[0, i, o]->[b, 0, f]>`.
  case convolution(ConvolutionNumbers)
  /// Anything else, such as a type or an affine map, which is skipped.
  case opaque

  /// The integers of an array, a list or a dense constant.
  var integerList: [Int]? {
    switch self {
    case .integers(let values): return values
    case .list(let items):
      let values = items.compactMap { item -> Int? in
        if case .integer(let value) = item { value } else { nil }
      }
      return values.count == items.count ? values : nil
    case .literal(let literal):
      let isShort = literal.type.element.isInteger && literal.type.count <= 4096
      return isShort ? literal.integers.map { Int($0) } : nil
    case .integer, .float, .boolean, .string, .symbol, .word, .fields, .convolution, .opaque:
      return nil
    }
  }

  /// The booleans of a list, which older text writes as 0 and 1 or as a dense constant.
  var booleanList: [Bool]? {
    if case .literal(let literal) = self, literal.type.element == .i1, literal.type.count <= 4096 {
      return literal.integers.map { $0 != 0 }
    }
    guard case .list(let items) = self else {
      return integerList.flatMap { $0.allSatisfy((0...1).contains) ? $0.map { $0 == 1 } : nil }
    }
    let values = items.compactMap { item -> Bool? in
      switch item {
      case .boolean(let value): value
      case .integer(0): false
      case .integer(1): true
      default: nil
      }
    }
    return values.count == items.count ? values : nil
  }

  /// The pairs of integers of a list of lists or of a dense constant.
  var pairList: [[Int]]? {
    if case .list(let items) = self {
      let pairs = items.compactMap { item in item.integerList.flatMap { $0.count == 2 ? $0 : nil } }
      return pairs.count == items.count ? pairs : nil
    }
    guard let values = integerList, values.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: values.count, by: 2).map { Array(values[$0..<($0 + 2)]) }
  }
}

/// Named attributes in text order; reading one takes it out, so what is left is unknown.
struct AttributeDictionary {
  /// One attribute with its place.
  struct Entry {
    /// The name before `=`.
    let name: String
    /// What stands behind `=`.
    let value: TextAttribute
    /// Where the name is written.
    let location: SourceLocation
  }

  /// The mnemonic whose attributes may have a dialect's prefix and yet mean something.
  static let customCall = "stablehlo.custom_call"
  /// Such attributes.
  static let kept: Set = ["mhlo.backend_config", "mhlo.attributes", "adjoint.foreign"]
  /// Attributes of memory, on which results do not depend.
  static let layouts: Set = ["operand_layouts", "result_layouts", "output_operand_aliases"]
  /// Notes of XLA's exporter beside any operation, which mean nothing here.
  static let notes: Set = ["xla_shape"]

  /// The most attributes there may be; no op has nearly as many.
  private static let maximumCount = 64

  /// Whose attributes these are, for messages.
  var owner: String
  /// Where the owner is written.
  var location: SourceLocation
  /// The attributes not yet taken.
  private(set) var entries: [Entry] = []

  /// An empty dictionary.
  init(of owner: String, at location: SourceLocation) {
    self.owner = owner
    self.location = location
  }

  /// Adds an attribute.
  ///
  /// - Throws: `AdjointError` where the name is there already or there are too many attributes.
  mutating func add(
    _ name: String, _ value: TextAttribute, at location: SourceLocation? = nil
  ) throws {
    let place = location ?? self.location
    guard !entries.contains(where: { $0.name == name }) else {
      throw AdjointError(.syntax, "\(owner) has the attribute \(name) twice", at: place)
    }
    guard entries.count < AttributeDictionary.maximumCount else {
      throw AdjointError(.unsupported, "\(owner) has too many attributes", at: place)
    }
    entries.append(Entry(name: name, value: value, location: place))
  }

  /// Takes an attribute out, nil where there is none.
  mutating func take(_ name: String) -> Entry? {
    guard let index = entries.firstIndex(where: { $0.name == name }) else { return nil }
    return entries.remove(at: index)
  }

  /// Takes an attribute out and reads it with `content`.
  private mutating func require<Content>(
    _ name: String, _ what: String, _ content: (TextAttribute) -> Content?
  ) throws -> Content {
    guard let entry = take(name) else {
      throw AdjointError(.syntax, "\(owner) needs the attribute \(name)", at: location)
    }
    guard let value = content(entry.value) else {
      throw AdjointError(.syntax, "\(name) of \(owner) must be \(what)", at: entry.location)
    }
    return value
  }

  /// Takes out a list of integers.
  mutating func integers(_ name: String) throws -> [Int] {
    try require(name, "a list of integers") { $0.integerList }
  }

  /// Takes out a list of integers, empty where it is not written.
  mutating func optionalIntegers(_ name: String) throws -> [Int] {
    entries.contains { $0.name == name } ? try integers(name) : []
  }

  /// Takes out a list of booleans, nil where it is not written.
  mutating func optionalBooleans(_ name: String) throws -> [Bool]? {
    guard entries.contains(where: { $0.name == name }) else { return nil }
    return try require(name, "a list of booleans") { $0.booleanList }
  }

  /// Takes out a list of pairs of integers, nil where it is not written.
  mutating func optionalPairs(_ name: String) throws -> [[Int]]? {
    guard entries.contains(where: { $0.name == name }) else { return nil }
    return try require(name, "a list of pairs of integers") { $0.pairList }
  }

  /// Takes out an integer.
  mutating func integer(_ name: String) throws -> Int {
    try require(name, "an integer") { if case .integer(let value) = $0 { value } else { nil } }
  }

  /// Takes out a float.
  mutating func float(_ name: String) throws -> Double {
    try require(name, "a float") { if case .float(let value) = $0 { value } else { nil } }
  }

  /// Takes out an integer, zero where it is not written.
  mutating func optionalInteger(_ name: String) throws -> Int {
    entries.contains { $0.name == name } ? try integer(name) : 0
  }

  /// Takes out a boolean, false where it is not written.
  mutating func optionalBoolean(_ name: String) throws -> Bool {
    guard entries.contains(where: { $0.name == name }) else { return false }
    return try require(name, "true or false") {
      if case .boolean(let value) = $0 { value } else { nil }
    }
  }

  /// Takes out a word.
  mutating func word(_ name: String) throws -> String {
    try require(name, "a word") { if case .word(let value) = $0 { value } else { nil } }
  }

  /// Takes out a word, nil where it is not written.
  mutating func optionalWord(_ name: String) throws -> String? {
    entries.contains { $0.name == name } ? try word(name) : nil
  }

  /// Takes out a list of words, empty where it is not written.
  mutating func optionalWords(_ name: String) throws -> [String] {
    guard entries.contains(where: { $0.name == name }) else { return [] }
    return try require(name, "a list of words") { attribute in
      guard case .list(let items) = attribute else { return nil }
      let words = items.compactMap { if case .word(let word) = $0 { word } else { nil } }
      return words.count == items.count ? words : nil
    }
  }

  /// Takes out a text.
  mutating func string(_ name: String) throws -> String {
    try require(name, "a text") { if case .string(let value) = $0 { value } else { nil } }
  }

  /// Takes out the name of a function.
  mutating func symbol(_ name: String) throws -> String {
    try require(name, "a symbol") { if case .symbol(let value) = $0 { value } else { nil } }
  }

  /// Takes out a constant.
  mutating func literal(_ name: String) throws -> Literal {
    try require(name, "a dense constant") {
      if case .literal(let value) = $0 { value } else { nil }
    }
  }

  /// Takes out a structure of named fields.
  mutating func fields(_ name: String) throws -> AttributeDictionary {
    try require(name, "a structure of fields") {
      if case .fields(let value) = $0 { value } else { nil }
    }
  }

  /// Fails where an attribute is left that nobody took out.
  func requireEmpty() throws {
    guard let entry = entries.first else { return }
    throw AdjointError(
      .unsupported, "\(owner) has the unknown attribute \(entry.name)", at: entry.location)
  }
}

// MARK: - Reading

extension TextCursor {
  /// The deepest nesting of attribute values, which also bounds recursion.
  private static let maximumDepth = 32

  /// The attribute of an optimization barrier by which values are kept for the backward computation.
  static let savedName = "adjoint.saved"

  /// Reads `{name = value, …}` or the inside of `<{…}>` into `attributes`.
  ///
  /// Attributes with a dialect's prefix, such as `mhlo.sharding`, mean nothing here and are dropped,
  /// except for those that say what a custom call does, of whose memory layouts nothing depends, and
  /// for `adjoint.saved`, the name by which results are kept.
  mutating func attributes(
    into attributes: inout AttributeDictionary, depth: Int = 0
  ) throws {
    try list(from: "{", to: "}") { try $0.attribute(into: &attributes, depth: depth) }
  }

  /// Reads one `name = value`, or a name alone.
  private mutating func attribute(
    into attributes: inout AttributeDictionary, depth: Int
  ) throws {
    skipBlanks()
    let place = location(at: position)
    let name = isNext("\"") ? try string() : try expectWord("an attribute's name")
    let isWritten = accept("=")
    if name == TextCursor.savedName, isWritten {
      guard case .string(let saved) = try attributeValue(depth: depth) else {
        throw AdjointError(.syntax, "\(name) of \(attributes.owner) must be a string", at: place)
      }
      attributes.location.trail.name = saved
      return
    }
    let isCustomCall = attributes.owner == AttributeDictionary.customCall
    let isDropped =
      isCustomCall
      ? AttributeDictionary.layouts.contains(name)
        || name.utf8.contains(UInt8(ascii: ".")) && !AttributeDictionary.kept.contains(name)
      : name.utf8.contains(UInt8(ascii: "."))
    if isDropped || AttributeDictionary.notes.contains(name) {
      if isWritten { try skipAttributeValue() }
    } else {
      let value = isWritten ? try attributeValue(depth: depth) : .boolean(true)
      try attributes.add(name, value, at: place)
    }
  }

  /// Reads the value of an attribute.
  mutating func attributeValue(depth: Int = 0) throws -> TextAttribute {
    skipBlanks()
    guard depth < TextCursor.maximumDepth else {
      throw failure("attributes nest too deeply", at: position)
    }
    guard position < bytes.count else { throw expected("an attribute's value") }
    switch bytes[position] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "@"):
      let symbol = try symbolName()
      var isNested = false
      while accept(":", ":") {
        _ = try symbolName()
        isNested = true
      }
      return isNested ? .opaque : .symbol(symbol)
    case UInt8(ascii: "!"), UInt8(ascii: "("): return try typeAttribute()
    case UInt8(ascii: "#"): return try dialectAttribute(depth: depth)
    case UInt8(ascii: "["):
      var items = [TextAttribute]()
      try list(from: "[", to: "]") { items.append(try $0.attributeValue(depth: depth + 1)) }
      return .list(items)
    case UInt8(ascii: "{"):
      var fields = AttributeDictionary(of: "the dictionary", at: location(at: position))
      try attributes(into: &fields, depth: depth + 1)
      return .fields(fields)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let start = position
      if let bits = hexadecimalBits() {
        guard accept(":") else { return .integer(Int(bitPattern: UInt(bits))) }
        let element = ElementType(rawValue: try expectWord("a type"))
        guard let format = element?.floatFormat else {
          return .integer(Int(bitPattern: UInt(bits)))
        }
        return .float(format.value(of: bits))
      }
      let value = try integer()
      if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
        return .float(try decimal(from: start))
      }
      if accept(":") { _ = try expectWord("an integer type") }
      return .integer(value)
    default: return try wordAttribute()
    }
  }

  /// Reads the rest of a decimal, of which the part before the point is read, and its type.
  private mutating func decimal(from start: Int) throws -> Double {
    let signs: Set<UInt8> = [UInt8(ascii: "+"), UInt8(ascii: "-")]
    let exponents: Set<UInt8> = [UInt8(ascii: "e"), UInt8(ascii: "E")]
    position += 1
    while position < bytes.count,
      bytes[position].isDigit || exponents.contains(bytes[position])
        || signs.contains(bytes[position]) && exponents.contains(bytes[position - 1])
    {
      position += 1
    }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw failure("expected a number", at: start)
    }
    if accept(":") { _ = try expectWord("a float type") }
    return value
  }

  /// Reads an attribute that starts with a word: a boolean, an array, a constant or the word itself.
  private mutating func wordAttribute() throws -> TextAttribute {
    switch try expectWord("an attribute's value") {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "array":
      try expect("<")
      _ = try expectWord("an integer type")
      var values = [Int]()
      if accept(":") {
        repeat { values.append(try arrayElement()) } while accept(",")
      }
      try expect(">")
      return .integers(values)
    case "dense": return .literal(try denseLiteral())
    case "dense_resource": return .literal(try resourceLiteral())
    case "unit": return .boolean(true)
    case "loc":
      try skipBracketed()
      return .opaque
    case let word:
      guard isNext("<") else { return .word(word) }
      try skipAngles()
      // Sparse constants have a type behind them.
      if accept(":") { _ = try typeAttribute() }
      return .opaque
    }
  }

  /// Skips a type that is an attribute's value.
  private mutating func typeAttribute() throws -> TextAttribute {
    if isNext("(") {
      try skipBracketed()
      try expectArrow()
    }
    if isNext("(") {
      try skipBracketed()
    } else {
      _ = accept("!")
      _ = try expectWord("a type")
      if isNext("<") { try skipAngles() }
    }
    return .opaque
  }

  /// Reads `0x…` of at most 64 bits if it is next.
  private mutating func hexadecimalBits() -> UInt64? {
    guard position + 2 < bytes.count, bytes[position] == UInt8(ascii: "0"),
      bytes[position + 1] == UInt8(ascii: "x")
    else { return nil }
    var end = position + 2
    while end < bytes.count, bytes[end].hexDigit != nil { end += 1 }
    guard let bits = UInt64(text((position + 2)..<end), radix: 16) else { return nil }
    position = end
    return bits
  }

  /// Reads an integer, or a boolean as 0 or 1.
  private mutating func arrayElement() throws -> Int {
    if accept(word: "false") { return 0 }
    return accept(word: "true") ? 1 : try integer()
  }

  /// Reads `#stablehlo<kind WORD>`, `#stablehlo.kind<WORD>` or `#stablehlo.kind<field = value, …>`.
  private mutating func dialectAttribute(depth: Int) throws -> TextAttribute {
    let place = location(at: position)
    let beginning = position
    try expect("#")
    let name = try expectWord("an attribute's name")
    if let end = try jumpToAttribute(name, from: beginning) {
      let value = try attributeValue(depth: depth + 1)
      position = end
      return value
    }
    guard accept("<") else { return .word(name) }
    var fields = AttributeDictionary(of: "#" + name, at: place)
    if accept(">") { return .fields(fields) }
    if name == "stablehlo.conv" || name == "mhlo.conv" {
      if accept(word: "raw") {
        try fieldList(into: &fields, depth: depth + 1)
        return .convolution(try ConvolutionNumbers(&fields))
      }
      let numbers = try convolutionNumbers()
      try expect(">")
      return .convolution(numbers)
    }
    let start = position
    let word = try expectWord("a field")
    if isNext("=") {
      position = start
      try fieldList(into: &fields, depth: depth + 1)
      return .fields(fields)
    }
    let value = acceptWord() ?? word
    try expect(">")
    return .word(value)
  }

  /// Reads `<field = value, …>`.
  mutating func fields(
    of owner: String, at place: SourceLocation
  ) throws -> AttributeDictionary {
    var fields = AttributeDictionary(of: owner, at: place)
    try expect("<")
    try fieldList(into: &fields, depth: 1)
    return fields
  }

  /// Reads `field = value, …>`.
  private mutating func fieldList(
    into fields: inout AttributeDictionary, depth: Int
  ) throws {
    repeat { try attribute(into: &fields, depth: depth) } while accept(",")
    try expect(">")
  }

  /// Reads `@name` or `@"name"`.
  mutating func symbolName() throws -> String {
    try expect("@")
    guard position < bytes.count else { throw expected("a symbol's name") }
    if bytes[position] == UInt8(ascii: "\"") { return try string() }
    let start = position
    while position < bytes.count, bytes[position].isWordByte { position += 1 }
    guard position > start else { throw expected("a symbol's name") }
    return text(start..<position)
  }
}
