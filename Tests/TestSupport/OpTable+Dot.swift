import TensorIR

/// Products summed over contracted axes, by the layouts programs write.
let dotRows: [OpRow] = [
  dotRow(
    "dot plain",
    [
      dot([3, 4], [4, 5], leftContracting: [1], rightContracting: [0]),
      dot([1, 17], [17, 33], leftContracting: [1], rightContracting: [0]),
      dot([19, 21], [21, 18], leftContracting: [1], rightContracting: [0]),
      dot([3, 0], [0, 2], leftContracting: [1], rightContracting: [0]),
      dot([0, 3], [3, 2], leftContracting: [1], rightContracting: [0]),
    ]),
  dotRow(
    "dot TN",
    [
      dot([4, 3], [4, 5], leftContracting: [0], rightContracting: [0]),
      dot([21, 19], [21, 18], leftContracting: [0], rightContracting: [0]),
    ]),
  dotRow(
    "dot NT",
    [
      dot([3, 4], [5, 4], leftContracting: [1], rightContracting: [1]),
      dot([19, 21], [18, 21], leftContracting: [1], rightContracting: [1]),
    ]),
  dotRow("dot TT", [dot([4, 3], [5, 4], leftContracting: [0], rightContracting: [1])]),
  dotRow(
    "dot batched",
    [
      dot(
        [2, 3, 4], [2, 4, 5], batching: ([0], [0]), leftContracting: [2], rightContracting: [1]),
      dot(
        [3, 2, 4], [4, 5, 2], batching: ([1], [2]), leftContracting: [2], rightContracting: [0]),
      dot(
        [2, 3, 4, 5], [2, 3, 6, 5], batching: ([0, 1], [0, 1]), leftContracting: [3],
        rightContracting: [3]),
      dot(
        [2, 3, 4], [3, 2, 4], batching: ([0, 1], [1, 0]), leftContracting: [2],
        rightContracting: [2]),
      dot([3, 2], [3, 2], batching: ([0], [0]), leftContracting: [1], rightContracting: [1]),
    ]),
  dotRow(
    "dot over several axes",
    [
      dot([2, 3, 4], [3, 4, 5], leftContracting: [1, 2], rightContracting: [0, 1]),
      dot([2, 3, 4], [4, 5, 3], leftContracting: [1, 2], rightContracting: [2, 0]),
      dot([2, 3], [2, 3], leftContracting: [0, 1], rightContracting: [0, 1]),
    ]),
  dotRow(
    "dot over no axis",
    [
      dot([3], [4], leftContracting: [], rightContracting: []),
      dot([], [4], leftContracting: [], rightContracting: []),
      dot([], [], leftContracting: [], rightContracting: []),
      dot([2, 3], [2, 4], batching: ([0], [0]), leftContracting: [], rightContracting: []),
    ]),
  dotRow(
    "dot of vectors",
    [
      dot([7], [7], leftContracting: [0], rightContracting: [0]),
      dot([3, 7], [7], leftContracting: [1], rightContracting: [0]),
      dot([7], [7, 3], leftContracting: [0], rightContracting: [0]),
      dot([67], [67], leftContracting: [0], rightContracting: [0]),
    ]),
  wideDotRow([.f16, .bf16], .f32), wideDotRow([.f32], .f64), wideDotRow([.i8, .i16], .i32),
]

/// The row of products of one layout.
private func dotRow(_ name: String, _ variants: [OpVariant]) -> OpRow {
  OpRow(
    name, ElementType.everyNumber + ElementType.complexNumbers, values: [.uniform(-2...2)],
    derivative: .smooth(), tolerance: .sum, variants: variants)
}

/// The row of products whose sums have a wider type than their factors.
private func wideDotRow(_ elements: [ElementType], _ sum: ElementType) -> OpRow {
  let dimensions = DotDimensions(
    leftContracting: [1], rightContracting: [0], resultElement: sum)
  return OpRow(
    "dot into \(sum.rawValue)", elements, values: [.uniform(-2...2)], derivative: .smooth(),
    tolerance: .sum,
    variants: [
      OpVariant(.dot(dimensions), [3, 4], [4, 5]),
      OpVariant(.dot(dimensions), [19, 21], [21, 18]),
    ])
}

private func dot(
  _ left: [Int], _ right: [Int], batching: ([Int], [Int]) = ([], []), leftContracting: [Int],
  rightContracting: [Int]
) -> OpVariant {
  let dimensions = DotDimensions(
    leftBatching: batching.0, rightBatching: batching.1, leftContracting: leftContracting,
    rightContracting: rightContracting)
  return OpVariant(
    .dot(dimensions), left, right,
    name: "\(left) \(right) over \(leftContracting) \(rightContracting) for \(batching)")
}
