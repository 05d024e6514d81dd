internal import LoopIR
internal import TensorIR

/// Makes kernels that compute single values of a function from others in memory, element by element.
///
/// A value has a recipe where its formula holds no sum: its elements then have the same bits in whatever
/// kernel they are computed.
struct RecipeBook {
  private let graph: Graph
  private var planner: KernelPlanner
  private let comparedValues: Set<ValueID>
  /// The results of the operations that read each value.
  private lazy var users = graph.function.resultsByOperand
  private let results: Set<ValueID>
  /// What is known already, for all copies of the book.
  private let known = Answers()

  /// What values are computed from, nil where they have no recipe.
  private final class Answers {
    @exclusivity(unchecked) var inputs: [ValueID: Set<ValueID>?] = [:]
  }

  /// A book for what a planner has planned.
  init(_ planner: KernelPlanner, comparedValues: Set<ValueID>) {
    graph = planner.graph
    self.planner = planner
    self.comparedValues = comparedValues
    results = Set(graph.function.results)
  }

  /// What a value is computed from; nil where it has no recipe.
  mutating func inputs(of value: ValueID) -> Set<ValueID>? {
    if let known = known.inputs[value] { return known }
    let inputs = newInputs(of: value)
    known.inputs[value] = .some(inputs)
    return inputs
  }

  private mutating func newInputs(of value: ValueID) -> Set<ValueID>? {
    guard let operation = graph.operation(value), graph.comprehension(value) != nil,
      planner.contracts[value] == nil, !operation.op.isUpdate, operation.op.regions.isEmpty
    else { return nil }
    let audit = planner.audit(Root(value: value))
    guard audit.folds.isEmpty, audit.impossible.isEmpty, audit.crowded.isEmpty,
      planner.repeated(audit, value).isEmpty, !audit.reads.contains(value),
      isExact(Set(audit.inside)), audit.breaks.isEmpty || !choosesProducts(Set(audit.inside))
    else { return nil }
    return Set(audit.reads)
  }

  // MARK: Rounding

  /// A broadcast by at least this factor has loops of its own, so that what it repeats is computed
  /// outside of them.
  private static let loopExtent = 32

  /// Whether a kernel that computes some values rounds as any other that does.
  ///
  /// Code generation contracts a product with the sum that it is a term of, where nothing else uses the
  /// product. So a product that is a term must have no use but by what the kernel computes, or be
  /// computed outside of the sum's loops.
  private mutating func isExact(_ inside: Set<ValueID>) -> Bool {
    for value in inside {
      guard let operation = graph.operation(value), operation.op.isSum else { continue }
      for product in products(operation.operands, in: inside) {
        let repetition = graph.type(value).count / max(graph.type(product).count, 1)
        guard repetition >= Self.loopExtent || isUsed(product, onlyIn: inside) else {
          return false
        }
      }
    }
    return true
  }

  /// Whether a sum takes products at some of its indices only. Loops that are split where these begin contract
  /// such a product, those that are not choose it, rounded, or zero.
  private func choosesProducts(_ inside: Set<ValueID>) -> Bool {
    inside.contains { value in
      guard let operation = graph.operation(value), operation.op.isSum else { return false }
      var pending = operation.operands.map { (value: $0, isChosen: false) }
      while let (value, isChosen) = pending.popLast() {
        guard inside.contains(value), let operation = graph.operation(value) else { continue }
        if operation.op.isProduct {
          if isChosen { return true }
        } else if operation.op.isTransparent || operation.op.isChoice {
          pending += operation.operands.map { ($0, isChosen || operation.op.isChoice) }
        }
      }
      return false
    }
  }

  /// The products that operands of a sum are, seen through what only moves or negates them.
  private func products(_ operands: [ValueID], in inside: Set<ValueID>) -> [ValueID] {
    var products: [ValueID] = []
    var pending = operands
    while let value = pending.popLast() {
      guard inside.contains(value), let operation = graph.operation(value) else { continue }
      if operation.op.isProduct {
        products.append(value)
      } else if operation.op.isTransparent {
        pending += operation.operands
      }
    }
    return products
  }

  /// Whether all that uses a product, or the product moved or negated, is inside.
  private mutating func isUsed(_ product: ValueID, onlyIn inside: Set<ValueID>) -> Bool {
    var pending = [product]
    while let value = pending.popLast() {
      if results.contains(value) { return false }
      for user in users[value] ?? [] {
        guard inside.contains(user) else { return false }
        if graph.operation(user)?.op.isTransparent == true { pending.append(user) }
      }
    }
    return true
  }

  /// The kernel that writes a value to a buffer; nil where it needs a constant that no buffer holds.
  ///
  /// - Parameter isSplit: whether axes are split where a condition changes.
  mutating func kernel(
    of value: ValueID, to destination: BufferID, reading buffers: [ValueID: BufferID],
    constants: [Literal: BufferID], isSplit: Bool = true
  ) -> Kernel? {
    var known: [ValueID: BufferID] = [:]
    for operation in graph.function.operations {
      guard case .constant(let literal) = operation.op, !literal.isSplat else { continue }
      known[operation.result] = constants[literal]
    }
    var all = buffers
    all[value] = destination
    let nest = NestBuilder(
      name: "draft", graph: graph, buffers: all, available: Set(buffers.keys), constants: known,
      comparedValues: comparedValues)
    let type = graph.type(value)
    let memory = nest.slot(destination)
    let root = isSplit ? split(value) : Root(value: value)
    for (loops, indices) in root.nests(in: nest.variables, shape: type.shape) {
      let scope = nest.descend(from: nest.root, loops) { level in
        indices.map { nest.phase(of: value, at: $0, at: level) }.max() ?? 0
      }.innermost
      for index in indices {
        let scalar = nest.scalar(of: value, at: index, in: scope)
        nest.store(scalar, to: memory, nest.address(index, shape: type.shape), in: scope)
      }
    }
    guard !nest.lacksConstant else { return nil }
    return nest.finished(
      sources: [graph.operation(value)?.location].compactMap { $0 }.filter(\.isKnown))
  }

  /// A value with its axes split as where it is computed first, but for the outermost one, whose loop
  /// threads share.
  private mutating func split(_ value: ValueID) -> Root {
    let root = Root(value: value)
    let split = planner.split(root, planner.audit(root))
    let outermost = graph.type(value).shape.firstIndex { $0 != 1 } ?? 0
    return split.splits.indices.contains(outermost) && split.splits[outermost].isEmpty
      ? split : root
  }
}

extension Function {
  /// The results of the operations that read each value.
  fileprivate var resultsByOperand: [ValueID: [ValueID]] {
    var users: [ValueID: [ValueID]] = [:]
    for operation in operations {
      for operand in operation.operands { users[operand, default: []] += operation.results }
    }
    return users
  }
}

extension Op {
  /// Whether the op adds floats: where a product may be contracted.
  fileprivate var isSum: Bool {
    switch self {
    case .binary(.add), .binary(.subtract): return true
    case .reduce(let reduction): return reduction.kind == .add
    default: return false
    }
  }

  /// Whether the op is a product of numbers, or may become one.
  fileprivate var isProduct: Bool {
    switch self {
    case .binary(.multiply), .binary(.power), .unary(.square): return true
    default: return false
    }
  }

  /// Whether elements are those of one operand or another, as indices say.
  fileprivate var isChoice: Bool {
    switch self {
    case .select, .shape(.pad), .shape(.concatenate): return true
    default: return false
    }
  }

  /// Whether elements are the operand's at other indices, or their negatives.
  fileprivate var isTransparent: Bool {
    switch self {
    case .shape, .unary(.negate), .unary(.stopGradient): return true
    default: return false
    }
  }
}
