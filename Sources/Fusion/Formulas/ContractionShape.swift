internal import LoopIR
internal import TensorIR

/// A `dot_general` seen as a batched matrix product over memory: extents, and where the memory that
/// the factors are made of stands in terms of one variable each for outer axes, row, column and
/// depth.
struct ContractionShape {
  /// A factor: an operand of the dot, and the memory it is made of.
  struct Factor {
    var operand: ValueID
    /// What is read from memory; one for a factor that is a view.
    var reads: [Read]
    /// Whether the factor is more than a view of memory: an expression, evaluated where it is
    /// loaded or packed.
    var isExpression: Bool
    /// The additions it takes to make an element.
    var weight: Int
  }

  /// Memory, and the strides of a factor's element in it.
  struct Read {
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
  /// The index spaces where they are not those of a dot, and whose axes the lists above name then.
  var form: ProductForm?
  /// The axes of the form that are summed over outside of the depth.
  var tapAxes: [Int] = []
  /// How many rows lie evenly in the left factor where not all do.
  var rowRun: Int?

  /// How many runs of the depth are summed up.
  var taps: Int { form?.count(tapAxes) ?? 1 }
  /// How many products an element is the sum of.
  var terms: Int { depth * taps }

  /// The values that must be in memory.
  var reads: Set<ValueID> { Set((left.reads + right.reads).map(\.value)) }

  /// Whether a product of these extents gains from register tiles.
  static func isWorthwhile(_ dimensions: DotDimensions, _ left: TensorType, _ right: TensorType)
    -> Bool
  {
    guard left.element.isFloat, !left.element.isNarrow else { return false }
    let rows = left.shape.selecting(dimensions.leftFree(rank: left.rank)).reduce(1, *)
    let columns = right.shape.selecting(dimensions.rightFree(rank: right.rank)).reduce(1, *)
    let depth = left.shape.selecting(dimensions.leftContracting).reduce(1, *)
    return rows >= 2 && columns >= 2 && depth >= 2
      && rows.multipliedCapped(by: columns).multipliedCapped(by: depth) >= 512
  }
}

extension Graph {
  /// The dot's shape over memory; nil where a factor's memory cannot be walked.
  ///
  /// - Parameters:
  ///   - isInMemory: what factors may read.
  ///   - inlined: values that are not in memory although a factor is made of them.
  func contractionShape(
    _ dot: ValueID, until isInMemory: (ValueID) -> Bool, inlining inlined: Set<ValueID> = []
  ) -> ContractionShape? {
    guard let operation = operation(dot) else { return nil }
    if case .convolution(let convolution) = operation.op {
      return convolutionShape(dot, convolution, until: isInMemory, inlining: inlined)
    }
    guard case .dot(let dimensions) = operation.op else { return nil }
    let (left, right) = (operation.operands[0], operation.operands[1])
    guard
      let leftSource = source(of: left, until: isInMemory, inlining: inlined),
      let rightSource = source(of: right, until: isInMemory, inlining: inlined)
    else { return nil }
    let leftFree = dimensions.leftFree(rank: type(left).rank)
    let rightFree = dimensions.rightFree(rank: type(right).rank)
    let rowMerge = leftSource.merged(leftFree, of: type(left).shape)
    let columnMerge = rightSource.merged(rightFree, of: type(right).shape)
    let leftDepth = leftSource.merged(dimensions.leftContracting, of: type(left).shape)
    let rightDepth = rightSource.merged(dimensions.rightContracting, of: type(right).shape)
    guard columnMerge.outer == 0, leftDepth.outer == 0, rightDepth.outer == 0 else { return nil }
    let batches = dimensions.leftBatching.count
    let outerRows = Array(leftFree.prefix(rowMerge.outer))
    let firstColumn = batches + leftFree.count
    return ContractionShape(
      outer: type(left).shape.selecting(dimensions.leftBatching + outerRows),
      outerAxes: Array(0..<(batches + rowMerge.outer)),
      rows: rowMerge.extent, columns: columnMerge.extent, depth: leftDepth.extent,
      rowAxes: Array((batches + rowMerge.outer)..<firstColumn),
      columnAxes: Array(firstColumn..<type(dot).rank),
      left: leftSource.factor(
        left, outer: dimensions.leftBatching + outerRows, line: rowMerge, depth: leftDepth),
      right: rightSource.factor(
        right, outer: dimensions.rightBatching, repeatedOuter: outerRows.count, line: columnMerge,
        depth: rightDepth))
  }

  /// Whether each factor of a dot can be walked where it is.
  func walkableFactors(
    _ dot: ValueID, until isInMemory: (ValueID) -> Bool
  ) -> (left: Bool, right: Bool) {
    guard let operation = operation(dot), case .dot(let dimensions) = operation.op else {
      return (true, true)
    }
    func isMerged(_ side: Int, _ axes: [Int]) -> Bool? {
      let value = operation.operands[side]
      return source(of: value, until: isInMemory)?.merged(axes, of: type(value).shape).outer == 0
    }
    let rightFree = dimensions.rightFree(rank: type(operation.operands[1]).rank)
    return (
      isMerged(0, dimensions.leftContracting) == true,
      isMerged(1, rightFree) == true && isMerged(1, dimensions.rightContracting) == true
    )
  }
}
