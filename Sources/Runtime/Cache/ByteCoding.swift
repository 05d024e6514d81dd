/// Writes numbers, texts and bytes one after the other, the lowest byte of a number first.
struct ByteWriter {
  /// What was written so far.
  private(set) var bytes: [UInt8] = []

  /// Writes a number in eight bytes.
  mutating func write(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { bytes += $0 }
  }

  /// Writes bytes and how many they are.
  mutating func write(_ block: some Collection<UInt8>) {
    write(block.count)
    bytes += block
  }

  /// Writes a text in UTF-8.
  mutating func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes a list and how many elements it has.
  mutating func write<Element>(
    _ list: some Collection<Element>, _ element: (inout ByteWriter, Element) -> Void
  ) {
    write(list.count)
    for value in list { element(&self, value) }
  }
}

/// Reads what a `ByteWriter` wrote; nil where bytes are missing or mean nothing.
struct ByteReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// Whether all bytes were read.
  var isAtEnd: Bool { rest.isEmpty }

  /// The next number.
  mutating func number() -> Int? {
    guard rest.count >= 8 else { return nil }
    let value = rest.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
    rest = rest.dropFirst(8)
    return Int(exactly: Int64(littleEndian: value))
  }

  /// The next block of bytes.
  mutating func block() -> ArraySlice<UInt8>? {
    guard let count = number(), count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// The next text.
  mutating func text() -> String? {
    block().flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// The next list.
  mutating func list<Element>(_ element: (inout ByteReader) -> Element?) -> [Element]? {
    guard let count = number(), count >= 0, count <= rest.count else { return nil }
    var list: [Element] = []
    for _ in 0..<count {
      guard let value = element(&self) else { return nil }
      list.append(value)
    }
    return list
  }
}
