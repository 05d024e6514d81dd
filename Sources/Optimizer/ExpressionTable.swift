import TensorIR

/// The operations of a function under construction, to be found by what they compute.
///
/// Open addressing with linear probing over positions in the function's operations. Hashes mix
/// operand ids and, for ops that carry shapes or literals, the payload; equality decides.
struct ExpressionTable {
  /// Where a search ended.
  enum Place {
    /// At the position of an equal operation.
    case found(Int)
    /// At a slot where it can be inserted.
    case vacant(Slot)
  }

  /// A free place of the table.
  struct Slot {
    fileprivate let index: Int
    fileprivate let hash: Int
  }

  /// A position and the hash of its operation.
  private struct Entry {
    var position: Int
    var hash: Int
  }

  private var entries: [Entry]
  private var count = 0

  /// A table that holds about `capacity` operations before it grows.
  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    entries = Array(repeating: Entry(position: -1, hash: 0), count: capacity == 0 ? 16 : size)
  }

  /// Where an operation equal to `op` of `operands` stands or could stand.
  mutating func find(
    _ op: Op, _ operands: [ValueID], in function: Function
  ) -> Place {
    if count * 2 >= entries.count { grow() }
    let hash = op.hash(with: operands)
    let mask = entries.count - 1
    var index = hash & mask
    while true {
      let entry = entries[index]
      if entry.position < 0 { return .vacant(Slot(index: index, hash: hash)) }
      if entry.hash == hash {
        if function.operations[entry.position].operands == operands,
          function.operations[entry.position].op == op
        {
          return .found(entry.position)
        }
      }
      index = (index + 1) & mask
    }
  }

  /// Notes an operation at a slot that `find` gave, with no other insertion in between.
  mutating func insert(position: Int, at slot: Slot) {
    entries[slot.index] = Entry(position: position, hash: slot.hash)
    count += 1
  }

  /// Doubles the table.
  private mutating func grow() {
    let old = entries
    entries = Array(repeating: Entry(position: -1, hash: 0), count: old.count * 2)
    let mask = entries.count - 1
    for entry in old where entry.position >= 0 {
      var index = entry.hash & mask
      while entries[index].position >= 0 { index = (index + 1) & mask }
      entries[index] = entry
    }
  }
}

extension Op {
  /// The op without the precision asked for, on which results do not depend.
  var withoutPrecision: Op {
    switch self {
    case .dot(let dimensions): .dot(dimensions.withoutPrecision)
    case .convolution(let convolution): .convolution(convolution.withoutPrecision)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      self
    }
  }

  /// A quick hash of the operation.
  fileprivate func hash(with operands: [ValueID]) -> Int {
    var hash = UInt(bitPattern: payloadHash)
    for operand in operands {
      hash = (hash ^ UInt(bitPattern: operand.index)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    return Int(bitPattern: hash)
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

extension DotDimensions {
  /// The dimensions without the precision asked for, on which results do not depend.
  fileprivate var withoutPrecision: DotDimensions {
    if precision.isEmpty { return self }
    var plain = self
    plain.precision = []
    return plain
  }
}
