#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
internal import LLVMBridge

/// Object files in memory, linked to each other and to the process; releasing the last reference
/// removes them.
///
/// Whoever runs the code must keep the image alive while it runs. Code and constants only: memory is
/// written before it can be executed, and never after.
final class CodeImage: Sendable {
  /// The memory: code first, then constants, each in whole pages.
  nonisolated(unsafe) private let memory: UnsafeMutableRawPointer
  private let byteCount: Int
  /// The global symbols of each object.
  let symbols: [[String: Function]]

  /// Code with a name.
  struct Function: Sendable {
    var address: UInt
    var byteCount: Int
  }

  /// Places objects in memory.
  ///
  /// A symbol that an object, of which `resolve` gets the number, lacks is looked for by it, then among the functions for huge
  /// arguments, and then among those of the process's libraries. Nil where an object needs what this linker does not know.
  init?(_ objects: [ELFObject], resolve: (String, Int, [[String: Function]]) -> Function?) {
    guard let layout = ImageLayout(objects) else { return nil }
    let memory = mmap(
      nil, layout.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let memory, memory != MAP_FAILED else { return nil }
    self.memory = memory
    byteCount = layout.byteCount
    let base = UInt(bitPattern: memory)
    symbols = zip(objects, layout.places).map { object, places in
      var functions: [String: Function] = [:]
      for symbol in object.symbols where symbol.isGlobal {
        guard let place = symbol.place, let start = places[place.section] else { continue }
        functions[symbol.name] = Function(
          address: base + UInt(start + place.offset), byteCount: symbol.byteCount)
      }
      return functions
    }
    for (object, places) in zip(objects, layout.places) {
      object.bytes.withUnsafeBytes { bytes in
        for (section, place) in zip(object.sections, places) {
          guard let section, let place else { continue }
          UnsafeMutableRawBufferPointer(start: memory + place, count: section.bytes.count)
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[section.bytes]))
        }
      }
    }
    var relocator = Relocator(memory, layout)
    for (number, object) in objects.enumerated() {
      let exported = symbols
      let isLinked = relocator.link(object, number) { name in
        resolve(name, number, exported)?.address ?? HugeArguments.addresses[name]
          ?? dlsym(nil, name).map { UInt(bitPattern: $0) }
      }
      guard isLinked else { return nil }
    }
    guard mprotect(memory, layout.codeByteCount, PROT_READ | PROT_EXEC) == 0,
      layout.byteCount == layout.codeByteCount
        || mprotect(
          memory + layout.codeByteCount, layout.byteCount - layout.codeByteCount, PROT_READ) == 0
    else { return nil }
  }

  deinit { munmap(memory, byteCount) }
}

/// Where each section of some objects goes.
private struct ImageLayout {
  /// For each object the place of each of its sections.
  var places: [[Int?]]
  /// Where jumps to functions of the process go, and how many there may be.
  var stubs: Int
  /// Where the table of addresses goes.
  var table: Int
  /// How many stubs and table entries there is room for.
  var slotCount: Int
  var codeByteCount: Int
  var byteCount: Int

  static let stubByteCount = 16

  init?(_ objects: [ELFObject]) {
    places = objects.map { [Int?](repeating: nil, count: $0.sections.count) }
    slotCount = objects.reduce(0) { count, object in
      count + object.symbols.count { $0.place == nil }
        + object.relocations.count(where: \.kind.takesTableEntry)
    }
    var end = 0
    func place(isCode: Bool, _ places: inout [[Int?]]) {
      for (number, object) in objects.enumerated() {
        for (index, section) in object.sections.enumerated() {
          guard let section, section.isCode == isCode, section.byteCount > 0 else { continue }
          end = (end + section.alignment - 1) & -section.alignment
          places[number][index] = end
          end += section.byteCount
        }
      }
    }
    place(isCode: true, &places)
    stubs = (end + 15) & -16
    end = stubs + slotCount * Self.stubByteCount
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    codeByteCount = max(page, (end + page - 1) & -page)
    end = codeByteCount
    place(isCode: false, &places)
    table = (end + 7) & -8
    end = table + slotCount * 8
    byteCount = (end + page - 1) & -page
    guard byteCount < Int(Int32.max) else { return nil }
  }
}

/// Writes addresses into code.
private struct Relocator {
  let memory: UnsafeMutableRawPointer
  let layout: ImageLayout
  /// The number of each symbol's table entry and stub.
  private var slots: [UInt: Int] = [:]

  init(_ memory: UnsafeMutableRawPointer, _ layout: ImageLayout) {
    self.memory = memory
    self.layout = layout
  }

  /// Carries out the relocations of one object; false where that is not possible.
  mutating func link(
    _ object: ELFObject, _ number: Int, _ find: (String) -> UInt?
  ) -> Bool {
    let base = UInt(bitPattern: memory)
    var found: [Int: UInt] = [:]
    for relocation in object.relocations {
      guard let section = layout.places[number][relocation.section] else { return false }
      let symbol = object.symbols[relocation.symbol]
      let target: UInt
      if let place = symbol.place {
        guard let start = layout.places[number][place.section] else { return false }
        target = base + UInt(start + place.offset)
      } else if let known = found[relocation.symbol] {
        target = known
      } else {
        guard let address = find(symbol.name) else { return false }
        found[relocation.symbol] = address
        target = address
      }
      guard write(relocation, at: section + relocation.offset, target) else { return false }
    }
    return true
  }

  private mutating func write(
    _ relocation: ELFObject.Relocation, at place: Int, _ target: UInt
  ) -> Bool {
    var target = Int(bitPattern: target)
    let here = Int(bitPattern: memory) + place
    if relocation.kind.takesTableEntry {
      guard let slot = slot(target) else { return false }
      target = Int(bitPattern: memory) + layout.table + slot * 8
    }
    switch relocation.kind {
    case .absolute64:
      memory.storeBytes(of: target &+ relocation.addend, toByteOffset: place, as: Int.self)
      return true
    case .relative64:
      memory.storeBytes(of: target &+ relocation.addend &- here, toByteOffset: place, as: Int.self)
      return true
    case .call32 where Int32(exactly: target &+ relocation.addend &- here) == nil:
      // A function too far away is reached through a jump nearby.
      guard let slot = slot(target) else { return false }
      target = Int(bitPattern: memory) + layout.stubs + slot * ImageLayout.stubByteCount
      fallthrough
    case .relative32, .call32, .tableEntry32, .relaxableTableEntry32,
      .relaxablePrefixedTableEntry32:
      guard let distance = Int32(exactly: target &+ relocation.addend &- here) else { return false }
      memory.storeBytes(of: distance, toByteOffset: place, as: Int32.self)
      return true
    }
  }

  /// The number of an address's table entry and stub.
  private mutating func slot(_ target: Int) -> Int? {
    if let known = slots[UInt(bitPattern: target)] { return known }
    let slot = slots.count
    guard slot < layout.slotCount else { return nil }
    slots[UInt(bitPattern: target)] = slot
    memory.storeBytes(of: target, toByteOffset: layout.table + slot * 8, as: Int.self)
    // `jmp *(%rip)`: the address stands behind the instruction.
    let stub = layout.stubs + slot * ImageLayout.stubByteCount
    memory.storeBytes(of: 0x25ff, toByteOffset: stub, as: UInt16.self)
    memory.storeBytes(of: 0, toByteOffset: stub + 2, as: UInt32.self)
    memory.storeBytes(of: target, toByteOffset: stub + 6, as: Int.self)
    return slot
  }
}
