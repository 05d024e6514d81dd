internal import LoopIR
internal import TensorIR

/// The memory that a value is made of when it is computed where it is needed.
struct FactorSource {
  /// Memory, and its address in terms of the value's axes.
  struct Read {
    var value: ValueID
    var offset: Int
    /// The stride along each of the value's axes.
    var strides: [Int]
  }

  var reads: [Read] = []
  /// The additions it takes to compute an element.
  var weight = 0
  /// Whether the value is more than one read of memory.
  var isExpression = false

  /// Several axes seen as one.
  struct MergedAxes {
    /// How many axes stay outside.
    var outer: Int
    var extent: Int
    /// The stride of each read along the merged axis.
    var strides: [Int]
  }

  /// The innermost of `axes` that all reads walk like one axis.
  func merged(_ axes: [Int], of shape: [Int]) -> MergedAxes {
    let own = axes.map { axis in (extent: shape[axis], strides: reads.map { $0.strides[axis] }) }
    guard let last = own.last else {
      return MergedAxes(outer: 0, extent: 1, strides: reads.map { _ in 1 })
    }
    var (extent, strides) = last
    var outer = own.count - 1
    while outer > 0 {
      let next = own[outer - 1]
      if extent == 1 {
        (extent, strides) = next
      } else if next.extent != 1 {
        guard zip(next.strides, strides).allSatisfy({ $0 == $1 * extent }) else { break }
        extent *= next.extent
      }
      outer -= 1
    }
    return MergedAxes(
      outer: outer, extent: extent, strides: extent == 1 ? reads.map { _ in 1 } : strides)
  }

  /// The factor of a product over the given axes; it is the same for the `repeatedOuter` last outer
  /// loops.
  func factor(
    _ operand: ValueID, outer: [Int], repeatedOuter: Int = 0, line: MergedAxes, depth: MergedAxes
  ) -> ContractionShape.Factor {
    let reads = self.reads.enumerated().map { number, read in
      ContractionShape.Read(
        value: read.value, offset: read.offset,
        outer: outer.map { read.strides[$0] } + Array(repeating: 0, count: repeatedOuter),
        line: line.strides[number], depth: depth.strides[number])
    }
    return ContractionShape.Factor(
      operand: operand, reads: reads, isExpression: isExpression, weight: weight)
  }
}

/// A value at an index.
private struct VisitedElement: Hashable {
  var value: ValueID
  var index: [IndexExpression]
}

extension Graph {
  /// The first value that is in memory or no mere renaming of another.
  func base(of value: ValueID, until isInMemory: (ValueID) -> Bool) -> ValueID {
    var base = value
    while !isInMemory(base), let formula = comprehension(base), formula.fold == nil,
      case .read(let operand, let index) = formula.body,
      index.allSatisfy({ $0.lookup == nil }), let operation = operation(base)
    {
      base = operation.operands[operand]
    }
    return base
  }

  /// What a value is made of when renamings and the `inlined` values are looked through; nil where an
  /// address is not affine in the value's axes, or a value cannot be computed in place.
  ///
  /// - Parameter index: the value's element in terms of placeholder variables, as many as `axes` says;
  ///   nil is one for each of its axes.
  func source(
    of value: ValueID, at index: [IndexExpression]? = nil, axes: Int? = nil,
    until isInMemory: (ValueID) -> Bool, inlining inlined: Set<ValueID> = []
  ) -> FactorSource? {
    let rank = axes ?? type(value).rank
    var source = FactorSource()
    var visited = Set<VisitedElement>()

    func read(_ value: ValueID, at index: [IndexExpression]) -> Bool {
      var address = IndexExpression(0)
      for (expression, stride) in zip(index, type(value).strides) { address += expression * stride }
      let strides = (0..<rank).compactMap { address.coefficient(of: VariableID($0)) }
      guard strides.count == rank else { return false }
      source.reads.append(
        FactorSource.Read(value: value, offset: address.constant, strides: strides))
      return true
    }
    /// Notes what the value at an index, in terms of the axes, is made of.
    func visit(_ value: ValueID, at index: [IndexExpression], isInside: Bool) -> Bool {
      guard visited.insert(VisitedElement(value: value, index: index)).inserted else { return true }
      let isInlined = isInside || inlined.contains(value)
      let formula = comprehension(value)
      if isInMemory(value) || formula == nil || literal(value)?.isSplat == false {
        return read(value, at: index)
      }
      guard let formula, formula.fold == nil else { return !isInlined && read(value, at: index) }
      if case .read(_, let inner) = formula.body, inner.allSatisfy({ $0.lookup == nil }) {
        return visit(formula.body, of: value, at: index, isInside: isInside)
      }
      guard isInlined else { return read(value, at: index) }
      source.isExpression = true
      return visit(formula.body, of: value, at: index, isInside: true)
    }
    func visit(
      _ body: Comprehension.Body, of value: ValueID, at axes: [IndexExpression], isInside: Bool
    ) -> Bool {
      let operands = operation(value)?.operands ?? []
      switch body {
      case .read(let operand, let index):
        var bound = [IndexExpression]()
        for entry in index {
          var place = entry.affine.bound(to: axes)
          if let lookup = entry.lookup {
            let found = lookup.index.map { $0.bound(to: axes) }
            guard visit(operands[lookup.operand], at: found, isInside: true) else { return false }
            place += IndexExpression(.scalar(ScalarID(source.reads.count)))
          }
          bound.append(place)
        }
        return visit(operands[operand], at: bound, isInside: isInside)
      case .index:
        source.weight += 1
        return true
      case .constant: return true
      case .apply(let op, let arguments):
        source.weight += op.weight
        return arguments.allSatisfy { visit($0, of: value, at: axes, isInside: isInside) }
      case .guarded, .pieces: return false
      }
    }
    let start = index ?? (0..<rank).map { IndexExpression(VariableID($0)) }
    return visit(value, at: start, isInside: false) ? source : nil
  }
}
