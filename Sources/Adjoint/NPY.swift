internal import Foundation
internal import TensorIR

extension Tensor {
  /// Reads a tensor from a `.npy` file, as NumPy writes it.
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be read, is malformed or holds
  ///   other elements.
  public init(npy path: String) throws {
    let data = try TensorData(npy: path)
    guard data.type.element == Scalar.elementType else {
      throw AdjointError(
        .type, "\(data.type) does not have elements of type \(Scalar.elementType.rawValue)",
        at: SourceLocation(file: path, line: 0))
    }
    try self.init(data)
  }

  /// Writes the tensor to a `.npy` file, replacing what is there; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does, and naming the path where the file cannot be
  ///   written.
  public func write(npy path: String, file: String = #fileID, line: Int = #line) throws {
    try data(file: file, line: line).write(npy: path)
  }
}

extension TensorData {
  /// Reads a tensor from a `.npy` file, as NumPy writes it (version 1, 2 or 3 of the format of NEP 1).
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be read, is malformed or holds
  ///   something else than floats, integers or booleans of at most 64 bits, or complex numbers
  ///   of such floats. Elements may have either
  ///   byte order and axes either order; two bytes of type void are read as bf16, which is how
  ///   `ml_dtypes` writes them.
  public init(npy path: String) throws {
    let place = SourceLocation(file: path, line: 0)
    let contents: Data
    do {
      contents = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw AdjointError(.file, "the file cannot be read", at: place)
    }
    do {
      try self.init(npyContents: [UInt8](contents))
    } catch let error as AdjointError {
      throw error.placed(at: place)
    }
  }

  /// Reads a tensor from the bytes of a `.npy` file.
  init(npyContents contents: [UInt8]) throws {
    let (header, start) = try NPYHeader.split(contents)
    let type = try header.tensorType()
    var payload = contents[start...]
    guard payload.count == type.byteCount else {
      throw AdjointError(
        .file, "\(type) takes \(type.byteCount) bytes, and the file holds \(payload.count)")
    }
    if header.isBigEndian { payload = payload.swapped(every: type.element.partType.byteCount)[...] }
    if header.isFortranOrder == true { payload = payload.inRowMajorOrder(type)[...] }
    if type.element == .i1, let odd = payload.first(where: { $0 > 1 }) {
      throw AdjointError(.file, "a boolean is stored as \(odd), which is neither 0 nor 1")
    }
    try self.init(type) { target in
      payload.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }

  /// Writes the tensor to a `.npy` file of version 1, replacing what is there.
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be written.
  public func write(npy path: String) throws {
    do {
      try Data(npyContents).write(to: URL(fileURLWithPath: path))
    } catch {
      throw AdjointError(
        .file, "the file cannot be written", at: SourceLocation(file: path, line: 0))
    }
  }

  /// The bytes of a `.npy` file that holds the tensor.
  var npyContents: [UInt8] {
    let extents = type.shape.map { "\($0)," }.joined(separator: " ")
    let shape = type.rank > 1 ? String(extents.dropLast()) : extents
    var text =
      "{'descr': '\(type.element.npyDescription)', 'fortran_order': False, 'shape': (\(shape)), }"
    let unpadded = NPYHeader.magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    let length = UInt16(clamping: text.utf8.count)
    return NPYHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
      + withUnsafeBytes { Array($0) }
  }
}

extension ElementType {
  /// The spelling of the type in `.npy` files; 4-bit integers are written as bytes.
  fileprivate var npyDescription: String {
    if self == .bf16 { return "<V2" }
    let letter =
      switch kind {
      case .float: "f"
      case .signed: "i"
      case .unsigned: "u"
      case .boolean: "b"
      case .complex: "c"
      }
    return "\(byteCount == 1 ? "|" : "<")\(letter)\(byteCount)"
  }

  /// The types that files may hold.
  fileprivate static let npyTypes = allCases.filter { $0.width != 4 }
}

extension ArraySlice<UInt8> {
  /// The bytes with the order in each element turned.
  fileprivate func swapped(every width: Int) -> [UInt8] {
    stride(from: startIndex, to: endIndex, by: width).flatMap { self[$0..<($0 + width)].reversed() }
  }

  /// The elements of a tensor whose first axis varies fastest here, in row-major order.
  fileprivate func inRowMajorOrder(_ type: TensorType) -> [UInt8] {
    let width = type.element.byteCount
    var result = [UInt8]()
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: type.rank)
    for _ in 0..<type.count {
      var place = 0
      for axis in type.shape.indices.reversed() { place = place * type.shape[axis] + index[axis] }
      let start = startIndex + place * width
      result += self[start..<(start + width)]
      for axis in type.shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < type.shape[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }
}

/// The dictionary at the start of a `.npy` file: a Python literal with three entries.
struct NPYHeader {
  /// What every file begins with.
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

  /// The element type, such as `<f4`.
  var description: String?
  /// Whether the first axis varies fastest.
  var isFortranOrder: Bool?
  /// The extents.
  var shape: [Int]?

  /// Whether elements have their most significant byte first.
  var isBigEndian: Bool { description?.first == ">" }

  /// The header of a file and the position of the first element.
  static func split(_ contents: [UInt8]) throws -> (header: NPYHeader, start: Int) {
    guard contents.starts(with: magic), contents.count >= 10 else {
      throw AdjointError(.file, "not a .npy file")
    }
    let version = contents[6]
    let lengthWidth = version == 1 ? 2 : 4
    guard (1...3).contains(version), contents.count >= 8 + lengthWidth else {
      throw AdjointError(.file, ".npy version \(version) is not known")
    }
    let length = contents[8..<(8 + lengthWidth)].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + lengthWidth + length
    guard start <= contents.count,
      let text = String(validating: contents[(8 + lengthWidth)..<start], as: UTF8.self)
    else {
      throw AdjointError(.file, "the .npy header is cut off or not text")
    }
    var parser = NPYHeaderParser(text)
    return (try parser.header(), start)
  }

  /// The tensor type the header describes.
  ///
  /// - Throws: `AdjointError` where an entry is missing or not supported.
  func tensorType() throws -> TensorType {
    guard let description, isFortranOrder != nil, let shape else {
      throw AdjointError(.file, "the .npy header needs 'descr', 'fortran_order' and 'shape'")
    }
    let written = description.dropFirst()
    guard let mark = description.first, "<>=|".contains(mark),
      let element = ElementType.npyTypes.first(where: { $0.npyDescription.dropFirst() == written })
    else {
      let known = ElementType.npyTypes.map(\.npyDescription).joined(separator: ", ")
      throw AdjointError(.file, "element type '\(description)' is not one of \(known)")
    }
    let type = TensorType(shape, element)
    try type.requireSize()
    return type
  }
}

/// Reads the dictionary of a `.npy` header.
private struct NPYHeaderParser {
  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  /// The whole dictionary.
  mutating func header() throws -> NPYHeader {
    var header = NPYHeader()
    try expect("{")
    while !skip("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr": header.description = try string()
      case "fortran_order": header.isFortranOrder = try boolean()
      case "shape": header.shape = try tuple()
      default: throw malformed("has an unknown entry '\(key)'")
      }
      if !skip(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard rest.isEmpty else { throw malformed("goes on behind the dictionary") }
    return header
  }

  /// A word in quotes, without escapes.
  private mutating func string() throws -> String {
    skipSpaces()
    guard let quote = rest.first, quote == "'" || quote == "\"" else {
      throw malformed("lacks a quoted word")
    }
    rest.removeFirst()
    guard let end = rest.firstIndex(of: quote) else { throw malformed("has an open quote") }
    defer { rest = rest[rest.index(after: end)...] }
    return String(rest[..<end])
  }

  /// `True` or `False`.
  private mutating func boolean() throws -> Bool {
    if skip("True") { return true }
    if skip("False") { return false }
    throw malformed("lacks True or False")
  }

  /// Whole numbers in parentheses.
  private mutating func tuple() throws -> [Int] {
    try expect("(")
    var numbers = [Int]()
    while !skip(")") {
      skipSpaces()
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int(digits) else { throw malformed("lacks an extent") }
      numbers.append(number)
      rest = rest.dropFirst(digits.count)
      _ = skip("L")
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return numbers
  }

  /// Skips a word when it comes next.
  private mutating func skip(_ word: String) -> Bool {
    skipSpaces()
    guard rest.hasPrefix(word) else { return false }
    rest = rest.dropFirst(word.count)
    return true
  }

  private mutating func expect(_ word: String) throws {
    guard skip(word) else { throw malformed("lacks '\(word)'") }
  }

  private mutating func skipSpaces() { rest = rest.drop { $0.isWhitespace } }

  private func malformed(_ what: String) -> AdjointError {
    AdjointError(.file, "the .npy header \(what)")
  }
}
