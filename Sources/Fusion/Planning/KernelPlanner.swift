internal import LoopIR
internal import Targets
internal import TensorIR

/// Decides which values are computed into memory, and which of them share a kernel.
///
/// A value is a root where the function returns it, where a product or scatter reads or makes it,
/// and where computing it inside its consumers would repeat a reduction. Everything else is
/// computed inside the kernels that need it. Roots share a kernel where their outermost loops are
/// the same and they read the same memory or one another.
struct KernelPlanner {
  let graph: Graph
  let forced: Set<ValueID>
  /// Values that are in memory.
  let stored: StoredValues
  private(set) var roots: [ValueID: Root] = [:]
  private(set) var contracts: [ValueID: ContractionShape] = [:]
  /// Roots that come before an update which stands in front of them, and its place.
  var earlyRoots: [ValueID: Int] = [:]
  /// How many kernels, once planned, read a product from memory.
  private(set) var readers: [ValueID: Int] = [:]
  /// Roots of few bytes that several nests of loops need.
  private(set) var sharedScalars: Set<ValueID> = []
  let target: TargetDescription
  /// How many demands of nests were looked at.
  private(set) var steps = 0
  /// What roots take in kernels of their own, as long as no value inside becomes a root itself.
  private var audits: [[KnownAudit]]
  /// What was found for subgraphs that are equal.
  private var knownFindings = KnownFindings()
  /// Numbers the values that a nest needs.
  let numbers: ValueNumbers
  /// Describes subgraphs.
  let subgraphs: SubgraphTable
  /// How many products have a value, or a renaming of it, as a factor.
  let productCounts: [ValueID: Int]
  /// Whether `decisions` is kept.
  private let explains: Bool
  /// What was weighed for each value in memory and each kernel, in order.
  private(set) var decisions: [String] = []

  init(
    _ graph: Graph, forced: Set<ValueID>, target: TargetDescription, explains: Bool = false
  ) {
    self.explains = explains
    self.graph = graph
    self.forced = forced
    self.target = target
    stored = StoredValues(graph.function)
    audits = [[KnownAudit]](repeating: [], count: graph.function.types.count)
    subgraphs = SubgraphTable(graph)
    numbers = ValueNumbers(count: graph.function.types.count)
    productCounts = graph.productCounts
  }

  /// The kernels in execution order.
  ///
  /// - Throws: `AdjointError` where a call is left.
  mutating func plan() throws -> [KernelPlan] {
    try addNecessaryRoots()
    addRootsForRepeatedFolds()
    // What is stored for other reasons may be read by what goes on from it at one step after the other.
    if addRootsOfManyParts() { addRootsForRepeatedFolds() }
    if addRootsOfNeighbours() { addRootsForRepeatedFolds() }
    var kernels = partition()
    for _ in 0..<4 {
      let shared = sharedFolds(kernels)
      if shared.isEmpty { break }
      for value in shared.sorted() {
        explain("v\(value.index) is stored: several kernels would reduce it")
        addRoot(value)
      }
      addRootsForRepeatedFolds()
      kernels = partition()
    }
    for kernel in kernels { for value in kernel.reads { readers[value, default: 0] += 1 } }
    explain(kernels)
    return kernels
  }

  /// Keeps what was weighed for a decision.
  private mutating func explain(_ decision: @autoclosure () -> String) {
    if explains { decisions.append(decision()) }
  }

  /// Keeps which roots share a kernel, and the bytes that they would read or write more without it.
  private mutating func explain(_ kernels: [KernelPlan]) {
    guard explains else { return }
    for kernel in kernels where kernel.roots.count > 1 {
      let names = kernel.roots.map { "v\($0.value.index)" + ($0.isScattered ? " (scattered)" : "") }
      let order = kernel.order.map { ", loops in the order \($0)" } ?? ""
      decisions.append(
        "\(names.joined(separator: ", ")) share a kernel: \(kernel.sharedBytes) bytes\(order)")
    }
  }

  // MARK: Roots

  mutating func addRoot(_ value: ValueID) {
    if roots[value] == nil, graph.definitions[value.index] != nil {
      roots[value] = Root(value: value)
      stored.insert(value)
    }
  }

  private mutating func addNecessaryRoots() throws {
    let function = graph.function
    for value in function.results { addRoot(value) }
    let footprints = Footprints(graph, isStored: { [forced] in forced.contains($0) })
    for operation in function.operations {
      _ = addRoot(ofManyParts: operation, footprints)
      switch operation.op {
      case .call(let callee):
        throw AdjointError(
          .unsupported, "the call of @\(callee.name) was not inlined", at: operation.location)
      case .custom(let custom):
        throw AdjointError(
          .unsupported, "\(custom.kind.rawValue) was not written out", at: operation.location)
      case .optimizationBarrier:
        preconditionFailure("barriers are gone before kernels are planned")
      case .whileLoop, .branch, .scan, .matrix, .order, .foreign: addRoots(of: operation)
      case .scatter, .dynamicUpdateSlice: addRoot(operation.result)
      case .dot(let dimensions):
        let types = operation.operands.map { function[$0] }
        if ContractionShape.isWorthwhile(dimensions, types[0], types[1]) {
          addContract(operation.result)
        }
      case .convolution(let convolution):
        let types = operation.operands.map { function[$0] }
        if convolution.isWorthwhile(types[0], types[1], function[operation.result]) {
          addContract(operation.result)
        }
        if forced.contains(operation.result) { addRoot(operation.result) }
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
        .fft, .shape, .reduce, .gather, .dynamicSlice, .window:
        if forced.contains(operation.result) { addRoot(operation.result) }
      }
    }
    addRootsOfReshapedStacks()
    addRootsOfProductSums()
    addRootsOfPartsBesideUpdates()
  }

  /// Makes a root of an operation's result where it is better read than made of its parts again.
  private mutating func addRoot(
    ofManyParts operation: Operation, _ footprints: Footprints
  ) -> Bool {
    let isStored = { [stored, forced] (value: ValueID) in
      stored.contains(value) || forced.contains(value)
    }
    guard footprints.note(operation, isStored: isStored) else { return false }
    let value = operation.result
    let isLaidOut = footprints.laidOut.contains(value)
    let reason = isLaidOut ? "read it across memory" : "would make it of its parts"
    explain("v\(value.index) is stored: several nests \(reason)")
    addRoot(value)
    if isLaidOut { roots[value]?.form = .laidOut }
    if footprints.isSmall(value) { sharedScalars.insert(value) }
    return true
  }

  /// Makes roots of what is better read than made of its parts, now that more of these are in memory.
  private mutating func addRootsOfManyParts() -> Bool {
    let footprints = Footprints(graph, isStored: { [stored] in stored.contains($0) })
    var isNew = false
    for operation in graph.function.operations where addRoot(ofManyParts: operation, footprints) {
      isNew = true
    }
    return isNew
  }

  /// Makes roots of what several roots would compute for neighbours.
  private mutating func addRootsOfNeighbours() -> Bool {
    var neighbours = Neighbours(graph) { [stored] in stored.contains($0) }
    return !newRoots(Set(neighbours.storedValues())) { _ in
      "costly, and needed by neighbours"
    }.isEmpty
  }

  /// Makes roots of what a loop or branch gives and takes; constants that it starts from are written
  /// where it starts.
  private mutating func addRoots(of operation: Operation) {
    for value in operation.results { addRoot(value) }
    for value in operation.operands where graph.literal(value) == nil { addRoot(value) }
    for position in operation.op.addressedOperands(among: operation.operands.count) {
      addRoot(operation.operands[position])
    }
  }

  /// The position of the loop or branch that a value is a result of; nil for other values.
  func control(_ value: ValueID) -> Int? {
    guard let position = graph.definitions[value.index],
      graph.function.operations[position].op.isStep
    else { return nil }
    return position
  }

  private mutating func addContract(_ dot: ValueID) {
    let isInMemory = { [forced, stored] (value: ValueID) in
      stored.contains(value) || forced.contains(value)
    }
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

  /// Makes values roots that a root would compute too often.
  private mutating func addRootsForRepeatedFolds() {
    var pending = roots.keys.sorted()
    while let value = pending.popLast() {
      guard contracts[value] == nil, control(value) == nil, let root = roots[value] else {
        continue
      }
      if let operation = graph.operation(value), operation.op.isUpdate {
        for operand in operation.operands { pending += addRoots(inOperand: operand) }
        pending += addRoots(ofUpdatesIn: operation)
        continue
      }
      if isAssembledFromPieces(value) {
        roots[value]?.form = .unrolled
      } else {
        roots[value] = sharingLoops(root)
      }
      pending += addRoots(in: value)
    }
  }

  /// Makes values roots that the kernels of a scatter should not compute for one of its operands.
  ///
  /// - Returns: the new roots.
  private mutating func addRoots(inOperand operand: ValueID) -> [ValueID] {
    var added = [ValueID]()
    var audit = audit(ofOperand: operand)
    while true {
      let crowded = newRoots(Set(audit.crowded))
      if crowded.isEmpty { break }
      added += crowded
      audit = self.audit(ofOperand: operand)
    }
    return added + newRoots(Set(audit.impossible).union(audit.folds.map(\.value)))
  }

  /// Makes roots of the updates that are computed from the tensor which they change, so that they are
  /// there before the first of them changes it in place.
  ///
  /// - Returns: the new roots.
  private mutating func addRoots(ofUpdatesIn operation: Operation) -> [ValueID] {
    guard stored.contains(operation.operands[0]), changesLittle(operation) else { return [] }
    let readers = operation.operands.dropFirst().filter { operand in
      !stored.contains(operand)
        && audit(ofOperand: operand).reads.contains(operation.operands[0])
    }
    return newRoots(Set(readers))
  }

  /// Whether a tensor is better changed in place than copied with what an update makes of it: always by a
  /// window, by a scatter where it changes less than half of the elements.
  private func changesLittle(_ update: Operation) -> Bool {
    if case .dynamicUpdateSlice = update.op { return true }
    let counts = [update.operands[0], update.operands[update.operands.count - 1]].map {
      graph.type($0).count
    }
    return counts[1] < counts[0] / 2
  }

  /// Makes values roots that a root would compute too often, or that it cannot compute at all.
  ///
  /// - Returns: roots to look at next.
  private mutating func addRoots(in value: ValueID) -> [ValueID] {
    guard let root = roots[value] else { return [] }
    let natural = audit(root)
    let crowded = newRoots(Set(natural.crowded)) { _ in "needed at too many places" }
    if !crowded.isEmpty { return [value] + crowded }
    var chosen = natural
    if let root = scattered(value), !repeated(natural, value).isEmpty || readsLongColumns(root) {
      let alternative = audit(root)
      if repeated(alternative, value).isEmpty, alternative.crowded.isEmpty {
        roots[value] = root
        chosen = alternative
      }
    }
    // What is made of those is cheap then, and may be repeated too often all the same; what only they
    // are made of is not repeated any more.
    let stored = newRoots(repeatedFolds(chosen, value).union(chosen.impossible)) { stored in
      let fold = chosen.folds.first { $0.value == stored }
      return fold.map { "reduced \($0.count) % as often as it has elements" } ?? "no formula"
    }
    if !stored.isEmpty { return [value] + stored }
    let costly = newRoots(repeated(chosen, value)) { stored in
      let costly = chosen.costly.first { $0.value == stored }
      return "costly, computed \(costly?.count ?? 0) % as often as it has elements"
    }
    if !costly.isEmpty { return [value] + costly }
    let crossing = newRoots(crossingFolds(chosen, value)) { _ in
      "reduces along one axis what another reduction of the nest reads along another one"
    }
    return crossing.isEmpty ? [] : [value] + crossing
  }

  /// Makes roots of those values that are none yet, and returns them.
  private mutating func newRoots(
    _ values: Set<ValueID>, because reason: (ValueID) -> String = { _ in "taken by an update" }
  ) -> [ValueID] {
    let new = values.filter { roots[$0] == nil && graph.definitions[$0.index] != nil }.sorted()
    for value in new {
      let bytes = graph.type(value).byteCount
      explain("v\(value.index) is stored, \(bytes) bytes: \(reason(value))")
      addRoot(value)
    }
    return new
  }

  /// Values other than the root itself that would be computed too often: reductions more than once
  /// per element, costly functions several times.
  func repeated(_ audit: Audit.Findings, _ root: ValueID) -> Set<ValueID> {
    var repeated = repeatedFolds(audit, root)
    for costly in audit.costly where costly.value != root {
      if costly.count >= CostModel.Storing.costlyRepetitionLimit
        || isDearerThanMemory(costly.value, costly.total)
      {
        repeated.insert(costly.value)
      }
    }
    return repeated
  }

  /// Reductions other than the root itself that would be computed more than once per element.
  private func repeatedFolds(_ audit: Audit.Findings, _ root: ValueID) -> Set<ValueID> {
    Set(
      audit.folds.lazy.filter {
        $0.value != root
          && ($0.count > CostModel.Storing.repetitionLimit || self.graph.type($0.value).isScalar)
      }.map(\.value))
  }

  /// Reductions of a nest that read a table in memory along several of its axes, so that lanes of one of
  /// them are far apart for another one: each is better the sum of rows or of columns that it is.
  private func crossingFolds(_ audit: Audit.Findings, _ root: ValueID) -> Set<ValueID> {
    let folds = audit.folds.map(\.value).filter { $0 != root && !graph.type($0).isScalar }
    guard folds.count > 1 else { return [] }
    let isCrossed = audit.walks.contains { value, walk in
      walk.axisCount > 1 && graph.readByteCount(value) >= CostModel.Storing.leastCrossedBytes
    }
    return isCrossed ? Set(folds) : []
  }

  /// Whether a costly function is needed at several places, as of neighbours, and writing it and reading
  /// it back is less work than computing it at all of them.
  ///
  /// - Parameter total: how often each element is computed over all places; 100 is once.
  private func isDearerThanMemory(_ value: ValueID, _ total: Int) -> Bool {
    let count = graph.type(value).count
    let repeated = total - 100
    if count <= CostModel.Storing.shortCount {
      return repeated >= 100
        && repeated / 100 * count >= CostModel.Storing.leastRepeatedElements
    }
    let weight = graph.comprehension(value)?.weight ?? 0
    return repeated.multipliedCapped(by: weight) >= 100 * CostModel.Storing.costlyTripWeight
  }

  func precedes(_ left: ValueID, _ right: ValueID) -> Bool { place(of: left) < place(of: right) }

  /// What a root takes in a kernel of its own, with how many roots there were.
  private struct KnownAudit {
    var root: Root
    var findings: Audit.Findings
    var rootCount: Int
  }

  /// What a root takes in a kernel of its own.
  mutating func audit(_ root: Root) -> Audit.Findings {
    let place = audits[root.value.index].firstIndex { $0.root == root }
    if let place {
      let known = audits[root.value.index][place]
      if !isOutdated(known.findings, since: known.rootCount) {
        audits[root.value.index][place].rootCount = stored.order.count
        return known.findings
      }
    }
    let findings = audit(
      root, joining: Audit.Surroundings(own: [root.value]), limit: Self.ownLimit)
    let known = KnownAudit(root: root, findings: findings, rootCount: stored.order.count)
    if let place {
      audits[root.value.index][place] = known
    } else {
      audits[root.value.index].append(known)
    }
    return findings
  }

  /// Whether any value that a nest would compute, or cannot, became a root after there were `count`.
  private func isOutdated(_ findings: Audit.Findings, since count: Int) -> Bool {
    [findings.inside, findings.crowded, findings.impossible].contains {
      stored.hasNewer(among: $0, since: count)
    }
  }

  /// What a root takes in a kernel that others are in already.
  ///
  /// - Parameter alone: what the root takes in a kernel of its own.
  mutating func audit(
    _ root: Root, joining kernel: Audit.Surroundings, _ alone: Audit.Findings
  ) -> Audit.Findings {
    audit(root, joining: kernel, limit: 4 * alone.inside.count + Self.leastJoinedLimit)
  }

  /// What a root takes, found once for equal subgraphs of at most `limit` operations.
  private mutating func audit(
    _ root: Root, joining kernel: Audit.Surroundings, limit: Int
  ) -> Audit.Findings {
    let subgraph = subgraphs.subgraph(
      of: [root.value], after: root.words + kernel.words, limit: limit, expandsRoots: true,
      isRead: { [stored] in stored.contains($0) && !kernel.own.contains($0) },
      note: { [stored, graph] value, words in
        guard stored.contains(value) else { return words.append(0) }
        let isParameter = graph.definitions[value.index] == nil
        words.append(
          1 + (isParameter ? 2 : 0) + (kernel.own.contains(value) ? 4 : 0)
            + (kernel.finished.contains(value) ? 8 : 0))
      })
    if let subgraph, let known = knownFindings.findings(for: subgraph) { return known }
    let audit = Audit(graph, stored: stored, numbers: numbers, joining: kernel)
    audit.walk(root)
    steps += audit.steps
    let findings = audit.findings
    if let subgraph { knownFindings.note(findings, for: subgraph) }
    return findings
  }

  /// Subgraphs of more operations are not looked up by what they are.
  private static let ownLimit = 512
  /// The same for those that join a kernel, besides what the root takes alone.
  private static let leastJoinedLimit = 32

  /// What an operand of a scatter takes.
  mutating func audit(ofOperand operand: ValueID) -> Audit.Findings {
    audit(Root(value: operand), joining: Audit.Surroundings(), limit: Self.ownLimit)
  }

  /// The root laid out over all axes of the largest operand, in that operand's order, where it is a
  /// sum that can be.
  func scattered(_ value: ValueID) -> Root? {
    guard let operation = graph.operation(value), let formula = graph.comprehension(value),
      let fold = formula.fold, !fold.isUnrolled, fold.kind == .add,
      fold.initialOperand.map({ graph.isIdentity(operation.operands[$0], of: fold.kind) }) ?? true
    else { return nil }
    let type = graph.type(value)
    guard !type.isScalar, type.count <= CostModel.Storing.scatteredCount else { return nil }
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
    return axes.extents.reduce(1, *) / max(kept, 1) >= CostModel.Storing.longColumn
  }

  /// Reductions that more than one kernel would compute for itself.
  private func sharedFolds(_ kernels: [KernelPlan]) -> Set<ValueID> {
    var uses: [ValueID: Int] = [:]
    for kernel in kernels {
      guard case .nest = kernel.kind else { continue }
      for value in kernel.folds where roots[value] == nil { uses[value, default: 0] += 1 }
    }
    return Set(uses.filter { $0.value > 1 }.keys)
  }
}
