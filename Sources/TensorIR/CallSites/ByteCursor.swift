/// A place in bytes from which numbers and texts are read, little-endian; beyond the end all are zero.
struct ByteCursor {
  /// The bytes, and where the next one is read.
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  /// Starts at a position in some bytes.
  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// Whether there is nothing left to read.
  var isAtEnd: Bool { position < 0 || position >= bytes.count }

  /// Reads a byte.
  mutating func byte() -> UInt8 {
    guard !isAtEnd else { return 0 }
    defer { position += 1 }
    return bytes[position]
  }

  /// Reads an integer of a number of bytes, up to eight.
  mutating func integer(_ count: Int) -> UInt {
    var value: UInt = 0
    for index in 0..<count { value |= UInt(byte()) << UInt(8 * index) }
    return value
  }

  /// Reads an unsigned number of seven bits a byte.
  mutating func unsigned() -> UInt {
    var (value, shift): (UInt, UInt) = (0, 0)
    while !isAtEnd {
      let next = byte()
      if shift < 64 { value |= UInt(next & 0x7f) << shift }
      shift += 7
      if next < 0x80 { break }
    }
    return value
  }

  /// Reads a signed number of seven bits a byte.
  mutating func signed() -> Int {
    var (value, shift): (UInt, UInt) = (0, 0)
    while !isAtEnd {
      let next = byte()
      if shift < 64 { value |= UInt(next & 0x7f) << shift }
      shift += 7
      guard next < 0x80 else { continue }
      if next & 0x40 != 0, shift < 64 { value |= UInt.max << shift }
      break
    }
    return Int(bitPattern: value)
  }

  /// Reads the bytes before a zero, as text.
  mutating func text() -> String {
    let start = position
    while byte() != 0 {}
    let end = Swift.max(start, Swift.min(position, bytes.count) - 1)
    guard start >= 0, start < bytes.count, end > start else { return "" }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Leaves out some bytes.
  mutating func skip(_ count: UInt) {
    position = count < UInt(bytes.count) ? position + Int(count) : bytes.count
  }

  /// Goes on at a position.
  mutating func move(to position: Int) { self.position = Swift.max(0, position) }
}
