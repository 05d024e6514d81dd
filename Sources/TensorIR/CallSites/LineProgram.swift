/// The line numbers of one compilation unit, as DWARF 2 to 5 keeps them: a program whose output is a table of
/// addresses and the lines their code comes from (DWARF 5, §6.2).
struct LineProgram {
  /// A row of the table: the code from an address on comes from a line of a file.
  struct Row {
    var address: UInt = 0
    var file: UInt = 1
    var line: UInt = 1
    /// Whether this is the end of a sequence rather than the start of some code.
    var isEnd = false
  }

  /// Texts that units refer to.
  struct Strings {
    var lines = UnsafeRawBufferPointer(start: nil, count: 0)
    var names = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// The section.
  private let section: UnsafeRawBufferPointer
  /// Where the next unit starts.
  let end: Int
  /// Where the program starts.
  private var start = 0
  private var version: UInt = 0
  private var instructionLength: UInt = 1
  private var lineBase = 0
  private var lineRange: UInt = 1
  private var opcodeBase: UInt8 = 1
  private var operandCounts: [UInt8] = []
  /// Where the folders and files are listed.
  private var listStart = 0
  private var offsetSize = 4

  /// Reads the header of the unit at a position; nil at the end, and where the version is not known.
  init?(_ section: UnsafeRawBufferPointer, at position: Int) {
    self.section = section
    var cursor = ByteCursor(section, at: position)
    guard !cursor.isAtEnd else { return nil }
    var length = cursor.integer(4)
    if length == 0xffff_ffff {
      length = cursor.integer(8)
      offsetSize = 8
    }
    let available = UInt(section.count - cursor.position)
    guard length > 0, length <= available else { return nil }
    end = cursor.position + Int(length)
    version = cursor.integer(2)
    guard (2...5).contains(version) else { return }
    if version == 5 { cursor.skip(2) }
    let headerLength = cursor.integer(offsetSize)
    guard headerLength < length else { return }
    start = cursor.position + Int(headerLength)
    instructionLength = UInt(cursor.byte())
    if version >= 4 { cursor.skip(1) }
    cursor.skip(1)
    lineBase = Int(Int8(bitPattern: cursor.byte()))
    lineRange = Swift.max(1, UInt(cursor.byte()))
    opcodeBase = cursor.byte()
    operandCounts = (1..<Swift.max(1, opcodeBase)).map { _ in cursor.byte() }
    listStart = cursor.position
  }

  /// Calls `body` with each row, in order, from a position in the program or its start, until it gives
  /// false; it also gets where the row's sequence starts.
  func forEachRow(from position: Int? = nil, _ body: (Row, _ sequence: Int) -> Bool) {
    guard start > 0 else { return }
    let unit = UnsafeRawBufferPointer(rebasing: section[..<end])
    var cursor = ByteCursor(unit, at: position ?? start)
    var row = Row()
    var sequence = cursor.position
    while !cursor.isAtEnd {
      let opcode = cursor.byte()
      if opcode >= opcodeBase {
        let step = UInt(opcode - opcodeBase)
        row.address &+= step / lineRange &* instructionLength
        row.line = advanced(row.line, by: lineBase + Int(step % lineRange))
        if !body(row, sequence) { return }
      } else if opcode == 0 {
        let length = cursor.unsigned()
        let after = cursor.position &+ Int(truncatingIfNeeded: length)
        guard after > cursor.position else { return }
        switch cursor.byte() {
        case 1:
          row.isEnd = true
          if !body(row, sequence) { return }
          row = Row()
          sequence = after
        case 2: row.address = cursor.integer(Swift.min(8, Int(length) - 1))
        default: break
        }
        cursor.move(to: after)
      } else if standard(opcode, &row, &cursor), !body(row, sequence) {
        return
      }
    }
  }

  /// Carries out a standard opcode; whether it adds a row.
  private func standard(_ opcode: UInt8, _ row: inout Row, _ cursor: inout ByteCursor) -> Bool {
    switch opcode {
    case 1: return true
    case 2: row.address &+= cursor.unsigned() &* instructionLength
    case 3: row.line = advanced(row.line, by: cursor.signed())
    case 4: row.file = cursor.unsigned()
    case 8: row.address &+= UInt(255 - opcodeBase) / lineRange &* instructionLength
    case 9: row.address &+= cursor.integer(2)
    default:
      // Columns, statements, blocks and what later versions may add are of no interest.
      for _ in 0..<operandCounts[Int(opcode) - 1] { _ = cursor.unsigned() }
    }
    return false
  }

  /// A line some lines further.
  private func advanced(_ line: UInt, by distance: Int) -> UInt {
    line &+ UInt(bitPattern: distance)
  }

  /// The path of a file by its number, with its folder where that is listed.
  func path(ofFile number: UInt, _ strings: Strings) -> String {
    var cursor = ByteCursor(section, at: listStart)
    let (folders, files) =
      version == 5
      ? (entries(&cursor, strings), entries(&cursor, strings)) : oldLists(&cursor)
    let index = Int(clamping: number)
    guard files.indices.contains(index) else { return "" }
    let (name, folder) = files[index]
    guard !name.hasPrefix("/"), folders.indices.contains(folder) else { return name }
    return folders[folder].name + "/" + name
  }

  /// The folders and files of a unit before version 5, by their numbers.
  private func oldLists(
    _ cursor: inout ByteCursor
  ) -> (folders: [(name: String, folder: Int)], files: [(name: String, folder: Int)]) {
    var folders = [(name: "", folder: 0)]
    while case let name = cursor.text(), !name.isEmpty { folders.append((name, 0)) }
    var files = [(name: "", folder: 0)]
    while case let name = cursor.text(), !name.isEmpty {
      files.append((name, Int(clamping: cursor.unsigned())))
      _ = (cursor.unsigned(), cursor.unsigned())
    }
    return (folders, files)
  }

  /// A list of folders or files of version 5.
  private func entries(
    _ cursor: inout ByteCursor, _ strings: Strings
  ) -> [(name: String, folder: Int)] {
    let formats = (0..<cursor.byte()).map { _ in (cursor.unsigned(), cursor.unsigned()) }
    let count = cursor.unsigned()
    var list: [(name: String, folder: Int)] = []
    while list.count < count, !cursor.isAtEnd, !formats.isEmpty {
      var entry = (name: "", folder: 0)
      for (content, form) in formats {
        switch form {
        case 0x08: entry.name = cursor.text()
        case 0x1f, 0x0e:
          let texts = form == 0x1f ? strings.lines : strings.names
          var text = ByteCursor(texts, at: Int(clamping: cursor.integer(offsetSize)))
          entry.name = text.text()
        default:
          let number = number(&cursor, form)
          if content == 2 { entry.folder = Int(clamping: number) }
        }
      }
      list.append(entry)
    }
    return list
  }

  /// Reads an attribute that is no text.
  private func number(_ cursor: inout ByteCursor, _ form: UInt) -> UInt {
    switch form {
    case 0x0b: return cursor.integer(1)
    case 0x05: return cursor.integer(2)
    case 0x06: return cursor.integer(4)
    case 0x07: return cursor.integer(8)
    case 0x0f: return cursor.unsigned()
    case 0x1e: cursor.skip(16)
    case 0x09: cursor.skip(cursor.unsigned())
    default: cursor.skip(UInt.max)
    }
    return 0
  }
}
