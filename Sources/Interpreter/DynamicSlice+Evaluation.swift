import TensorIR

/// Where a slice of `sizes` starts in a tensor of `shape`: the starts clamped so that it stays inside.
private func clampedStart(_ starts: ArraySlice<Literal>, _ sizes: [Int], in shape: [Int]) -> Int {
  let strides = shape.rowMajorStrides
  var start = 0
  for (axis, literal) in starts.enumerated() {
    start += min(max(literal.indices[0], 0), shape[axis] - sizes[axis]) * strides[axis]
  }
  return start
}

/// The slice of `sizes` at the starts behind the operand.
func evaluateDynamicSlice(_ operands: [Literal], sizes: [Int]) -> Literal {
  let operand = operands[0]
  let start = clampedStart(operands.dropFirst(), sizes, in: operand.type.shape)
  let places = offsets(of: sizes, strides: operand.type.strides, from: start)
  return operand.selecting(places, as: TensorType(sizes, operand.type.element))
}

/// The operand with the update at the starts behind both.
func evaluateDynamicUpdateSlice(_ operands: [Literal]) -> Literal {
  let (operand, update) = (operands[0], operands[1])
  let start = clampedStart(operands.dropFirst(2), update.type.shape, in: operand.type.shape)
  let places = offsets(of: update.type.shape, strides: operand.type.strides, from: start)
  return operand.replacing(places, with: update, at: Array(0..<update.type.count))
}
