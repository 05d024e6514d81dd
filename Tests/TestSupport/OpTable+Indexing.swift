import TensorIR

/// Slices collected at computed places, in the forms that indexing arrays writes; indices run from
/// −2 to 5, so some are clamped.
let gatherRows: [OpRow] = [
  gatherRow("gather rows", rowLookups), gatherRow("gather x[i, j]", elementLookups),
  gatherRow("gather along an axis", alongAxis), gatherRow("gather slices", sliceLookups),
]

/// `x[i]` for a vector of row numbers, or a matrix of them as embeddings do.
private let rowLookups: [OpVariant] = [
  gather([4, 3], [5, 1], rowLookup(offsetDims: [1], width: 3)),
  gather([4, 3], [2, 5, 1], rowLookup(offsetDims: [2], indexVectorDim: 2, width: 3)),
  gather([4, 3], [5], rowLookup(offsetDims: [1], width: 3)),
  gather([4, 3], [1], rowLookup(offsetDims: [0], indexVectorDim: 0, width: 3)),
  gather([4, 3], [0, 1], rowLookup(offsetDims: [1], width: 3)),
  gather(
    [6], [4, 1],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
      sliceSizes: [1])),
]

private func rowLookup(
  offsetDims: [Int], indexVectorDim: Int = 1, width: Int
) -> GatherDimensions {
  GatherDimensions(
    offsetDims: offsetDims, collapsedSliceDims: [0], startIndexMap: [0],
    indexVectorDim: indexVectorDim, sliceSizes: [1, width])
}

/// `x[i, j]` for pairs of numbers.
private let elementLookups: [OpVariant] = [
  gather(
    [4, 3], [5, 2],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [0, 1], startIndexMap: [0, 1], indexVectorDim: 1,
      sliceSizes: [1, 1])),
  gather(
    [4, 3], [5, 2],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [0, 1], startIndexMap: [1, 0], indexVectorDim: 1,
      sliceSizes: [1, 1])),
  gather(
    [2, 4, 3], [2, 5],
    GatherDimensions(
      offsetDims: [0], collapsedSliceDims: [1, 2], startIndexMap: [1, 2], indexVectorDim: 0,
      sliceSizes: [2, 1, 1])),
]

/// `take_along_axis`: batching axes of operand and indices run together.
private let alongAxis: [OpVariant] = [
  gather(
    [3, 5], [3, 1],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [1], operandBatchingDims: [0],
      startIndicesBatchingDims: [0], startIndexMap: [1], indexVectorDim: 1, sliceSizes: [1, 1])),
  gather(
    [3, 5], [3, 4, 1],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [1], operandBatchingDims: [0],
      startIndicesBatchingDims: [0], startIndexMap: [1], indexVectorDim: 2, sliceSizes: [1, 1])),
  gather(
    [4, 3], [2, 3, 1],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [0], operandBatchingDims: [1],
      startIndicesBatchingDims: [1], startIndexMap: [0], indexVectorDim: 2, sliceSizes: [1, 1])),
  gather(
    [0, 5], [0, 1],
    GatherDimensions(
      offsetDims: [], collapsedSliceDims: [1], operandBatchingDims: [0],
      startIndicesBatchingDims: [0], startIndexMap: [1], indexVectorDim: 1, sliceSizes: [0, 1])),
]

/// Windows wider than one element, clamped so that they stay inside.
private let sliceLookups: [OpVariant] = [
  gather(
    [6, 3], [2],
    GatherDimensions(
      offsetDims: [0, 1], collapsedSliceDims: [], startIndexMap: [0, 1], indexVectorDim: 0,
      sliceSizes: [2, 3])),
  gather(
    [6, 4], [3, 1],
    GatherDimensions(
      offsetDims: [0, 2], collapsedSliceDims: [], startIndexMap: [0], indexVectorDim: 1,
      sliceSizes: [3, 2])),
  gather(
    [6], [2, 2, 1],
    GatherDimensions(
      offsetDims: [1], collapsedSliceDims: [], startIndexMap: [0], indexVectorDim: 2,
      sliceSizes: [4])),
]

private func gatherRow(_ name: String, _ variants: [OpVariant]) -> OpRow {
  OpRow(
    name, ElementType.samplesAndComplex, values: [.uniform(-3...3), .uniform(-2...5)],
    derivative: .smooth(), variants: variants)
}

private func gather(
  _ operand: [Int], _ indices: [Int], _ dimensions: GatherDimensions
) -> OpVariant {
  OpVariant(
    "\(operand) at \(indices) map \(dimensions.startIndexMap) offsets \(dimensions.offsetDims)",
    [.init(operand), .init(indices, indices.count == 1 ? .i64 : .i32)]
  ) { try $0.emit(.gather(dimensions), $1) }
}

// MARK: - Scatter

/// Slices combined into computed places; indices run from −2 to 5, so some updates are dropped and
/// some meet. Which of meeting updates a `set` keeps matters, so its rows run in update order.
let scatterRows: [OpRow] = ScatterDimensions.Combination.allCases.flatMap { combination in
  [
    scatterRow("rows", combination, rowUpdates), scatterRow("x[i, j]", combination, elementUpdates),
    scatterRow("along an axis", combination, alongAxisUpdates),
    scatterRow("slices", combination, sliceUpdates),
  ]
}

/// Operand, index and update shapes with the dimension numbers that join them.
private typealias ScatterForm = (
  operand: [Int], indices: [Int], updates: [Int],
  dimensions: @Sendable (ScatterDimensions.Combination) -> ScatterDimensions
)

private let rowUpdates: [ScatterForm] = [
  ([4, 3], [5, 1], [5, 3], { rowUpdate($0, windowDims: [1], indexVectorDim: 1) }),
  ([4, 3], [2, 5, 1], [2, 5, 3], { rowUpdate($0, windowDims: [2], indexVectorDim: 2) }),
  ([4, 3], [5], [5, 3], { rowUpdate($0, windowDims: [1], indexVectorDim: 1) }),
  ([4, 3], [1], [3], { rowUpdate($0, windowDims: [0], indexVectorDim: 0) }),
  ([4, 3], [0, 1], [0, 3], { rowUpdate($0, windowDims: [1], indexVectorDim: 1) }),
  ([6], [4, 1], [4], { rowUpdate($0, windowDims: [], indexVectorDim: 1) }),
]

private func rowUpdate(
  _ combination: ScatterDimensions.Combination, windowDims: [Int], indexVectorDim: Int
) -> ScatterDimensions {
  ScatterDimensions(
    combination, updateWindowDims: windowDims, insertedWindowDims: [0],
    scatterDimsToOperandDims: [0], indexVectorDim: indexVectorDim)
}

private let elementUpdates: [ScatterForm] = [
  (
    [4, 3], [5, 2], [5],
    {
      ScatterDimensions(
        $0, updateWindowDims: [], insertedWindowDims: [0, 1], scatterDimsToOperandDims: [0, 1],
        indexVectorDim: 1)
    }
  ),
  (
    [2, 4, 3], [5, 2], [2, 5],
    {
      ScatterDimensions(
        $0, updateWindowDims: [0], insertedWindowDims: [1, 2], scatterDimsToOperandDims: [1, 2],
        indexVectorDim: 1)
    }
  ),
]

private let alongAxisUpdates: [ScatterForm] = [
  (
    [3, 5], [3, 4, 1], [3, 4],
    {
      ScatterDimensions(
        $0, updateWindowDims: [], insertedWindowDims: [1], inputBatchingDims: [0],
        scatterIndicesBatchingDims: [0], scatterDimsToOperandDims: [1], indexVectorDim: 2)
    }
  ),
  (
    [4, 3], [2, 3, 1], [2, 3],
    {
      ScatterDimensions(
        $0, updateWindowDims: [], insertedWindowDims: [0], inputBatchingDims: [1],
        scatterIndicesBatchingDims: [1], scatterDimsToOperandDims: [0], indexVectorDim: 2)
    }
  ),
]

private let sliceUpdates: [ScatterForm] = [
  (
    [6, 3], [2], [2, 3],
    {
      ScatterDimensions(
        $0, updateWindowDims: [0, 1], insertedWindowDims: [], scatterDimsToOperandDims: [0, 1],
        indexVectorDim: 0)
    }
  ),
  (
    [6, 4], [3, 1], [3, 3, 2],
    {
      ScatterDimensions(
        $0, updateWindowDims: [0, 2], insertedWindowDims: [], scatterDimsToOperandDims: [0],
        indexVectorDim: 1)
    }
  ),
]

private func scatterRow(
  _ name: String, _ combination: ScatterDimensions.Combination, _ forms: [ScatterForm]
) -> OpRow {
  let variants = forms.map { form in
    let dimensions = form.dimensions(combination)
    return OpVariant(
      "\(form.updates) into \(form.operand) at \(form.indices)",
      [
        .init(form.operand), .init(form.indices, form.indices.count == 1 ? .i64 : .i32),
        .init(form.updates),
      ]
    ) { try $0.emit(.scatter(dimensions), $1) }
  }
  let isExtreme = combination == .minimum || combination == .maximum
  return OpRow(
    "scatter \(combination.rawValue) \(name)",
    combination == .set
      ? ElementType.samplesAndComplex
      : ElementType.everyNumber + (combination == .add ? ElementType.complexNumbers : []),
    values: isExtreme
      ? [.distinct(spacing: 0.25), .uniform(-2...5), .distinct(spacing: 0.31)]
      : [.uniform(-3...3), .uniform(-2...5), .uniform(-3...3)],
    derivative: .smooth(order: isExtreme ? 1 : 2),
    tolerance: combination == .set || isExtreme ? .exact : .sum, variants: variants)
}
