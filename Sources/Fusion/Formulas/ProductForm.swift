internal import LoopIR
internal import TensorIR

/// A sum of products over index spaces: for each outer index a matrix product whose rows, columns and
/// depth are made of several axes, and where an element of the operands and of the result stands.
///
/// Index expressions use placeholder variables: axis `i` is `VariableID(i)`.
struct ProductForm: Hashable {
  var extents: [Int]
  var outer: [Int]
  var rows: [Int]
  var columns: [Int]
  var depth: [Int]
  var left: [IndexExpression]
  var right: [IndexExpression]
  var result: [IndexExpression]

  /// How many indices some axes have together.
  func count(_ axes: [Int]) -> Int { axes.reduce(1) { $0 * extents[$1] } }
}

extension Convolution {
  /// The convolution as a product: rows are places of the result, columns a group's output features,
  /// the depth taps and input features; nil where windows reach beyond the input or it is dilated.
  func productForm(_ left: TensorType, _ right: TensorType, _ type: TensorType) -> ProductForm? {
    let spatial = 0..<spatialRank
    guard inputDilation.allSatisfy({ $0 == 1 }),
      spatial.allSatisfy({ isInside($0, left, right, type) })
    else { return nil }
    let groups = max(featureGroups, batchGroups)
    let columns = right.shape[kernel.output] / groups
    let depth = right.shape[kernel.input]
    let places = type.shape.selecting(output.spatial)
    let taps = right.shape.selecting(kernel.spatial)
    // Axes: group, batch, places, column, taps, feature.
    let extents = [groups, type.shape[output.batch]] + places + [columns] + taps + [depth]
    func axis(_ number: Int) -> IndexExpression {
      extents[number] == 1 ? IndexExpression(0) : IndexExpression(VariableID(number))
    }
    let column = 2 + spatialRank
    let feature = extents.count - 1
    let zeros = [IndexExpression](repeating: IndexExpression(0), count: type.rank)
    var form = ProductForm(
      extents: extents, outer: groups > 1 ? [0] : [], rows: Array(1..<column), columns: [column],
      depth: Array((column + 1)...feature), left: zeros, right: zeros, result: zeros)
    form.left[input.batch] = axis(1)
    form.left[input.feature] = axis(feature)
    if featureGroups > 1 { form.left[input.feature] += axis(0) * depth }
    if batchGroups > 1 { form.left[input.batch] += axis(0) * extents[1] }
    form.right[kernel.input] = axis(feature)
    form.right[kernel.output] = axis(column) + axis(0) * columns
    form.result[output.batch] = axis(1)
    form.result[output.feature] = axis(column) + axis(0) * columns
    for number in spatial {
      let (place, tap) = (axis(2 + number), axis(column + 1 + number))
      let step = reversal[number] ? tap * -1 + (taps[number] - 1) : tap
      form.left[input.spatial[number]] =
        place * strides[number] + step * kernelDilation[number] + -low[number]
      form.right[kernel.spatial[number]] = tap
      form.result[output.spatial[number]] = place
    }
    // Rows in the result's order are one row of memory after the other.
    let memory = [output.batch] + output.spatial
    form.rows.sort { memory[$0 - 1] < memory[$1 - 1] }
    return form
  }

  /// Whether the sums of products gain from register tiles.
  func isWorthwhile(_ left: TensorType, _ right: TensorType, _ type: TensorType) -> Bool {
    guard left.element.isFloat, !left.element.isNarrow else { return false }
    let columns = right.shape[kernel.output] / max(featureGroups, batchGroups)
    let rows = type.count / max(type.shape[output.feature], 1)
    let depth = right.count / max(right.shape[kernel.output], 1)
    return rows >= 2 && columns >= 2 && depth >= 2
      && rows.multipliedCapped(by: columns).multipliedCapped(by: depth) >= 512
  }
}

extension Graph {
  /// A convolution's shape over memory; nil where a factor's memory cannot be walked.
  func convolutionShape(
    _ value: ValueID, _ convolution: Convolution, until isInMemory: (ValueID) -> Bool,
    inlining inlined: Set<ValueID>
  ) -> ContractionShape? {
    guard let operands = operation(value)?.operands,
      var form = convolution.productForm(type(operands[0]), type(operands[1]), type(value)),
      let left = source(
        of: operands[0], at: form.left, axes: form.extents.count, until: isInMemory,
        inlining: inlined),
      let right = source(
        of: operands[1], at: form.right, axes: form.extents.count, until: isInMemory,
        inlining: inlined)
    else { return nil }
    let extents = form.extents
    // What lies closest together is walked innermost, in whichever direction.
    let strides = (left.reads.first?.strides ?? extents.map { _ in 0 }).map(abs)
    let depth = form.depth.filter { extents[$0] > 1 }.sorted { strides[$0] > strides[$1] }
    let taps = max(left.merged(depth, of: extents).outer, right.merged(depth, of: extents).outer)
    let innermost = Array(depth.dropFirst(taps))
    form.depth = innermost
    let rows = left.merged(form.rows, of: extents)
    let columns = right.merged(form.columns, of: extents)
    return ContractionShape(
      outer: extents.selecting(form.outer), outerAxes: form.outer, rows: form.count(form.rows),
      columns: columns.extent, depth: form.count(innermost), rowAxes: form.rows,
      columnAxes: form.columns,
      left: left.factor(
        operands[0], outer: form.outer, line: rows, depth: left.merged(innermost, of: extents)),
      right: right.factor(
        operands[1], outer: form.outer, line: columns, depth: right.merged(innermost, of: extents)),
      form: form, tapAxes: Array(depth.prefix(taps)), rowRun: rows.outer > 0 ? rows.extent : nil)
  }
}
