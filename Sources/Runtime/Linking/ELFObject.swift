/// An object file in ELF format for x86-64, as LLVM makes it: what of it goes to memory, its symbols
/// and its relocations.
///
/// All numbers are checked: a file that is not well formed, or uses more than is known here, gives nil.
/// See the System V Application Binary Interface, AMD64 Architecture Processor Supplement.
struct ELFObject {
  /// A part of the file that goes to memory.
  struct Section {
    /// The place in the file; empty for memory that starts as zero.
    var bytes: Range<Int>
    var byteCount: Int
    var alignment: Int
    var isCode: Bool
  }

  /// A name for a place, here or elsewhere.
  struct Symbol {
    var name: String
    /// The section and the place in it; nil for a symbol that is defined elsewhere.
    var place: (section: Int, offset: Int)?
    var byteCount: Int
    /// Whether other objects see it.
    var isGlobal: Bool
  }

  /// A place that gets an address.
  struct Relocation {
    /// The section to change, and where in it.
    var section: Int
    var offset: Int
    var kind: Kind
    var symbol: Int
    var addend: Int

    /// How the address is written.
    enum Kind: UInt32 {
      case absolute64 = 1
      case relative32 = 2
      case call32 = 4
      case tableEntry32 = 9
      case relative64 = 24
      case relaxableTableEntry32 = 41
      case relaxablePrefixedTableEntry32 = 42

      /// How many bytes are written.
      var byteCount: Int {
        switch self {
        case .absolute64, .relative64: 8
        case .relative32, .call32, .tableEntry32, .relaxableTableEntry32,
          .relaxablePrefixedTableEntry32:
          4
        }
      }

      /// Whether the address is that of a table entry that holds the symbol's.
      var takesTableEntry: Bool {
        switch self {
        case .tableEntry32, .relaxableTableEntry32, .relaxablePrefixedTableEntry32: true
        case .absolute64, .relative32, .call32, .relative64: false
        }
      }
    }
  }

  let bytes: [UInt8]
  /// By number in the file; nil for what does not go to memory.
  private(set) var sections: [Section?] = []
  private(set) var symbols: [Symbol] = []
  private(set) var relocations: [Relocation] = []
  /// Where the names of symbols stand.
  private(set) var nameTables: [Range<Int>] = []

  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    let reader = Reader(bytes)
    guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]),
      reader.number(16, UInt16.self) == Format.relocatable,
      reader.number(18, UInt16.self) == Format.x86,
      let table = reader.number(40, UInt64.self).flatMap({ Int(exactly: $0) }),
      let count = reader.number(60, UInt16.self)
    else { return nil }
    var headers: [Header] = []
    for number in 0..<Int(count) {
      guard let header = Header(reader, at: table, number) else { return nil }
      headers.append(header)
    }
    nameTables = headers.filter { $0.type == Format.names }.map(\.bytes)
    guard readSections(headers), let symbolTable = readSymbols(headers, reader) else { return nil }
    for header in headers where header.type == Format.relocations {
      guard header.link == symbolTable, readRelocations(header, reader) else { return nil }
    }
  }

  private mutating func readSections(_ headers: [Header]) -> Bool {
    for header in headers {
      let hasBytes = header.type == Format.contents
      guard header.flags & Format.allocated != 0, hasBytes || header.type == Format.zeros else {
        sections.append(nil)
        continue
      }
      // Code and constants only: nothing that is written when it runs, nothing per thread.
      let known = Format.allocated | Format.executable | Format.mergeable
      guard header.flags & ~known == 0, header.alignment <= 4096,
        header.alignment & (header.alignment - 1) == 0
      else { return false }
      sections.append(
        Section(
          bytes: hasBytes ? header.bytes : 0..<0, byteCount: header.byteCount,
          alignment: max(1, header.alignment), isCode: header.flags & Format.executable != 0))
    }
    return true
  }

  /// Reads the only table of symbols, and gives its number.
  private mutating func readSymbols(_ headers: [Header], _ reader: Reader) -> Int? {
    let tables = headers.indices.filter { headers[$0].type == Format.symbols }
    guard tables.count == 1, headers.indices.contains(headers[tables[0]].link) else { return nil }
    let (table, names) = (headers[tables[0]], headers[headers[tables[0]].link])
    guard table.byteCount % Format.symbolByteCount == 0 else { return nil }
    for place in stride(
      from: table.bytes.lowerBound, to: table.bytes.upperBound, by: Format.symbolByteCount)
    {
      guard let name = reader.number(place, UInt32.self),
        let info = reader.number(place + 4, UInt8.self),
        let section = reader.number(place + 6, UInt16.self),
        let value = reader.number(place + 8, UInt64.self).flatMap({ Int(exactly: $0) }),
        let size = reader.number(place + 16, UInt64.self).flatMap({ Int(exactly: $0) }),
        let text = reader.text(names.bytes.lowerBound + Int(name), before: names.bytes.upperBound)
      else { return nil }
      var symbol = Symbol(name: text, place: nil, byteCount: size, isGlobal: info >> 4 != 0)
      if section != 0 && section < Format.firstReservedSection {
        guard sections.indices.contains(Int(section)), value >= 0,
          value <= sections[Int(section)]?.byteCount ?? Int.max
        else { return nil }
        symbol.place = (Int(section), value)
      } else if section != 0 && info & 15 != Format.fileSymbol {
        return nil
      }
      symbols.append(symbol)
    }
    return tables[0]
  }

  private mutating func readRelocations(_ header: Header, _ reader: Reader) -> Bool {
    guard sections.indices.contains(header.info) else { return false }
    // What stays out of memory, such as tables for unwinding, needs no addresses.
    guard let section = sections[header.info] else { return true }
    guard header.byteCount % Format.relocationByteCount == 0 else { return false }
    for place in stride(
      from: header.bytes.lowerBound, to: header.bytes.upperBound, by: Format.relocationByteCount)
    {
      guard let offset = reader.number(place, UInt64.self).flatMap({ Int(exactly: $0) }),
        let info = reader.number(place + 8, UInt64.self),
        let addend = reader.number(place + 16, Int64.self),
        let kind = Relocation.Kind(rawValue: UInt32(truncatingIfNeeded: info)),
        symbols.indices.contains(Int(info >> 32)),
        offset >= 0, offset <= section.byteCount - kind.byteCount
      else { return false }
      relocations.append(
        Relocation(
          section: header.info, offset: offset, kind: kind, symbol: Int(info >> 32),
          addend: Int(addend)))
    }
    return true
  }
}

/// The numbers of the format that are used here.
private enum Format {
  static let relocatable: UInt16 = 1
  static let x86: UInt16 = 62
  static let contents: UInt32 = 1
  static let symbols: UInt32 = 2
  static let names: UInt32 = 3
  static let relocations: UInt32 = 4
  static let zeros: UInt32 = 8
  static let allocated: UInt64 = 0x2
  static let executable: UInt64 = 0x4
  /// Constants that a linker may merge: strings and numbers.
  static let mergeable: UInt64 = 0x30
  static let fileSymbol: UInt8 = 4
  static let firstReservedSection: UInt16 = 0xff00
  static let headerByteCount = 64
  static let symbolByteCount = 24
  static let relocationByteCount = 24
}

/// Numbers at places of a file.
private struct Reader {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func number<Number: FixedWidthInteger>(_ place: Int, _: Number.Type) -> Number? {
    guard place >= 0, place <= bytes.count - Number.bitWidth / 8 else { return nil }
    return bytes.withUnsafeBytes {
      Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self))
    }
  }

  /// The text that ends with a zero.
  func text(_ place: Int, before end: Int) -> String? {
    guard place >= 0, place < end, let stop = bytes[place..<end].firstIndex(of: 0) else {
      return nil
    }
    return String(decoding: bytes[place..<stop], as: UTF8.self)
  }
}

/// The description of a section of a file.
private struct Header {
  let type: UInt32
  let flags: UInt64
  let bytes: Range<Int>
  let byteCount: Int
  let link: Int
  let info: Int
  let alignment: Int

  init?(_ reader: Reader, at table: Int, _ number: Int) {
    let (place, overflows) = table.addingReportingOverflow(number * Format.headerByteCount)
    guard !overflows, let type = reader.number(place + 4, UInt32.self),
      let flags = reader.number(place + 8, UInt64.self),
      let start = reader.number(place + 24, UInt64.self).flatMap({ Int(exactly: $0) }),
      let count = reader.number(place + 32, UInt64.self).flatMap({ Int(exactly: $0) }),
      let link = reader.number(place + 40, UInt32.self),
      let info = reader.number(place + 44, UInt32.self),
      let alignment = reader.number(place + 48, UInt64.self).flatMap({ Int(exactly: $0) })
    else { return nil }
    let isInFile = type != Format.zeros
    guard count <= Self.largest, !isInFile || start <= reader.bytes.count - count else {
      return nil
    }
    self.type = type
    self.flags = flags
    bytes = isInFile ? start..<(start + count) : 0..<0
    byteCount = count
    self.link = Int(link)
    self.info = Int(info)
    self.alignment = alignment
  }

  /// No section is larger than this.
  private static let largest = 1 << 31
}
