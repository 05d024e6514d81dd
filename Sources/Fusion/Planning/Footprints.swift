internal import LoopIR
internal import TensorIR

/// What elementwise values are made of, found along the operations, to tell which are better stored.
///
/// A state that is carried from step to step of an unrolled loop is computed from what all steps
/// before made. Each kernel that needs it would read all of that again, so the work would grow with
/// the square of the steps; it is read from memory instead.
struct Footprints {
  private let graph: Graph
  /// What is read to compute a value that is not stored.
  private var parts: [ValueID: [Part]] = [:]
  /// How many operations and results use a value.
  private let useCounts: [Int]
  /// Some of the products, reductions, scatters and results that a value is computed for.
  private var purposes: [ValueID: [ValueID]] = [:]

  /// Memory that a value is computed from, and the bytes of it that are read.
  private struct Part {
    var source: ValueID
    var byteCount: Int
  }

  /// So many parts of a value are counted.
  private static let partLimit = 8
  /// So many purposes of a value are told apart.
  private static let purposeLimit = 2
  /// A value is stored that is computed from so many times its own bytes.
  private static let storedRatio = 4
  /// Smaller values are not worth a store.
  private static let leastByteCount = 256

  init(_ graph: Graph) {
    self.graph = graph
    useCounts = graph.function.useCounts()
    for result in graph.function.results { addPurpose(result, to: result) }
    for operation in graph.function.operations.reversed() {
      for operand in operation.operands {
        guard !graph.isElementwise(operation) else {
          for purpose in purposes[operation.result] ?? [] { addPurpose(purpose, to: operand) }
          continue
        }
        addPurpose(operation.result, to: operand)
      }
    }
  }

  private mutating func addPurpose(_ purpose: ValueID, to value: ValueID) {
    let known = purposes[value] ?? []
    if known.count < Self.purposeLimit, !known.contains(purpose) {
      purposes[value] = known + [purpose]
    }
  }

  /// Notes an operation behind all those it reads from.
  ///
  /// - Returns: whether its result is better stored.
  mutating func note(_ operation: Operation, isStored: (ValueID) -> Bool) -> Bool {
    let value = operation.result
    guard !isStored(value), graph.isElementwise(operation), let formula = graph.comprehension(value)
    else { return false }
    let byteCount = graph.type(value).byteCount
    var own = [Part]()
    for operand in operation.operands where graph.literal(operand) == nil {
      let whole = [Part(source: operand, byteCount: graph.type(operand).byteCount)]
      for part in parts[operand] ?? whole where own.count < Self.partLimit {
        let read = formula.isRenaming ? min(part.byteCount, byteCount) : part.byteCount
        if let known = own.firstIndex(where: { $0.source == part.source }) {
          own[known].byteCount = max(own[known].byteCount, read)
        } else {
          own.append(Part(source: part.source, byteCount: read))
        }
      }
    }
    let total = own.reduce(0) { $0.addingCapped($1.byteCount) }
    if !formula.isRenaming, byteCount >= Self.leastByteCount, useCounts[value.index] > 1,
      (purposes[value] ?? []).count > 1, total / Self.storedRatio >= byteCount
    {
      return true
    }
    parts[value] = own
    return false
  }
}

extension Graph {
  /// Whether an operation's result is computed element by element where it is needed.
  fileprivate func isElementwise(_ operation: Operation) -> Bool {
    guard operation.results.count == 1, let formula = comprehension(operation.result) else {
      return false
    }
    if case .gather = operation.op { return false }
    return formula.fold?.isUnrolled ?? true
  }
}

extension Comprehension {
  /// Whether the elements are an operand's at other indices.
  fileprivate var isRenaming: Bool {
    guard fold == nil else { return false }
    switch body {
    case .read, .constant, .index: return true
    case .apply, .guarded, .pieces: return false
    }
  }
}
