internal import LoopIR
internal import TensorIR

extension KernelPlanner {
  /// A root with axes split where a condition changes that decides what is computed, so that it need
  /// not be asked for each element: the pieces of a concatenation, or padding and what is padded.
  ///
  ///     for i in 0..<6 { y[i] = i < 2 ? a[i] : b[i-2] }
  ///
  /// becomes
  ///
  ///     for i in 0..<2 { y[i] = a[i] }
  ///     for i in 0..<4 { y[i+2] = b[i] }
  ///
  /// - Parameter audit: What the root takes where it is computed.
  func split(_ root: Root, _ audit: Audit.Findings) -> Root {
    guard root.isPlain else { return root }
    var root = root
    let shape = graph.type(root.value).shape
    guard !audit.breaks.isEmpty, audit.folds.isEmpty,
      graph.type(root.value).count >= CostModel.Sharing.leastSplitCount
    else { return root }
    var splits = [[Int]](repeating: [], count: shape.count)
    var partCount = 1
    for (axis, breaks) in audit.breaks.sorted(by: {
      ($0.value.count, $0.key) < ($1.value.count, $1.key)
    }) {
      let parts = breaks.count + 1
      let run = shape[axis...].reduce(1, *) / parts
      let code = (partCount * parts).multipliedCapped(by: audit.steps - audit.pieceSteps)
      guard run >= CostModel.Sharing.leastRun, code <= CostModel.Sharing.splitCodeLimit else {
        continue
      }
      splits[axis] = breaks.sorted()
      partCount *= parts
    }
    if partCount > 1 { root.splits = splits }
    return root
  }

  /// A root as it joins a kernel, with axes split as they are there; nil where it should be split
  /// another way.
  func split(_ root: Root, _ audit: Audit.Findings, joining kernel: KernelPlan) -> Root? {
    if kernel.splits.isEmpty {
      // What the kernel computes at the same place is worth more than the choices cost.
      return !audit.met.isEmpty || split(root, audit).splits.isEmpty ? root : nil
    }
    guard root.isPlain, audit.folds.isEmpty,
      let other = kernel.roots.first,
      graph.type(other.value).shape == graph.type(root.value).shape
    else { return nil }
    let own = split(root, audit).splits
    guard own.isEmpty || own == kernel.splits else { return nil }
    var root = root
    root.splits = kernel.splits
    return root
  }
}
