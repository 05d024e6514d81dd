internal import LoopIR
internal import Targets
internal import TensorIR

/// One kernel to be built: what it writes and how.
struct KernelPlan {
  enum Kind {
    /// Loops that store roots.
    case nest
    /// A register-tiled product, whose finished elements the roots are computed from.
    case contract(ValueID)
    /// A copy of the operand with updates combined into computed places.
    case scatter(ValueID)
  }

  var kind: Kind
  var roots: [Root]
  /// Values read from memory that other kernels write.
  var reads: Set<ValueID>
  /// The extent of the outermost loop; nil where there is none.
  var outerExtent: Int?
}

/// Decides which values are computed into memory, and which of them share a kernel.
///
/// A value is a root where the function returns it, where a product or scatter reads or makes it,
/// and where computing it inside its consumers would repeat a reduction. Everything else is
/// computed inside the kernels that need it. Roots share a kernel where their outermost loops are
/// the same and they read the same memory or one another.
struct KernelPlanner {
  let graph: Graph
  let forced: Set<ValueID>
  private(set) var roots: [ValueID: Root] = [:]
  private(set) var contracts: [ValueID: ContractionShape] = [:]
  /// How many kernels, once planned, read a product from memory.
  private(set) var readers: [ValueID: Int] = [:]
  let target: TargetDescription

  /// Reductions of fewer elements than this in all may be repeated rather than stored.
  private static let repetitionLimit = 100
  /// Costly functions computed this often, in hundredths, are stored instead.
  private static let costlyRepetitionLimit = 400
  /// Values of at most this many elements may be stored one by one.
  private static let unrolledCount = 16
  /// Scattered reductions add into memory of at most this many elements.
  private static let scatteredCount = 1 << 16

  init(_ graph: Graph, forced: Set<ValueID>, target: TargetDescription) {
    self.graph = graph
    self.forced = forced
    self.target = target
  }

  private var inMemory: Set<ValueID> { Set(roots.keys).union(graph.function.parameters) }

  /// The kernels in execution order.
  ///
  /// - Throws: `AdjointError` where a call is left.
  mutating func plan() throws -> [KernelPlan] {
    try addNecessaryRoots()
    addRootsForRepeatedFolds()
    var kernels = partition()
    for _ in 0..<4 {
      let shared = sharedFolds(kernels)
      if shared.isEmpty { break }
      for value in shared { addRoot(value) }
      addRootsForRepeatedFolds()
      kernels = partition()
    }
    for kernel in kernels { for value in kernel.reads { readers[value, default: 0] += 1 } }
    return kernels
  }

  // MARK: Roots

  private mutating func addRoot(_ value: ValueID) {
    if roots[value] == nil, graph.definitions[value.index] != nil {
      roots[value] = Root(value: value)
    }
  }

  private mutating func addNecessaryRoots() throws {
    let function = graph.function
    for value in function.results { addRoot(value) }
    for operation in function.operations {
      switch operation.op {
      case .call(let callee):
        throw AdjointError(
          .unsupported, "the call of @\(callee.name) was not inlined", at: operation.location)
      case .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier, .whileLoop, .branch, .scan:
        throw AdjointError(
          .unsupported, "\(operation.op.mnemonic) has no native code yet", at: operation.location)
      case .scatter: addRoot(operation.result)
      case .dot(let dimensions):
        let types = operation.operands.map { function[$0] }
        if ContractionShape.isWorthwhile(dimensions, types[0], types[1]) {
          addContract(operation.result)
        }
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .shape, .reduce,
        .gather:
        if forced.contains(operation.result) { addRoot(operation.result) }
      }
    }
  }

  private mutating func addContract(_ dot: ValueID) {
    let stored = forced.union(roots.keys)
    let isInMemory = { (value: ValueID) in stored.contains(value) }
    var inlined = Set<ValueID>()
    for operand in graph.operation(dot)?.operands ?? [] {
      let base = graph.base(of: operand, until: isInMemory)
      if !isInMemory(base), isBetterInlined(base, in: dot, until: isInMemory) {
        inlined.insert(base)
      }
    }
    guard let shape = graph.contractionShape(dot, until: isInMemory, inlining: inlined) else {
      return
    }
    for value in shape.reads.sorted() { addRoot(value) }
    addRoot(dot)
    contracts[dot] = shape
  }

  /// Makes reductions roots that a root would compute more often than once per element.
  private mutating func addRootsForRepeatedFolds() {
    var pending = roots.keys.sorted()
    while let value = pending.popLast() {
      if contracts[value] != nil { continue }
      if isAssembledFromPieces(value) { roots[value]?.form = .unrolled }
      if case .scatter? = graph.operation(value)?.op {
        for operand in graph.operation(value)?.operands ?? [] {
          var audit = audit(Root(value: operand), besides: [])
          while let crowded = latest(audit.crowded) {
            addRoot(crowded)
            pending.append(crowded)
            audit = self.audit(Root(value: operand), besides: [])
          }
          for repeated in audit.folds.keys where repeated != operand || !audit.folds.isEmpty {
            if roots[repeated] == nil {
              addRoot(repeated)
              pending.append(repeated)
            }
          }
          for value in audit.impossible where roots[value] == nil {
            addRoot(value)
            pending.append(value)
          }
        }
        continue
      }
      unrollShortAxes(value)
      let natural = audit(roots[value] ?? Root(value: value), besides: [value])
      if let crowded = latest(natural.crowded) {
        addRoot(crowded)
        pending += [value, crowded]
        continue
      }
      var chosen = natural
      if let root = scattered(value), !repeated(natural, value).isEmpty || readsLongColumns(root) {
        let alternative = audit(root, besides: [value])
        if repeated(alternative, value).isEmpty, alternative.crowded.isEmpty {
          roots[value] = root
          chosen = alternative
        }
      }
      for next in repeated(chosen, value).union(chosen.impossible) where roots[next] == nil {
        addRoot(next)
        pending.append(next)
      }
    }
  }

  /// The value nearest to the root that would be computed at too many places and is no root yet.
  private func latest(_ crowded: Set<ValueID>) -> ValueID? {
    crowded.filter { roots[$0] == nil && graph.definitions[$0.index] != nil }.max(by: precedes)
  }

  /// Whether a value is a few elements that each come from elsewhere, so that loops over them would
  /// only choose between pieces.
  private func isAssembledFromPieces(_ value: ValueID) -> Bool {
    guard graph.type(value).count <= Self.unrolledCount else { return false }
    switch graph.operation(value)?.op {
    case .shape(.concatenate), .shape(.pad): return true
    default: return false
    }
  }

  /// Lets short axes of a root that contains reductions share the reductions' loops.
  private mutating func unrollShortAxes(_ value: ValueID) {
    guard let root = roots[value], case .natural = root.form, root.unrolledAxes.isEmpty else {
      return
    }
    let shape = graph.type(value).shape
    let short = shape.indices.filter { (2...Comprehension.Fold.unrolledCount).contains(shape[$0]) }
    guard !short.isEmpty, short.count < shape.count, !audit(root, besides: [value]).folds.isEmpty
    else { return }
    roots[value]?.unrolledAxes = [short[short.count - 1]]
  }

  /// Values other than the root itself that would be computed too often: reductions more than once
  /// per element, costly functions several times.
  private func repeated(_ audit: Audit, _ root: ValueID) -> Set<ValueID> {
    let folds = audit.folds.filter { value, repetition in
      value != root && (repetition > Self.repetitionLimit || graph.type(value).isScalar)
    }
    let costly = audit.costly.filter { value, repetition in
      value != root && repetition >= Self.costlyRepetitionLimit
    }
    return Set(folds.keys).union(costly.keys)
  }

  private func audit(_ root: Root, besides own: Set<ValueID>) -> Audit {
    let audit = Audit(graph, inMemory: inMemory.subtracting(own))
    audit.walk(root)
    return audit
  }

  /// The root laid out over all axes of the largest operand, in that operand's order, where it is a
  /// sum that can be.
  private func scattered(_ value: ValueID) -> Root? {
    guard let operation = graph.operation(value), let formula = graph.comprehension(value),
      let fold = formula.fold, !fold.isUnrolled, fold.kind == .add,
      fold.initialOperand.map({ graph.isIdentity(operation.operands[$0], of: fold.kind) }) ?? true
    else { return nil }
    let type = graph.type(value)
    guard !type.isScalar, type.count <= Self.scatteredCount else { return nil }
    let extents = type.shape + fold.extents
    let orders = formula.body.reads.compactMap { operand, index in
      index.permutation(of: extents.count).map { (graph.type(operation.operands[operand]), $0) }
    }
    guard let (_, order) = orders.max(by: { $0.0.byteCount < $1.0.byteCount }),
      order != Array(extents.indices)
    else { return nil }
    return Root(value: value, form: .scattered(Root.Axes(extents: extents, order: order)))
  }

  /// Whether a sum in its natural form would walk down long columns, whose elements lie far apart.
  private func readsLongColumns(_ root: Root) -> Bool {
    guard case .scattered(let axes) = root.form else { return false }
    let kept = graph.type(root.value).count
    return axes.extents.reduce(1, *) / max(kept, 1) >= Self.longColumn
  }

  /// The rows of a column from which on it is summed row by row.
  private static let longColumn = 1024

  // MARK: Partition

  private func partition() -> [KernelPlan] {
    var kernels = [KernelPlan]()
    /// The kernel that writes a value.
    var writers: [ValueID: Int] = [:]
    for value in roots.keys.sorted(by: precedes) {
      guard let root = roots[value], graph.type(value).count > 0 else { continue }
      let kind: KernelPlan.Kind
      var reads: Set<ValueID>
      if let shape = contracts[value] {
        kind = .contract(value)
        reads = shape.reads
      } else if case .scatter? = graph.operation(value)?.op {
        kind = .scatter(value)
        reads = []
        for operand in graph.operation(value)?.operands ?? [] {
          reads.formUnion(
            inMemory.contains(operand)
              ? [operand] : audit(Root(value: operand), besides: []).reads)
        }
      } else {
        if let home = home(for: root, in: kernels, writers: writers) {
          kernels[home.kernel].roots.append(home.root)
          kernels[home.kernel].reads.formUnion(home.reads)
          writers[value] = home.kernel
          continue
        }
        kind = .nest
        reads = audit(root, besides: [value]).reads
      }
      writers[value] = kernels.count
      let extents = root.extents(in: graph).filter { $0 != 1 }
      kernels.append(
        KernelPlan(kind: kind, roots: [root], reads: reads, outerExtent: extents.first))
    }
    return kernels
  }

  private func precedes(_ left: ValueID, _ right: ValueID) -> Bool {
    (graph.definitions[left.index] ?? -1) < (graph.definitions[right.index] ?? -1)
  }

  /// The kernel a root is best computed in along with others, and the form it takes there.
  private func home(
    for root: Root, in kernels: [KernelPlan], writers: [ValueID: Int]
  ) -> (kernel: Int, root: Root, reads: Set<ValueID>)? {
    let forms = [root] + [scattered(root.value)].compactMap { $0 }
    var best: (kernel: Int, root: Root, reads: Set<ValueID>)?
    var bestBytes = 0
    let alone = audit(root, besides: [root.value])
    let latest = alone.reads.compactMap { writers[$0] }.max() ?? 0
    for position in kernels.indices.reversed() where position >= latest {
      let kernel = kernels[position]
      if case .scatter = kernel.kind { continue }
      for form in forms {
        guard let (reads, bytes) = fit(form, into: kernel, at: position, writers: writers),
          bytes > bestBytes
        else { continue }
        best = (position, form, reads)
        bestBytes = bytes
        break
      }
    }
    return best
  }

  /// What a root would read in a kernel, and the bytes it shares with it; nil where it cannot join.
  private func fit(
    _ root: Root, into kernel: KernelPlan, at position: Int, writers: [ValueID: Int]
  ) -> (Set<ValueID>, sharedBytes: Int)? {
    let written = Set(kernel.roots.map(\.value))
    var own = written
    own.insert(root.value)
    if case .contract(let dot) = kernel.kind {
      guard case .natural = root.form, graph.type(root.value).shape == graph.type(dot).shape else {
        return nil
      }
      own.remove(dot)
      let audit = audit(root, besides: own)
      guard audit.folds.isEmpty, audit.impossible.isEmpty, audit.crowded.isEmpty,
        audit.reads.contains(dot),
        audit.readsOnlyInPlace(dot), isBefore(audit.reads.subtracting([dot]), position, writers)
      else { return nil }
      // The product is neither written nor read again.
      return (audit.reads.subtracting([dot]), 2 * graph.type(dot).byteCount)
    }
    let outer = root.extents(in: graph).first { $0 != 1 }
    if outer == nil, kernel.outerExtent != nil {
      let audit = audit(root, besides: [root.value])
      return follows(kernel, audit)
        && isBefore(audit.reads.subtracting(written), position, writers)
        ? (audit.reads.subtracting(written), 1) : nil
    }
    guard outer == kernel.outerExtent else { return nil }
    let audit = audit(root, besides: own)
    guard repeated(audit, root.value).isEmpty, audit.impossible.isEmpty, audit.crowded.isEmpty,
      isBefore(audit.reads, position, writers)
    else { return nil }
    let usesWritten =
      !audit.folds.keys.filter { written.contains($0) }.isEmpty
      || !audit.computed.isDisjoint(with: written)
    if usesWritten {
      let scattered = kernel.roots.contains { other in
        guard audit.folds[other.value] != nil || audit.computed.contains(other.value) else {
          return false
        }
        if case .scattered = other.form { return true }
        return false
      }
      if scattered { return nil }
    }
    let shared = audit.reads.intersection(kernel.reads)
    var bytes = shared.reduce(0) { $0 + graph.type($1).byteCount }
    for value in audit.computed.union(audit.folds.keys) where written.contains(value) {
      bytes += graph.type(value).byteCount
    }
    // Straight-line code always shares a kernel: nothing is repeated, and calls are saved.
    if outer == nil { return (audit.reads, bytes + 1) }
    let total = audit.reads.reduce(0) { $0 + graph.type($1).byteCount }
    return bytes * 4 >= total && bytes > 0 ? (audit.reads, bytes) : nil
  }

  /// Whether straight-line code can stand behind the loops of a kernel: it needs sums over all of
  /// them, and nothing else that the kernel writes.
  private func follows(_ kernel: KernelPlan, _ audit: Audit) -> Bool {
    let needed = kernel.roots.filter { audit.reads.contains($0.value) }
    return !needed.isEmpty && needed.allSatisfy { graph.type($0.value).isScalar && !$0.isScattered }
      && audit.folds.isEmpty && audit.impossible.isEmpty && audit.crowded.isEmpty
  }

  /// Whether all values are parameters or written by kernels before `position`.
  private func isBefore(
    _ values: Set<ValueID>, _ position: Int, _ writers: [ValueID: Int]
  ) -> Bool {
    values.allSatisfy { value in
      graph.definitions[value.index] == nil || (writers[value] ?? Int.max) < position
    }
  }

  /// Reductions that more than one kernel would compute for itself.
  private func sharedFolds(_ kernels: [KernelPlan]) -> Set<ValueID> {
    var uses: [ValueID: Int] = [:]
    for kernel in kernels {
      guard case .nest = kernel.kind else { continue }
      let own = Set(kernel.roots.map(\.value))
      var folds = Set<ValueID>()
      for root in kernel.roots { folds.formUnion(audit(root, besides: own).folds.keys) }
      for value in folds where roots[value] == nil { uses[value, default: 0] += 1 }
    }
    return Set(uses.filter { $0.value > 1 }.keys)
  }
}
