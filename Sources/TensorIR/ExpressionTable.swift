/// The operations of a function under construction, to be found by what they compute.
///
/// Open addressing with linear probing over positions in the function's operations. Hashes mix
/// operand ids and, for ops that carry shapes or literals, the payload; equality decides.
package struct ExpressionTable: Sendable {
  /// Where a search ended.
  package enum Place {
    /// At the position of an equal operation.
    case found(Int)
    /// At a slot where it can be inserted.
    case vacant(Slot)
  }

  /// A free place of the table.
  package struct Slot {
    fileprivate let index: Int
    fileprivate let hash: UInt32
  }

  /// A position, counted from one so that zero is a free place, and half of the operation's hash: eight
  /// bytes, since a table of many operations is read where the caches do not hold it.
  private struct Entry {
    var number: UInt32 = 0
    var hash: UInt32 = 0
  }

  private var entries: [Entry]
  private var count = 0

  /// A table that holds about `capacity` operations before it grows; without one it takes no memory yet.
  package init(capacity: Int = 0) {
    guard capacity > 0 else {
      entries = []
      return
    }
    var size = 16
    while size < capacity * 2 { size *= 2 }
    entries = Array(repeating: Entry(), count: size)
  }

  /// Where an operation equal to `op` of `operands` stands or could stand.
  package mutating func find(
    _ op: Op, _ operands: [ValueID], in function: Function
  ) -> Place {
    makeRoom()
    return find(op.hash(with: operands)) { position in
      function.operations[position].operands == operands && function.operations[position].op == op
    }
  }

  /// Makes sure that there is a free place.
  @inline(__always)
  mutating func makeRoom() {
    if count * 2 >= entries.count { grow() }
  }

  /// Where an operation with a hash stands for which `isEqual` holds, or could stand.
  ///
  /// - Requires: there is room.
  @inline(__always)
  func find(_ hash: UInt32, where isEqual: (Int) -> Bool) -> Place {
    let mask = entries.count - 1
    var index = Int(hash) & mask
    while true {
      let entry = entries[index]
      if entry.number == 0 { return .vacant(Slot(index: index, hash: hash)) }
      if entry.hash == hash, isEqual(Int(entry.number) - 1) { return .found(Int(entry.number) - 1) }
      index = (index + 1) & mask
    }
  }

  /// Notes an operation at a slot that `find` gave, with no other insertion in between.
  ///
  /// - Requires: the position is below 2³² − 1.
  package mutating func insert(position: Int, at slot: Slot) {
    entries[slot.index] = Entry(number: UInt32(position + 1), hash: slot.hash)
    count += 1
  }

  /// Doubles the table.
  private mutating func grow() {
    let old = entries
    entries = Array(repeating: Entry(), count: Swift.max(16, old.count * 2))
    let mask = entries.count - 1
    for entry in old where entry.number > 0 {
      var index = Int(entry.hash) & mask
      while entries[index].number > 0 { index = (index + 1) & mask }
      entries[index] = entry
    }
  }
}

extension Op {
  /// Whether the op, written again with the same operands, is recorded once: not what has regions or
  /// effects, not walls, and not large constants, which would take long to compare.
  var isShareable: Bool {
    switch self {
    case .constant(let literal): literal.bytes.count <= 64
    case .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .shape,
      .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order:
      true
    case .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call: false
    }
  }

  /// A quick hash of the operation.
  func hash(with operands: [ValueID]) -> UInt32 {
    var hash = UInt(bitPattern: payloadHash)
    for operand in operands {
      hash = (hash ^ UInt(bitPattern: operand.index)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
  }

  /// A number that tells most ops with the same operands apart.
  private var payloadHash: Int {
    switch self {
    case .unary(let op): 256 &+ Int(op.place)
    case .binary(let op): 512 &+ Int(op.place)
    case .compare: 3
    case .select: 5
    case .clamp: 7
    case .convert(let element): 11 &+ element.byteCount
    case .bits: 13
    case .constant(let literal): literal.hashValue
    case .complex, .fft, .iota, .shape, .reduce, .dot, .convolution, .gather, .scatter,
      .dynamicSlice, .window,
      .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      hashValue
    }
  }
}
