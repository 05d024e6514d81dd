internal import LoopIR
internal import TensorIR

/// Kernels while roots are given to them.
struct Partition {
  private(set) var kernels: [KernelPlan] = []
  /// The kernel that writes a value.
  private(set) var writers: [ValueID: Int] = [:]
  /// The kernels of loops, by position, that read a value.
  private var readers: [ValueID: [Int]] = [:]
  /// The kernels without loops, by position.
  private var straightLine: [Int] = []

  /// Adds a kernel.
  mutating func append(_ kernel: KernelPlan) {
    let position = kernels.count
    kernels.append(kernel)
    for root in kernel.roots { writers[root.value] = position }
    guard case .nest = kernel.kind else { return }
    for value in kernel.reads { readers[value, default: []].append(position) }
    if kernel.outerExtent == nil { straightLine.append(position) }
  }

  /// Adds a root to a kernel.
  mutating func join(_ home: Home) {
    writers[home.root.value] = home.kernel
    if case .nest = kernels[home.kernel].kind {
      for value in home.reads where !kernels[home.kernel].reads.contains(value) {
        readers[value, default: []].append(home.kernel)
      }
    }
    if let order = home.order {
      kernels[home.kernel].reorder(order)
      kernels[home.kernel].outerExtent = home.outerExtent
    }
    kernels[home.kernel].sharedBytes = kernels[home.kernel].sharedBytes.addingCapped(
      home.sharedBytes)
    kernels[home.kernel].add(
      home.root, reads: home.reads, walks: home.walks, folds: home.folds)
  }

  /// Where a root may be computed.
  struct Home {
    var kernel: Int
    /// The root in the form it takes there.
    var root: Root
    var reads: [ValueID]
    var walks: [ValueID: OutermostWalk] = [:]
    var folds: [ValueID]
    var sharedBytes: Int
    /// The order that the kernel's loops are nested in then; nil is the one they have.
    var order: [Int]?
    /// The extent of the kernel's outermost loop then.
    var outerExtent: Int?

    /// Whether the kernel shares more with the root than another one.
    func isBetter(than other: Home?) -> Bool {
      guard let other else { return sharedBytes > 0 }
      return (sharedBytes, kernel) > (other.sharedBytes, other.kernel)
    }
  }

  /// The kernels of loops behind a position that read some of the values in the order in which a nest
  /// reads them, and the bytes of those.
  ///
  /// Values that together are less than some bytes are no reason to share a kernel, so kernels that read
  /// only those are left out.
  func sharing(
    with audit: Audit.Findings, after position: Int, atLeast least: Int, bytes: (ValueID) -> Int
  ) -> [Int: Int] {
    let sized = audit.reads.map { (value: $0, bytes: bytes($0)) }.sorted {
      ($1.bytes, $0.value) < ($0.bytes, $1.value)
    }
    var rest = sized.reduce(0) { $0.addingCapped($1.bytes) }
    var shared: [Int: Int] = [:]
    for (value, bytes) in sized {
      let isEnough = rest >= least
      rest -= bytes
      if isEnough {
        for kernel in readers[value] ?? []
        where kernel > position && kernels[kernel].shares(value, of: bytes, with: audit) {
          shared[kernel, default: 0] += bytes
        }
      } else {
        // A scalar may have many readers, and is a reason for none.
        for kernel in shared.keys
        where kernels[kernel].reads.contains(value)
          && kernels[kernel].shares(value, of: bytes, with: audit)
        {
          shared[kernel, default: 0] += bytes
        }
      }
    }
    return shared
  }

  /// The last kernel without loops, where it is behind a position.
  func lastStraightLine(after position: Int) -> Int? {
    straightLine.last.flatMap { $0 > position ? $0 : nil }
  }
}

extension KernelPlanner {
  /// The roots divided among kernels.
  mutating func partition() -> [KernelPlan] {
    var partition = Partition()
    for value in roots.keys.sorted(by: precedes) {
      guard let root = roots[value], graph.type(value).count > 0 else { continue }
      let outerExtent = root.extents(in: graph).first { $0 != 1 }
      if let shape = contracts[value] {
        partition.append(
          KernelPlan(.contract(value), root, reads: shape.reads, outerExtent: outerExtent))
      } else if let position = control(value) {
        if partition.writers[value] == nil { partition.append(controlPlan(at: position)) }
      } else if graph.operation(value)?.op.isUpdate == true {
        partition.append(
          KernelPlan(.scatter(value), root, reads: scatterReads(value), outerExtent: outerExtent))
      } else if root.form != .laidOut, let home = home(for: root, in: partition) {
        partition.join(home)
      } else {
        let audit = audit(root)
        partition.append(
          KernelPlan(
            root.form == .laidOut ? .layout : .nest, split(root, audit), reads: audit.reads,
            walks: audit.walks,
            folds: audit.folds.map(\.value), outerExtent: outerExtent))
      }
    }
    return partition.kernels
  }

  /// The plan of a loop or branch.
  private func controlPlan(at position: Int) -> KernelPlan {
    let operation = graph.function.operations[position]
    let roots = operation.results.map { Root(value: $0) }
    var plan = KernelPlan(
      .control(position), roots[0], reads: Set(operation.operands.filter(stored.contains)),
      outerExtent: nil)
    for root in roots.dropFirst() { plan.add(root, reads: []) }
    return plan
  }

  /// What the two kernels of a scatter read.
  private mutating func scatterReads(_ value: ValueID) -> Set<ValueID> {
    var reads = Set<ValueID>()
    for operand in graph.operation(value)?.operands ?? [] {
      if stored.contains(operand) {
        reads.insert(operand)
      } else {
        reads.formUnion(audit(ofOperand: operand).reads)
      }
    }
    return reads
  }

  /// The kernel a root is best computed in along with others.
  ///
  /// A kernel behind the last one whose results the root reads computes nothing of it; there the root
  /// reads what it reads in a kernel of its own.
  private mutating func home(for root: Root, in partition: Partition) -> Partition.Home? {
    let natural = audit(root)
    let latest = natural.reads.compactMap { partition.writers[$0] }.max()
    var best: Partition.Home?
    let borrowed = latest.map { layouts(of: partition.kernels[$0], for: root) } ?? []
    for form in borrowed + [root] + [scattered(root.value)].compactMap({ $0 }) {
      let alone = audit(form)
      if let latest, form != root || best == nil {
        let home = home(for: form, alone, in: partition, at: latest)
        if let home, home.isBetter(than: best) { best = home }
      }
      guard isComputable(form, alone), !borrowed.contains(form) else { continue }
      let isNested = form.extents(in: graph).count { $0 != 1 } > 1 || !alone.folds.isEmpty
      let outer = form.extents(in: graph).first { $0 != 1 }
      let total = alone.reads.reduce(0) { $0.addingCapped(graph.readByteCount($1)) }
      let isShort = isShortPass(form, alone, total)
      let sharing = partition.sharing(
        with: alone, after: latest ?? -1,
        atLeast: total / (isShort ? CostModel.Sharing.shortPassShare : 4)
      ) { graph.readByteCount($0) }
      var candidates = sharing.filter { position, bytes in
        let kernel = partition.kernels[position]
        guard kernel.outerExtent == outer, !isNested || kernel.order == nil else { return false }
        let share = isShort && isShortPass(kernel) ? CostModel.Sharing.shortPassShare : 4
        return outer == nil || bytes.multipliedCapped(by: share) >= total
      }
      if outer == nil {
        // Straight-line code always shares a kernel: nothing is repeated, and calls are saved.
        candidates = candidates.mapValues { $0 + 1 }
        if let last = partition.lastStraightLine(after: latest ?? -1) {
          candidates[last] = candidates[last] ?? 1
        }
      }
      for (kernel, bytes) in candidates {
        guard let form = split(form, alone, joining: partition.kernels[kernel]) else { continue }
        let home = Partition.Home(
          kernel: kernel, root: form, reads: alone.reads, walks: alone.walks,
          folds: alone.folds.map(\.value), sharedBytes: bytes)
        if home.isBetter(than: best) { best = home }
      }
    }
    return best
  }

  /// A root in the last kernel that writes something it reads; nil where it cannot join.
  ///
  /// - Parameter alone: what the root takes in a kernel of its own.
  private mutating func home(
    for root: Root, _ alone: Audit.Findings, in partition: Partition, at position: Int
  ) -> Partition.Home? {
    let kernel = partition.kernels[position]
    switch kernel.kind {
    case .scatter, .control, .layout: return nil
    case .contract(let dot):
      guard case .natural = root.form, graph.type(root.value).shape == graph.type(dot).shape else {
        return nil
      }
      let audit = audit(
        root, joining: kernel.surroundings(of: root, steps: alone.steps, besides: [dot]), alone)
      guard !audit.isTooLarge, audit.folds.isEmpty, audit.impossible.isEmpty,
        audit.crowded.isEmpty, audit.reads.contains(dot) || !audit.met.isEmpty,
        audit.readsOnlyInPlace(dot),
        isBefore(audit.reads.filter { $0 != dot }, position, partition.writers)
      else { return nil }
      // The product is neither written nor read again.
      return Partition.Home(
        kernel: position, root: root, reads: audit.reads.filter { $0 != dot }, folds: [],
        sharedBytes: 2 * graph.type(dot).byteCount)
    case .nest:
      if let order = order(of: kernel, for: root, alone) {
        var reordered = kernel
        reordered.reorder(order)
        reordered.outerExtent = root.extents(in: graph).first { $0 != 1 }
        if var home = home(for: root, alone, in: partition, at: position, inNest: reordered) {
          (home.order, home.outerExtent) = (order, reordered.outerExtent)
          return home
        }
      }
      return home(for: root, alone, in: partition, at: position, inNest: kernel)
    }
  }

  /// A root in a kernel of loops that writes something it reads; nil where it cannot join.
  private mutating func home(
    for root: Root, _ alone: Audit.Findings, in partition: Partition, at position: Int,
    inNest kernel: KernelPlan
  ) -> Partition.Home? {
    func home(_ audit: Audit.Findings, _ reads: [ValueID], _ bytes: Int) -> Partition.Home? {
      split(root, audit, joining: kernel).map { root in
        Partition.Home(
          kernel: position, root: root, reads: reads, walks: audit.walks,
          folds: audit.folds.map(\.value), sharedBytes: bytes)
      }
    }
    let outer = root.extents(in: graph).first { $0 != 1 }
    if outer == nil, kernel.outerExtent != nil {
      let reads = alone.reads.filter { !kernel.written.contains($0) }
      return follows(kernel, alone) && isBefore(reads, position, partition.writers)
        ? home(alone, reads, 1) : nil
    }
    guard outer == kernel.outerExtent else { return nil }
    // Loops do not find out again what is computed once for all of them.
    let shared = outer == nil ? [] : sharedScalars
    let audit = audit(
      root, joining: kernel.surroundings(of: root, steps: alone.steps, besides: shared), alone)
    guard !audit.isTooLarge, isComputable(root, audit),
      isBefore(audit.reads, position, partition.writers),
      kernel.scattered.isDisjoint(with: audit.inside), !repeatsCostly(root, audit, alone)
    else { return nil }
    if let order = kernel.order, audit.inside.contains(where: kernel.written.contains) {
      // Loops that go over the same values in two orders have neither in lanes.
      guard audit.order(ofOwn: graph.type(kernel.roots[0].value).shape) == order else { return nil }
    }
    var bytes = 0
    for value in audit.reads {
      let own = graph.readByteCount(value)
      if kernel.shares(value, of: own, with: audit) { bytes = bytes.addingCapped(own) }
    }
    for value in audit.inside + audit.metOnly where kernel.written.contains(value) {
      bytes = bytes.addingCapped(graph.type(value).byteCount)
    }
    if outer == nil { return home(audit, audit.reads, bytes + 1) }
    let total = audit.reads.reduce(0) { $0.addingCapped(graph.readByteCount($1)) }
    let isShort = isShortPass(root, audit, total) && !audit.met.isEmpty
    return bytes > 0 && (isShort || bytes.multipliedCapped(by: 4) >= total)
      ? home(audit, audit.reads, bytes) : nil
  }

  /// Whether a root would compute costly functions of what a kernel writes again, for neighbours, which it
  /// reads in a kernel of its own.
  private func repeatsCostly(
    _ root: Root, _ audit: Audit.Findings, _ alone: Audit.Findings
  ) -> Bool {
    guard audit.needsNeighboursOfOwn,
      graph.type(root.value).count >= CostModel.Storing.leastRepeatedElements
    else { return false }
    let known = Set(alone.costly.map(\.value))
    let weight = audit.costly.reduce(0) { sum, again in
      known.contains(again.value) || again.total < 50
        ? sum : sum.addingCapped(graph.comprehension(again.value)?.weight ?? 0)
    }
    return weight >= CostModel.Storing.costlyTripWeight
  }

  /// Whether straight-line code can stand behind the loops of a kernel: it needs sums over all of
  /// them, and nothing else that the kernel writes.
  private func follows(_ kernel: KernelPlan, _ audit: Audit.Findings) -> Bool {
    let needed = audit.reads.filter(kernel.written.contains)
    return !needed.isEmpty
      && kernel.roots.allSatisfy {
        !needed.contains($0.value) || (graph.type($0.value).isScalar && !$0.isScattered)
      }
      && audit.folds.isEmpty && audit.impossible.isEmpty && audit.crowded.isEmpty
  }

  /// Whether all values are parameters or written by kernels before `position`.
  private func isBefore(
    _ values: [ValueID], _ position: Int, _ writers: [ValueID: Int]
  ) -> Bool {
    values.allSatisfy { value in
      graph.definitions[value.index] == nil || (writers[value] ?? Int.max) < position
    }
  }
}
