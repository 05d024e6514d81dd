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
    let start = index ?? (0..<rank).map { IndexExpression(VariableID($0)) }
    let search = SourceSearch(graph: self, axes: rank, inlined: inlined)
    return search.find(value, at: start, until: isInMemory)
  }
}

/// Finds what a value is made of, first things first, with a list of what is left instead of recursion:
/// values may be as long chains as programs have operations.
private final class SourceSearch {
  private let graph: Graph
  /// The number of placeholder variables.
  private let axes: Int
  private let inlined: Set<ValueID>
  private var source = FactorSource()
  private var visited = Set<Element>()
  /// What is to be looked at, the next one last.
  private var pending: [Item] = []
  /// What the body at hand reads, in order.
  private var parts: [Item] = []
  /// The integers that indices look up, as numbers.
  private var lookups: [Element: Int] = [:]

  /// A value at an index in terms of the axes.
  struct Element: Hashable {
    var value: ValueID
    var index: [IndexExpression]
  }

  /// An element, and whether it is computed in place whatever is said of its value.
  struct Item {
    var element: Element
    var isInside: Bool
  }

  init(graph: Graph, axes: Int, inlined: Set<ValueID>) {
    self.graph = graph
    self.axes = axes
    self.inlined = inlined
  }

  /// What the value at an index is made of; nil where an address is not affine in the axes, or a value
  /// cannot be computed in place.
  func find(
    _ value: ValueID, at index: [IndexExpression], until isInMemory: (ValueID) -> Bool
  ) -> FactorSource? {
    pending = [Item(element: Element(value: value, index: index), isInside: false)]
    while let next = pending.popLast() {
      // No address is affine in so many variables, and indices may double from value to value.
      guard next.element.index.allSatisfy({ $0.size < CostModel.Storing.indexSize }) else {
        return nil
      }
      guard visited.insert(next.element).inserted else { continue }
      guard visit(next, until: isInMemory) else { return nil }
    }
    return source
  }

  private func visit(_ item: Item, until isInMemory: (ValueID) -> Bool) -> Bool {
    let value = item.element.value
    let isInlined = item.isInside || inlined.contains(value)
    guard !isInMemory(value), graph.literal(value)?.isSplat != false,
      let formula = graph.comprehension(value)
    else { return read(item.element) }
    guard formula.fold == nil else { return !isInlined && read(item.element) }
    var item = item
    if !formula.body.isRenaming {
      guard isInlined else { return read(item.element) }
      source.isExpression = true
      item.isInside = true
    }
    parts = []
    guard formula.body.accept(self, at: item) else { return false }
    pending += parts.reversed()
    return true
  }

  /// Notes a read of memory.
  private func read(_ element: Element) -> Bool {
    var address = IndexExpression(0)
    for (expression, stride) in zip(element.index, graph.type(element.value).strides) {
      address += expression * stride
    }
    let strides = (0..<axes).compactMap { address.coefficient(of: VariableID($0)) }
    guard strides.count == axes else { return false }
    source.reads.append(
      FactorSource.Read(value: element.value, offset: address.constant, strides: strides))
    return true
  }
}

extension SourceSearch: FormulaVisitor {
  func axes(of site: Item) -> [IndexExpression] { site.element.index }
  func range(_ index: IndexExpression) -> ClosedRange<Int>? { nil }

  func read(_ operand: Int, _ index: [Comprehension.ReadIndex], at site: Item) -> Bool {
    let operands = graph.operation(site.element.value)?.operands ?? []
    let bound = index.bound(to: site.element.index) { operand, index, _ in
      let element = Element(value: operands[operand], index: index)
      parts.append(Item(element: element, isInside: true))
      return IndexExpression(.lookup(LookupID(lookups.number(of: element))))
    }
    parts.append(
      Item(
        element: Element(value: operands[operand], index: bound), isInside: site.isInside))
    return true
  }

  func number(_ index: IndexExpression, _ element: ElementType, at site: Item) -> Bool {
    source.weight += 1
    return true
  }

  func constant(_ literal: Literal, _ index: [IndexExpression], at site: Item) -> Bool { true }

  func application(
    _ op: ScalarOp, _ arguments: [Comprehension.Body], at site: Item
  ) -> Bool {
    source.weight += op.weight
    return arguments.allSatisfy { $0.accept(self, at: site) }
  }

  func choice(
    _ alternatives: [Comprehension.Body.Alternative], isOfPieces: Bool, at site: Item
  ) -> Bool { false }
}

extension Comprehension.Body {
  /// Whether the body is an element of an operand at a place that is not looked up.
  fileprivate var isRenaming: Bool {
    guard case .read(_, let index) = self else { return false }
    return index.allSatisfy { $0.lookup == nil }
  }
}
