internal import LoopIR
internal import TensorIR

/// A value that a kernel writes to memory.
struct Root: Hashable {
  /// How the nest that computes a root is laid out.
  enum Form: Hashable {
    /// Loops over the result's axes, a reduction's loops inside.
    case natural
    /// Loops over all axes of a reduction's formula, adding into memory.
    case scattered(Axes)
    /// A store for each of a few elements, without loops.
    case unrolled
    /// Loops over the result's axes that only lay out memory anew, in a kernel of their own, which
    /// transposes squares.
    case laidOut
  }

  /// The loops of a scattered reduction.
  struct Axes: Hashable {
    /// The extents of the formula's axes: the result's, then the folded ones.
    var extents: [Int]
    /// The order of loops, outermost first, as positions in `extents`.
    var order: [Int]
  }

  var value: ValueID
  var form = Form.natural
  /// How the loops of a natural root are laid out.
  var layout = Layout()
  /// The loops of a natural root.
  struct Layout: Hashable {
    /// The order of the loops, outermost first, as axes; empty is that of the axes.
    var order: [Int] = []
    /// Short axes that are written out instead of becoming loops.
    var unrolledAxes: [Int] = []

    /// The axes that loops count, outermost first.
    func loopedAxes(rank: Int) -> [Int] {
      (order.isEmpty ? Array(0..<rank) : order).filter { !unrolledAxes.contains($0) }
    }
  }

  /// Where each axis of a natural root is split, so that what is computed on the one side and on the
  /// other are loops of their own; empty where no axis is.
  var splits: [[Int]] = []

  /// Whether the root is summed up in memory.
  var isScattered: Bool {
    if case .scattered = form { return true }
    return false
  }

  /// Whether the root has a loop for each of its axes, in their order.
  var isPlain: Bool { (form == .natural || form == .laidOut) && layout == Layout() }

  /// The root with the loops of others that have its shape.
  func laid(out layout: Layout) -> Root {
    var root = self
    root.layout = layout
    return root
  }

  /// How the root is laid out, for descriptions of what it is computed from.
  var words: [Int] {
    var words = [Int]()
    switch form {
    case .natural, .laidOut: words.append(0)
    case .unrolled: words.append(1)
    case .scattered(let axes):
      words.append(2)
      words.append(axes.extents.count)
      words += axes.extents
      words += axes.order
    }
    words.append(layout.order.count)
    words += layout.order
    words.append(layout.unrolledAxes.count)
    words += layout.unrolledAxes
    words.append(splits.count)
    for split in splits {
      words.append(split.count)
      words += split
    }
    return words
  }

  /// The loops of a natural root that has one nest, and the indices stored inside: one, or one for
  /// each element of the unrolled axes.
  func indices(
    in variables: VariableTree, shape: [Int]
  ) -> (loops: [VariableID], indices: [[IndexExpression]]) {
    let axes = layout.loopedAxes(rank: shape.count)
    let (loops, looped) = variables.nestIndex(in: nil, extents: shape.selecting(axes))
    var index = [IndexExpression](repeating: IndexExpression(0), count: shape.count)
    for (axis, place) in zip(axes, looped) { index[axis] = place }
    return (
      loops,
      shape.selecting(layout.unrolledAxes).allIndices.map { place in
        var index = index
        for (axis, element) in zip(layout.unrolledAxes, place) {
          index[axis] = IndexExpression(element)
        }
        return index
      }
    )
  }

  /// The nests of a natural root: one, or one for each combination of the parts of split axes.
  ///
  /// - Parameter outermost: the only part of the outermost axis that is wanted; nil is all.
  func nests(
    in variables: VariableTree, shape: [Int], outermost: Int? = nil
  ) -> [(loops: [VariableID], indices: [[IndexExpression]])] {
    guard !splits.isEmpty else { return [indices(in: variables, shape: shape)] }
    let first = shape.firstIndex { $0 != 1 }
    var nests: [(loops: [VariableID], index: [IndexExpression])] = [([], [])]
    for (axis, (extent, breaks)) in zip(shape, splits).enumerated() {
      var parts = Array(zip([0] + breaks, breaks + [extent]))
      if let outermost, axis == first { parts = [parts[outermost]] }
      nests = nests.flatMap { nest in
        parts.map { start, end in
          guard end - start > 1 else { return (nest.loops, nest.index + [IndexExpression(start)]) }
          let variable = variables.child(
            of: nest.loops.last, extent: end - start,
            part: breaks.isEmpty ? nil : VariableTree.Part(axis: axis, start: start))
          return (nest.loops + [variable], nest.index + [IndexExpression(variable) + start])
        }
      }
    }
    return nests.map { ($0.loops, [$0.index]) }
  }

  /// The extents of the loops around the root's store or accumulation.
  func extents(in graph: Graph) -> [Int] {
    switch form {
    case .natural, .laidOut:
      let shape = graph.type(value).shape
      let own = shape.selecting(layout.loopedAxes(rank: shape.count))
      guard own.isEmpty, let fold = graph.comprehension(value)?.fold, !fold.isUnrolled else {
        return own
      }
      return fold.extents
    case .unrolled: return []
    case .scattered(let axes): return axes.order.map { axes.extents[$0] }
    }
  }
}

extension [Int] {
  /// The index of every element of a tensor of this shape, in row-major order.
  var allIndices: [[Int]] {
    (0..<reduce(1, *)).map { flat in
      var rest = flat
      var index = [Int](repeating: 0, count: count)
      for axis in indices.reversed() {
        index[axis] = rest % self[axis]
        rest /= self[axis]
      }
      return index
    }
  }
}
