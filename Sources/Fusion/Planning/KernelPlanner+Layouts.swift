internal import LoopIR
internal import TensorIR

extension KernelPlanner {
  /// The root with the loops of others in a kernel that it may find its operands in, where they have its
  /// shape and other loops.
  func layouts(of kernel: KernelPlan, for root: Root) -> [Root] {
    guard case .nest = kernel.kind, root.isPlain else { return [] }
    let shape = graph.type(root.value).shape
    var forms = [Root]()
    for other in kernel.roots where other.form == .natural && !other.isPlain {
      let form = root.laid(out: other.layout)
      if graph.type(other.value).shape == shape, !forms.contains(form) { forms.append(form) }
    }
    return forms
  }

  /// The order in which a kernel's loops go down what a root reduces, so that each element is computed
  /// once, stored, and combined in a register, with the elements that are kept in lanes.
  ///
  ///     for i in 0..<24 { for j in 0..<32 { y[i,j] = x[i,j] + a[i] } }
  ///     for j in 0..<32 { acc m (max); for i in 0..<24 { m = max(m, y[i,j]) }; z[j] = m }
  ///
  /// becomes
  ///
  ///     for j in 0..<32 { acc m (max); for i in 0..<24 { y[i,j] = …; m = max(m, y[i,j]) }; z[j] = m }
  ///
  /// This is loop interchange, then fusion. It is for values that stay in the cache and are little work:
  /// rows of others are better written one after the other, by several threads.
  ///
  /// - Parameter alone: What the root takes in a kernel of its own.
  /// - Returns: The order, as axes of the kernel's roots; nil where the loops stay.
  mutating func order(of kernel: KernelPlan, for root: Root, _ alone: Audit.Findings) -> [Int]? {
    guard root.isPlain, !alone.folds.isEmpty, kernel.folds.isEmpty, kernel.outerExtent != nil,
      kernel.roots.allSatisfy({ $0.isPlain && $0.splits.isEmpty }),
      let type = kernel.roots.first.map({ graph.type($0.value) }), type.rank >= 2,
      kernel.roots.allSatisfy({ graph.type($0.value).shape == type.shape }),
      type.byteCount <= target.caches.secondLevel / 4,
      let lanes = type.shape.lastIndex(where: { $0 != 1 }),
      type.shape[lanes] >= CostModel.Sharing.leastLanes
    else { return nil }
    let surroundings = kernel.surroundings(of: root, steps: alone.steps, besides: [])
    let audit = audit(root, joining: surroundings, alone)
    let kept = graph.type(root.value).shape.count { $0 != 1 }
    guard !audit.isTooLarge, isComputable(root, audit),
      let order = audit.order(ofOwn: type.shape),
      let place = order.filter({ type.shape[$0] != 1 }).firstIndex(of: lanes), place == kept - 1
    else { return nil }
    let weights = Audit(graph, stored: stored, numbers: numbers, joining: surroundings)
    let work = kernel.roots.reduce(0) { $0 + type.count * weights.weight(of: $1.value) }
    guard work <= CostModel.Sharing.interchangedWork else { return nil }
    for other in kernel.roots {
      let form = other.laid(out: Root.Layout(order: order))
      let audit = self.audit(form)
      guard isComputable(form, audit) else { return nil }
    }
    return order
  }

  /// Whether a root is computed without too much that is repeated, and by loops at all.
  func isComputable(_ root: Root, _ audit: Audit.Findings) -> Bool {
    repeated(audit, root.value).isEmpty && audit.impossible.isEmpty && audit.crowded.isEmpty
  }

  // MARK: Short axes

  /// Whether a value is a few elements that each come from elsewhere, so that loops over them would
  /// only choose between pieces.
  func isAssembledFromPieces(_ value: ValueID) -> Bool {
    guard graph.type(value).count <= CostModel.Storing.unrolledCount else { return false }
    switch graph.operation(value)?.op {
    case .shape(.concatenate), .shape(.pad): return true
    default: return false
    }
  }

  /// A root that contains reductions, with the elements along a short axis sharing the reductions' loops where
  /// they are made of the same.
  mutating func sharingLoops(_ root: Root) -> Root {
    guard root.isPlain else { return root }
    let shape = graph.type(root.value).shape
    let short = shape.indices.filter { (2...Comprehension.Fold.unrolledCount).contains(shape[$0]) }
    guard let axis = short.last, short.count < shape.count else { return root }
    let natural = audit(root)
    guard !natural.folds.isEmpty else { return root }
    var together = root
    together.layout.unrolledAxes = [axis]
    let others = audit(together).work - natural.work
    let most = (shape[axis] - 1) * natural.work * CostModel.Storing.ownShare
    return others * 100 <= most ? together : root
  }

  // MARK: Short passes

  /// Whether a root is one loop without reductions over memory that stays in the first-level cache, so
  /// that sharing a kernel saves more than the bytes that are shared.
  func isShortPass(_ root: Root, _ audit: Audit.Findings, _ byteCount: Int) -> Bool {
    root.isPlain && audit.folds.isEmpty && isOneLoop(root)
      && byteCount.addingCapped(graph.type(root.value).byteCount) <= target.caches.firstLevel / 2
  }

  /// Whether a kernel is one loop for a few such roots.
  func isShortPass(_ kernel: KernelPlan) -> Bool {
    kernel.folds.isEmpty && kernel.splits.isEmpty
      && kernel.roots.count <= CostModel.Sharing.shortPassRoots
      && kernel.roots.allSatisfy { $0.isPlain && isOneLoop($0) }
  }

  private func isOneLoop(_ root: Root) -> Bool {
    graph.type(root.value).shape.count { $0 != 1 } == 1
  }
}
