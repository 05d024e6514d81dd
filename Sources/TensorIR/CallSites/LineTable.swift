#if os(Linux)
  internal import Glibc

  /// The lines of source code that the machine code of a loaded file comes from, where the file has them.
  final class LineTable: @unchecked Sendable {
    /// Code of one function or part of one.
    private struct Sequence {
      /// The addresses, as the file numbers them, and where in which unit their rows are.
      let low: UInt
      let high: UInt
      let unit: Int
      let position: Int
    }

    /// What of the file is mapped, for as long as the process runs.
    private let lines: UnsafeRawBufferPointer
    private let strings: LineProgram.Strings
    /// Where the parts of the file are in memory, as it numbers addresses.
    private let segments: [(offset: UInt, address: UInt, size: UInt)]
    /// By their first addresses.
    private let sequences: [Sequence]

    /// Reads what is needed to find lines; nil where the file has none.
    init?(path: String) {
      guard let file = Self.mapped(path), let image = ELFSections(file),
        let lines = image.section(".debug_line")
      else { return nil }
      self.lines = lines
      strings = LineProgram.Strings(
        lines: image.section(".debug_line_str") ?? UnsafeRawBufferPointer(start: nil, count: 0),
        names: image.section(".debug_str") ?? UnsafeRawBufferPointer(start: nil, count: 0))
      segments = image.segments
      var sequences: [Sequence] = []
      var position = 0
      while let unit = LineProgram(lines, at: position) {
        var low: UInt?
        unit.forEachRow { row, start in
          let first = low ?? row.address
          low = row.isEnd ? nil : first
          // Functions that were left out when linking start at zero.
          if row.isEnd, first > 0 {
            sequences.append(
              Sequence(low: first, high: row.address, unit: position, position: start))
          }
          return true
        }
        position = unit.end
      }
      self.sequences = sequences.sorted { $0.low < $1.low }
    }

    /// The bytes of a file.
    private static func mapped(_ path: String) -> UnsafeRawBufferPointer? {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_size > 0,
        let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0),
        start != MAP_FAILED
      else { return nil }
      return UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
    }

    /// The path and line of the code at an offset in the file.
    func place(atOffset offset: UInt) -> (path: String, line: Int)? {
      let segment = segments.first { offset >= $0.offset && offset - $0.offset < $0.size }
      guard let segment else { return nil }
      let address = offset - segment.offset + segment.address
      // The last sequence that starts at the address or before.
      var (from, to) = (0, sequences.count)
      while from < to {
        let middle = (from + to) / 2
        if sequences[middle].low <= address { from = middle + 1 } else { to = middle }
      }
      guard from > 0, case let sequence = sequences[from - 1], address < sequence.high,
        let unit = LineProgram(lines, at: sequence.unit)
      else { return nil }
      var found: LineProgram.Row?
      unit.forEachRow(from: sequence.position) { row, _ in
        if row.address > address { return false }
        found = row
        return !row.isEnd
      }
      guard let found, !found.isEnd, found.line > 0 else { return nil }
      return (unit.path(ofFile: found.file, strings), Int(clamping: found.line))
    }
  }

  /// The parts of an ELF file.
  private struct ELFSections {
    /// The file.
    private let bytes: UnsafeRawBufferPointer
    /// What is loaded: offset in the file, address, size.
    private(set) var segments: [(offset: UInt, address: UInt, size: UInt)] = []
    private var sections: [String: (offset: UInt, size: UInt)] = [:]

    /// Reads the headers; nil where it is no 64-bit file.
    init?(_ bytes: UnsafeRawBufferPointer) {
      self.bytes = bytes
      guard bytes.count > 64, bytes.loadUnaligned(as: UInt32.self) == 0x464c_457f, bytes[4] == 2
      else { return nil }
      for index in 0..<number(at: 56, 2) {
        let header = number(at: 32, 8) &+ index &* number(at: 54, 2)
        guard number(at: header, 4) == 1 else { continue }
        segments.append(
          (number(at: header &+ 8, 8), number(at: header &+ 16, 8), number(at: header &+ 32, 8)))
      }
      let names = number(at: header(ofSection: number(at: 62, 2)) &+ 24, 8)
      for index in 0..<number(at: 60, 2) {
        let header = header(ofSection: index)
        var name = ByteCursor(bytes, at: Int(clamping: names &+ number(at: header, 4)))
        // Sections that are compressed are not read.
        guard number(at: header &+ 8, 8) & 0x800 == 0 else { continue }
        sections[name.text()] = (number(at: header &+ 24, 8), number(at: header &+ 32, 8))
      }
    }

    /// Where the header of a section is.
    private func header(ofSection index: UInt) -> UInt {
      number(at: 40, 8) &+ index &* number(at: 58, 2)
    }

    /// An integer of the file.
    private func number(at position: UInt, _ size: Int) -> UInt {
      var cursor = ByteCursor(bytes, at: Int(clamping: position))
      return cursor.integer(size)
    }

    /// A section by name.
    func section(_ name: String) -> UnsafeRawBufferPointer? {
      guard let (offset, size) = sections[name], size > 0, offset <= UInt(bytes.count),
        size <= UInt(bytes.count) - offset
      else { return nil }
      return UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset + size)])
    }
  }
#endif
