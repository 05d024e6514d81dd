internal import TensorIR

/// A sum over parts of what a scan saves and of what its reader stacks, in the reader's order: each segment
/// of the two adds its parts, and nothing of them has to be there as a whole.
///
///     %g, %gs = scan(%z, %r) {length = 99, reverse = true}
///     %w = scan(%zero, %r in parts, %gs in parts) {length = 11, reverse = true} { %sum + dot … }
struct StackedSum {
  /// What the parts are parts of.
  enum Source {
    /// A stacked result of the forward scan, by position.
    case saved(Int)
    /// A stacked result of the reader, by position.
    case read(Int)
    /// A value that does not depend on the reader.
    case other(ValueID)
  }

  let scan: Scan
  let operation: Operation
  /// For each stack what it is made of.
  let sources: [Source]
  /// The stacks of parts.
  let parts: [ValueID]
  /// The number of steps of a part.
  let partLength: Int

  /// The sums that can be made with a scan and the one scan that reads it, against its direction.
  static func sums(
    over forward: Scan, _ operation: Operation, in function: Function
  ) -> [StackedSum] {
    let saved = Set(operation.results.dropFirst(forward.carryCount))
    var readers: [Int] = []
    for (position, other) in function.operations.enumerated() {
      guard case .scan(let scan) = other.op, scan.length == forward.length,
        other.operands.contains(where: saved.contains)
      else { continue }
      readers.append(position)
    }
    guard readers.count == 1, case let reader = function.operations[readers[0]],
      case .scan(let scan) = reader.op, scan.isReversed != forward.isReversed
    else { return [] }
    let joint = JointScans(forward, operation, scan, reader, in: function)
    let sums = function.operations[(readers[0] + 1)...].compactMap { joint.sum($0) }
    // Parts that others read too, or that are returned, have to stay.
    let joined = Set(sums.flatMap(\.operation.results))
    let parts = Set(sums.flatMap(\.parts))
    let isShared =
      function.results.contains(where: parts.contains)
      || function.operations.contains { other in
        !other.results.contains(where: joined.contains)
          && other.operands.contains(where: parts.contains)
      }
    return isShared ? [] : sums
  }
}

/// A scan and its reader, of which parts may be summed up.
private struct JointScans {
  private let function: Function
  private let definitions: [Int?]
  private let forward: Scan
  private let reader: Scan
  private var saved: [ValueID: Int] = [:]
  private var read: [ValueID: Int] = [:]
  /// For each value whether it depends on the reader.
  private var isLater: [Bool]

  init(
    _ forward: Scan, _ operation: Operation, _ reader: Scan, _ readerOperation: Operation,
    in function: Function
  ) {
    self.function = function
    self.forward = forward
    self.reader = reader
    definitions = function.definitions()
    for (position, result) in operation.results.enumerated().dropFirst(forward.carryCount) {
      saved[result] = position
    }
    for (position, result) in readerOperation.results.enumerated().dropFirst(reader.carryCount) {
      read[result] = position
    }
    isLater = [Bool](repeating: false, count: function.types.count)
    for result in readerOperation.results { isLater[result.index] = true }
    for other in function.operations
    where other.operands.contains(where: { [isLater] in isLater[$0.index] }) {
      for result in other.results { isLater[result.index] = true }
    }
  }

  /// A sum that an operation is; nil for others.
  func sum(_ operation: Operation) -> StackedSum? {
    guard case .scan(let scan) = operation.op, scan.isReversed == reader.isReversed,
      (2...forward.length).contains(scan.length), forward.length.isMultiple(of: scan.length),
      operation.results.count == scan.carryCount,
      operation.operands[..<scan.carryRange.upperBound].allSatisfy({ !isLater[$0.index] })
    else { return nil }
    let parts = Array(operation.operands[scan.carryRange.upperBound...])
    let length = forward.length / scan.length
    let sources = parts.compactMap { source(of: $0, length) }
    let isJoint = sources.contains { if case .other = $0 { false } else { true } }
    guard sources.count == parts.count, isJoint else { return nil }
    return StackedSum(
      scan: scan, operation: operation, sources: sources, parts: parts, partLength: length)
  }

  /// What a stack of parts of so many steps is made of.
  private func source(of parts: ValueID, _ length: Int) -> StackedSum.Source? {
    guard let position = definitions[parts.index],
      case .shape(.reshape(let shape)) = function.operations[position].op
    else { return nil }
    let whole = function.operations[position].operands[0]
    guard function[whole].shape.first == forward.length, shape.count > 1, shape[1] == length,
      shape[2...].elementsEqual(function[whole].shape.dropFirst())
    else { return nil }
    if let position = saved[whole] { return .saved(position) }
    if let position = read[whole] { return .read(position) }
    return isLater[whole.index] ? nil : .other(whole)
  }
}
