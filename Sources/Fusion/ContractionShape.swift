internal import LoopIR
internal import TensorIR

/// A `dot_general` seen as a batched matrix product over memory: extents, and where the elements
/// of the factors stand in terms of one variable each for outer axes, row, column and depth.
struct ContractionShape {
  /// A factor's memory and the strides of its element in it.
  struct Factor {
    var value: ValueID
    var offset: Int
    var outer: [Int]
    /// The stride along the row (left factor) or the column (right factor).
    var line: Int
    var depth: Int
  }

  /// Loops around the product: batch axes, and row axes that do not merge into one.
  var outer: [Int]
  /// The result's axis behind each outer loop.
  var outerAxes: [Int]
  var rows: Int
  var columns: Int
  var depth: Int
  /// The result's axes that make up rows and columns.
  var rowAxes: [Int]
  var columnAxes: [Int]
  var left: Factor
  var right: Factor

  /// Whether a product of these extents gains from register tiles.
  static func isWorthwhile(_ dimensions: DotDimensions, _ left: TensorType, _ right: TensorType)
    -> Bool
  {
    guard left.element.isFloat else { return false }
    let rows = left.shape.selecting(dimensions.leftFree(rank: left.rank)).reduce(1, *)
    let columns = right.shape.selecting(dimensions.rightFree(rank: right.rank)).reduce(1, *)
    let depth = left.shape.selecting(dimensions.leftContracting).reduce(1, *)
    return rows >= 2 && columns >= 2 && depth >= 2 && rows * columns * depth >= 512
  }
}

extension Graph {
  /// A value followed through ops that only rename elements: where its element at the placeholder
  /// axes stands in the first value that is in memory or not a mere renaming.
  func view(of value: ValueID, until isInMemory: (ValueID) -> Bool) -> (ValueID, [IndexExpression])
  {
    var base = value
    var index = (0..<type(value).rank).map { IndexExpression(VariableID($0)) }
    while !isInMemory(base), let formula = comprehension(base), formula.fold == nil,
      case .read(let operand, let inner) = formula.body,
      inner.allSatisfy({ $0.lookup == nil }), let operation = operation(base)
    {
      let outer = index
      index = inner.map { $0.affine.bound(to: outer) }
      base = operation.operands[operand]
    }
    return (base, index)
  }

  /// The dot's shape over memory; nil where its factors must first be brought into another layout.
  func contractionShape(
    _ dot: ValueID, until isInMemory: (ValueID) -> Bool
  ) -> ContractionShape? {
    guard let operation = operation(dot), case .dot(let dimensions) = operation.op else {
      return nil
    }
    let (left, right) = (operation.operands[0], operation.operands[1])
    guard
      let leftStrides = strides(of: left, until: isInMemory),
      let rightStrides = strides(of: right, until: isInMemory)
    else { return nil }
    let leftFree = dimensions.leftFree(rank: type(left).rank)
    let rightFree = dimensions.rightFree(rank: type(right).rank)
    let rowMerge = merged(leftFree.map { (type(left).shape[$0], leftStrides.by[$0]) })
    let columnMerge = merged(rightFree.map { (type(right).shape[$0], rightStrides.by[$0]) })
    let leftDepth = merged(
      dimensions.leftContracting.map { (type(left).shape[$0], leftStrides.by[$0]) })
    let rightDepth = merged(
      dimensions.rightContracting.map { (type(right).shape[$0], rightStrides.by[$0]) })
    guard columnMerge.outer == 0, leftDepth.outer == 0, rightDepth.outer == 0 else { return nil }
    let batches = dimensions.leftBatching.count
    let outerRows = Array(leftFree.prefix(rowMerge.outer))
    let outerAxes = Array(0..<(batches + rowMerge.outer))
    let firstColumn = batches + leftFree.count
    return ContractionShape(
      outer: type(left).shape.selecting(dimensions.leftBatching + outerRows),
      outerAxes: outerAxes,
      rows: rowMerge.extent, columns: columnMerge.extent, depth: leftDepth.extent,
      rowAxes: Array((batches + rowMerge.outer)..<firstColumn),
      columnAxes: Array(firstColumn..<type(dot).rank),
      left: ContractionShape.Factor(
        value: leftStrides.base, offset: leftStrides.offset,
        outer: (dimensions.leftBatching + outerRows).map { leftStrides.by[$0] },
        line: rowMerge.stride, depth: leftDepth.stride),
      right: ContractionShape.Factor(
        value: rightStrides.base, offset: rightStrides.offset,
        outer: dimensions.rightBatching.map { rightStrides.by[$0] } + outerRows.map { _ in 0 },
        line: columnMerge.stride, depth: rightDepth.stride))
  }

  /// Whether each factor of a dot can be walked where it is.
  func walkableFactors(
    _ dot: ValueID, until isInMemory: (ValueID) -> Bool
  ) -> (left: Bool, right: Bool) {
    guard let operation = operation(dot), case .dot(let dimensions) = operation.op else {
      return (true, true)
    }
    func merge(_ side: Int, _ axes: [Int]) -> (outer: Int, extent: Int, stride: Int)? {
      let value = operation.operands[side]
      return strides(of: value, until: isInMemory).map { strides in
        merged(axes.map { (type(value).shape[$0], strides.by[$0]) })
      }
    }
    let (leftRank, rightRank) = (
      type(operation.operands[0]).rank, type(operation.operands[1]).rank
    )
    let rows = merge(0, dimensions.leftFree(rank: leftRank))
    let leftDepth = merge(0, dimensions.leftContracting)
    let columns = merge(1, dimensions.rightFree(rank: rightRank))
    let rightDepth = merge(1, dimensions.rightContracting)
    let isLeftWalkable = rows != nil && leftDepth?.outer == 0
    let isRightWalkable = columns?.outer == 0 && rightDepth?.outer == 0
    return (isLeftWalkable, isRightWalkable)
  }

  /// The strides of a value's axes in the memory it is a view of; nil where they are not constant.
  private func strides(
    of value: ValueID, until isInMemory: (ValueID) -> Bool
  ) -> (base: ValueID, offset: Int, by: [Int])? {
    let (base, index) = view(of: value, until: isInMemory)
    var address = IndexExpression(0)
    for (expression, stride) in zip(index, type(base).strides) { address += expression * stride }
    var strides = [Int]()
    for axis in 0..<type(value).rank {
      guard let stride = address.coefficient(of: VariableID(axis)) else { return nil }
      strides.append(stride)
    }
    return (base, address.constant, strides)
  }

  /// The innermost axes that walk memory like one axis, and how many axes stay outside.
  private func merged(_ axes: [(extent: Int, stride: Int)]) -> (
    outer: Int, extent: Int, stride: Int
  ) {
    guard let last = axes.last else { return (0, 1, 1) }
    var (extent, stride) = last
    var outer = axes.count - 1
    if extent == 1, outer > 0 { (extent, stride) = (1, 0) }
    while outer > 0 {
      let next = axes[outer - 1]
      if extent == 1 {
        (extent, stride) = next
      } else if next.extent != 1 {
        guard next.stride == stride * extent else { break }
        extent *= next.extent
      }
      outer -= 1
    }
    return (outer, extent, extent == 1 ? 1 : stride)
  }
}

extension Function {
  /// The function with transposes before the dots whose factors cannot be walked in place, and the
  /// values that must be in memory for that.
  func preparedForContraction() throws -> (Function, forced: Set<ValueID>) {
    let graph = Graph(self)
    var builder = FunctionBuilder(name: name, isPrivate: isPrivate, location: location)
    var translation = [ValueID?](repeating: nil, count: types.count)
    var forced = Set<ValueID>()
    func translated(_ value: ValueID) -> ValueID {
      guard let known = translation[value.index] else {
        preconditionFailure("a verified function defines values before their use")
      }
      return known
    }
    for parameter in parameters {
      translation[parameter.index] = builder.parameter(self[parameter])
    }
    for operation in operations {
      var operands = operation.operands.map(translated)
      var op = operation.op
      if case .dot(let dimensions) = op {
        let types = operation.operands.map { self[$0] }
        if ContractionShape.isWorthwhile(dimensions, types[0], types[1]) {
          let isBase = { (value: ValueID) in graph.operation(value)?.op.isRenaming != true }
          let (left, right) = graph.walkableFactors(operation.result, until: isBase)
          builder.location = operation.location
          op = .dot(
            try builder.canonicalize(
              dimensions, &operands, types, sides: (left ? [] : [0]) + (right ? [] : [1]),
              forced: &forced))
        }
      }
      let results = try builder.emitAll(op, operands, at: operation.location)
      for (old, new) in zip(operation.results, results) { translation[old.index] = new }
    }
    return (builder.finish(returning: results.map(translated)), forced)
  }
}

extension Op {
  /// Whether the op's elements are its operand's at other indices.
  fileprivate var isRenaming: Bool {
    switch self {
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice), .shape(.reverse):
      true
    case .shape(.pad), .shape(.concatenate), .constant, .iota, .unary, .binary, .compare, .select,
      .clamp, .convert, .reduce, .dot, .gather, .scatter, .call:
      false
    }
  }
}

extension FunctionBuilder {
  /// Brings factors into the order batch, row, depth (left) and batch, depth, column (right).
  fileprivate mutating func canonicalize(
    _ dimensions: DotDimensions, _ operands: inout [ValueID], _ types: [TensorType], sides: [Int],
    forced: inout Set<ValueID>
  ) throws -> DotDimensions {
    var result = dimensions
    let batches = Array(dimensions.leftBatching.indices)
    let depth = dimensions.leftContracting.count
    for side in sides {
      let isLeft = side == 0
      let batching = isLeft ? dimensions.leftBatching : dimensions.rightBatching
      let contracting = isLeft ? dimensions.leftContracting : dimensions.rightContracting
      let free =
        isLeft
        ? dimensions.leftFree(rank: types[0].rank) : dimensions.rightFree(rank: types[1].rank)
      let order = batching + (isLeft ? free + contracting : contracting + free)
      operands[side] = try emit(.shape(.transpose(permutation: order)), [operands[side]])
      forced.insert(operands[side])
      let first = isLeft ? batches.count + free.count : batches.count
      if isLeft {
        result.leftBatching = batches
        result.leftContracting = Array(first..<(first + depth))
      } else {
        result.rightBatching = batches
        result.rightContracting = Array(first..<(first + depth))
      }
    }
    return result
  }
}
