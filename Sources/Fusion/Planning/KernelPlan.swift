internal import LoopIR
internal import TensorIR

/// One kernel to be built: what it writes and how.
struct KernelPlan {
  enum Kind {
    /// Loops that store roots.
    case nest
    /// Loops that lay out memory anew for one root, which no other one joins.
    case layout
    /// A register-tiled product, whose finished elements the roots are computed from.
    case contract(ValueID)
    /// A copy of the operand with updates combined into computed places.
    case scatter(ValueID)
    /// A loop or branch of steps, by its operation's position; no kernel by itself.
    case control(Int)
  }

  var kind: Kind
  var roots: [Root]
  /// Values read from memory that other kernels write.
  var reads: Set<ValueID>
  /// How the outermost loop goes over them, where the kernel is a nest.
  private(set) var walks: [ValueID: OutermostWalk] = [:]
  /// The extent of the outermost loop; nil where there is none.
  var outerExtent: Int?
  /// The values of the roots.
  var written: Set<ValueID>
  /// Reductions that are computed for the roots, theirs included.
  var folds: Set<ValueID> = []
  /// Roots that are computed at every place that the kernel's loops go over, with those loops; nil
  /// where there are none.
  var finished: [ValueID: Root.Layout?] = [:]

  /// Roots that are summed up in memory.
  var scattered: Set<ValueID> = []
  /// What its roots would read or write more in kernels of their own.
  var sharedBytes = 0
  /// Where the axes of all roots are split.
  var splits: [[Int]] = []

  init(
    _ kind: Kind, _ root: Root, reads: some Sequence<ValueID>,
    walks: [ValueID: OutermostWalk] = [:], folds: some Sequence<ValueID> = [], outerExtent: Int?
  ) {
    self.kind = kind
    roots = []
    written = []
    self.reads = []
    self.outerExtent = outerExtent
    add(root, reads: reads, walks: walks, folds: folds)
  }

  /// Adds a root and what it reads.
  mutating func add(
    _ root: Root, reads: some Sequence<ValueID>, walks: [ValueID: OutermostWalk] = [:],
    folds: some Sequence<ValueID> = []
  ) {
    roots.append(root)
    if root.isScattered { scattered.insert(root.value) }
    splits = root.splits
    written.insert(root.value)
    switch root.form {
    case .natural, .laidOut: finished[root.value] = .some(root.layout)
    case .unrolled: finished[root.value] = .some(nil)
    case .scattered: break
    }
    for read in reads {
      self.reads.insert(read)
      if let walk = walks[read] { self.walks[read, default: []].formUnion(walk) }
    }
    for fold in folds { self.folds.insert(fold) }
  }

  /// What a nest that joins the kernel finds there.
  ///
  /// - Parameters:
  ///   - root: What the nest stores.
  ///   - steps: How many demands the nest has in a kernel of its own.
  ///   - values: what the nest may read from the kernel as from memory, and does not compute again.
  func surroundings(
    of root: Root, steps: Int, besides values: Set<ValueID>
  ) -> Audit.Surroundings {
    let own = values.isDisjoint(with: written) ? written : written.subtracting(values)
    let met = finished.filter { _, layout in layout == nil || layout == root.layout }
    return Audit.Surroundings(
      own: own, finished: Set(met.keys), isStraightLine: outerExtent == nil,
      stepLimit: Self.stepRatio * steps + Self.leastSteps)
  }

  /// Whether a nest that shares the outermost loop reads a value along with the kernel; of a few cache
  /// lines the order does not matter.
  func shares(_ value: ValueID, of byteCount: Int, with audit: Audit.Findings) -> Bool {
    guard let walk = walks[value], let other = audit.walks[value] else { return false }
    return byteCount <= CostModel.Sharing.anyOrderBytes || !walk.isDisjoint(with: other)
  }

  /// The order that the loops of the first roots are nested in, where it is not that of their axes.
  var order: [Int]? {
    let order = roots[0].layout.order
    return order.isEmpty ? nil : order
  }

  /// Lets the loops of all roots, which are natural, be nested in another order.
  mutating func reorder(_ order: [Int]) {
    for position in roots.indices { roots[position].layout.order = order }
    for value in finished.keys { finished[value]??.order = order }
  }

  /// A nest that joins a kernel may look at so many demands for each that it has by itself.
  private static let stepRatio = 4
  /// And at so many besides.
  private static let leastSteps = 512
}
