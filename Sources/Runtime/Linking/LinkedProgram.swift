internal import Codegen
internal import LLVMBridge
internal import Targets

/// The code of a program in memory; releasing the last reference removes it.
final class LinkedProgram: Sendable {
  /// The address of the entry.
  let entry: UInt
  /// The memory.
  private let owner: any AnyObject & Sendable

  /// Links object files to each other: the first has the entry, and each defines the symbol of number 0. An
  /// object refers to those that `callees` has for it, by place, under the numbers from one on. LLVM's linker
  /// does it where `withLLVM` says so, and where it cannot be done without.
  init(
    _ objects: [[UInt8]], callees: [[Int]], names: [String], withLLVM: Bool = false
  ) throws(LLVMError) {
    if !withLLVM, let image = Self.image(of: objects, callees),
      let entry = image.symbols[0][ProgramEmitter.symbol(0)]
    {
      if PerfMap.isEnabled { Self.note(image, names) }
      self.entry = entry.address
      owner = image
      return
    }
    let session = try JITSession.shared()
    let first = session.reserveNumbers(objects.count + 1)
    let renamed = objects.enumerated().map { place, object in
      let places = [place] + callees[place]
      return ObjectNames.renumbered(object) { number in
        first + (places.indices.contains(number) ? places[number] : objects.count)
      }
    }
    let symbol = ProgramEmitter.symbol(first)
    let linked = try session.add(objects: renamed, symbols: [symbol])
    guard let address = linked.address(of: symbol) else {
      throw LLVMError("the entry point \(symbol) is missing")
    }
    entry = UInt(bitPattern: address)
    owner = linked
  }

  /// The objects as linked here, without LLVM; nil where that is not possible.
  private static func image(of objects: [[UInt8]], _ callees: [[Int]]) -> CodeImage? {
    #if os(Linux) && arch(x86_64)
      var parsed: [ELFObject] = []
      for object in objects {
        guard let object = ELFObject(object) else { return nil }
        parsed.append(object)
      }
      let own = ProgramEmitter.symbol(0)
      return CodeImage(parsed) { name, object, symbols in
        guard let number = ProgramEmitter.number(ofSymbol: name),
          callees[object].indices.contains(number - 1)
        else { return nil }
        return symbols[callees[object][number - 1]][own]
      }
    #else
      return nil
    #endif
  }

  /// Names the functions for profilers.
  private static func note(_ image: CodeImage, _ names: [String]) {
    for (symbols, name) in zip(image.symbols, names) {
      for (symbol, function) in symbols {
        let isOwn = symbol == ProgramEmitter.symbol(0)
        PerfMap.append(
          isOwn ? name : symbol, at: function.address, byteCount: function.byteCount)
      }
    }
  }
}

/// The names of numbers in object files.
enum ObjectNames {
  /// An object file with other numbers in its names, for linkers that have one table of names.
  static func renumbered(_ object: [UInt8], _ transform: (Int) -> Int) -> [UInt8] {
    var object = object
    let prefix = Array(ProgramEmitter.symbolPrefix.utf8)
    let digits = ProgramEmitter.symbolDigits
    for table in nameTables(of: object) {
      var place = table.lowerBound
      while place + prefix.count + digits <= table.upperBound {
        let start = place + prefix.count
        guard object[place..<start].elementsEqual(prefix),
          let number = Int(
            String(decoding: object[start..<(start + digits)], as: UTF8.self), radix: 16)
        else {
          place += 1
          continue
        }
        let name = ProgramEmitter.symbol(transform(number))
        object.replaceSubrange(place..<(start + digits), with: Array(name.utf8))
        place = start + digits
      }
    }
    return object
  }

  /// Where the names of an object file in ELF or Mach-O format stand.
  private static func nameTables(of object: [UInt8]) -> [Range<Int>] {
    if let elf = ELFObject(object) { return elf.nameTables }
    return MachOObject.nameTable(of: object).map { [$0] } ?? []
  }
}

/// An object file in Mach-O format.
private enum MachOObject {
  /// Where the names of its symbols stand: `stroff` and `strsize` of its `LC_SYMTAB` command.
  static func nameTable(of object: [UInt8]) -> Range<Int>? {
    func number(_ place: Int) -> Int? {
      guard place >= 0, place + 4 <= object.count else { return nil }
      return (0..<4).reduce(0) { $0 | Int(object[place + $1]) << ($1 * 8) }
    }
    guard number(0) == 0xfeed_facf, let count = number(16) else { return nil }
    var place = 32
    for _ in 0..<count {
      guard let command = number(place), let size = number(place + 4), size > 0 else { return nil }
      if command == 2, let start = number(place + 16), let length = number(place + 20),
        start + length <= object.count
      {
        return start..<(start + length)
      }
      place += size
    }
    return nil
  }
}
