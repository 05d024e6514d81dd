import TensorIR

/// Rearrangements of elements: exact, and linear where elements are floats.
let shapeRows: [OpRow] = [
  shapeRow("broadcast_in_dim", broadcasts), shapeRow("reshape", reshapes),
  shapeRow("transpose", transposes), shapeRow("slice", slices), shapeRow("pad", pads),
  shapeRow("concatenate", concatenations), shapeRow("reverse", reversals),
]

/// The row of one kind of rearrangement.
private func shapeRow(_ name: String, _ variants: [OpVariant]) -> OpRow {
  OpRow(
    name, ElementType.samplesAndComplex, values: [.uniform(-9...9)], derivative: .smooth(),
    variants: variants)
}

private let broadcasts: [OpVariant] = [
  broadcast([], to: [2, 3], []), broadcast([], to: [], []), broadcast([3], to: [2, 3], [1]),
  broadcast([2], to: [2, 3], [0]), broadcast([2, 1], to: [2, 3], [0, 1]),
  broadcast([1, 3], to: [4, 3], [0, 1]), broadcast([2, 3], to: [3, 4, 2], [2, 0]),
  broadcast([1], to: [5], [0]), broadcast([1, 1], to: [2, 3, 4], [2, 0]),
  broadcast([3, 5], to: [2, 3, 4, 5], [1, 3]), broadcast([], to: [0, 2], []),
  broadcast([1, 2], to: [0, 2], [0, 1]), broadcast([4, 33], to: [4, 33], [0, 1]),
]

private func broadcast(_ shape: [Int], to target: [Int], _ dimensions: [Int]) -> OpVariant {
  OpVariant(
    .shape(.broadcast(shape: target, dimensions: dimensions)), shape,
    name: "\(shape) to \(target) at \(dimensions)")
}

private let reshapes: [OpVariant] = [
  reshape([], to: [1, 1]), reshape([1], to: []), reshape([6], to: [2, 3]),
  reshape([2, 3], to: [3, 2]), reshape([2, 3, 4], to: [6, 4]), reshape([24], to: [2, 1, 3, 4]),
  reshape([0, 3], to: [0]), reshape([0], to: [5, 0, 2]),
]

private func reshape(_ shape: [Int], to target: [Int]) -> OpVariant {
  OpVariant(.shape(.reshape(shape: target)), shape, name: "\(shape) to \(target)")
}

private let transposes: [OpVariant] = [
  transpose([], []), transpose([5], [0]), transpose([2, 3], [1, 0]), transpose([2, 3], [0, 1]),
  transpose([2, 3, 4], [1, 2, 0]), transpose([2, 3, 4], [2, 1, 0]),
  transpose([2, 3, 2, 4], [0, 2, 1, 3]), transpose([17, 35], [1, 0]), transpose([0, 3], [1, 0]),
]

private func transpose(_ shape: [Int], _ permutation: [Int]) -> OpVariant {
  OpVariant(
    .shape(.transpose(permutation: permutation)), shape, name: "\(shape) by \(permutation)")
}

private let slices: [OpVariant] = [
  slice([], [], [], []), slice([7], [2], [5], [1]), slice([7], [0], [7], [3]),
  slice([7], [1], [6], [2]), slice([4, 5], [1, 0], [3, 5], [1, 1]),
  slice([4, 5], [0, 1], [4, 5], [2, 3]), slice([3, 4, 5], [2, 1, 0], [3, 2, 5], [1, 1, 4]),
  slice([5], [3], [3], [1]), slice([0, 4], [0, 1], [0, 3], [1, 1]), slice([4], [4], [4], [2]),
]

private func slice(
  _ shape: [Int], _ starts: [Int], _ limits: [Int], _ strides: [Int]
) -> OpVariant {
  OpVariant(
    .shape(.slice(starts: starts, limits: limits, strides: strides)), shape,
    name: "\(shape) from \(starts) to \(limits) by \(strides)")
}

private let pads: [OpVariant] = [
  pad([], [], [], []), pad([3], [1], [2], [0]), pad([3], [0], [0], [2]), pad([3], [2], [1], [1]),
  pad([5], [-1], [-2], [0]), pad([5], [-2], [3], [0]), pad([5], [-3], [-1], [1]),
  pad([2], [-1], [-1], [3]), pad([2, 3], [1, 0], [0, 2], [0, 1]),
  pad([2, 3, 2], [0, -1, 1], [1, 2, -1], [1, 0, 2]), pad([0], [2], [1], [1]),
  pad([2, 0], [1, 1], [0, 1], [0, 0]), pad([3], [-3], [0], [0]), pad([2], [-4], [5], [0]),
]

private func pad(
  _ shape: [Int], _ low: [Int], _ high: [Int], _ interior: [Int]
) -> OpVariant {
  OpVariant(
    .shape(.pad(low: low, high: high, interior: interior)), shape, [],
    name: "\(shape) low \(low) high \(high) interior \(interior)")
}

private let concatenations: [OpVariant] = [
  concatenate(0, [2], [3]), concatenate(0, [4]), concatenate(0, [2, 3], [1, 3]),
  concatenate(1, [2, 3], [2, 1], [2, 2]), concatenate(1, [2, 1, 3], [2, 2, 3]),
  concatenate(2, [2, 2, 1], [2, 2, 4]), concatenate(0, [0], [3], [0]),
  concatenate(1, [2, 0], [2, 3]), concatenate(0, [0, 2], [0, 2]),
]

private func concatenate(_ dimension: Int, _ shapes: [Int]...) -> OpVariant {
  let spelled = shapes.map { "\($0)" }.joined(separator: " ")
  return OpVariant(
    .shape(.concatenate(dimension: dimension)), shapes: shapes,
    name: "\(spelled) axis \(dimension)")
}

private let reversals: [OpVariant] = [
  reverse([], []), reverse([5], [0]), reverse([2, 3], [1]), reverse([2, 3], [0]),
  reverse([2, 3], [1, 0]), reverse([2, 3, 4], [0, 2]), reverse([2, 3], []),
  reverse([0, 3], [0, 1]),
]

private func reverse(_ shape: [Int], _ dimensions: [Int]) -> OpVariant {
  OpVariant(
    .shape(.reverse(dimensions: dimensions)), shape, name: "\(shape) along \(dimensions)")
}
