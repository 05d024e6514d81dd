import TensorIR

/// Reads and changes one window at a known place without looking for it.
///
/// That is what parts of a tensor at numbers are, and what their derivatives are.
@Sendable func simplifyOneWindow(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  switch op {
  case .dynamicSlice(let sizes): try readSlice(sizes, operands, &rewriter)
  case .gather(let dimensions): try readWindow(dimensions, op, operands, &rewriter)
  case .scatter(let dimensions): try changeWindow(dimensions, operands, &rewriter)
  default: nil
  }
}

/// Makes a slice at known starts one of known ranges.
private func readSlice(
  _ sizes: [Int], _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  let starts = operands[1...].compactMap { rewriter.constant($0)?.indices.first }
  guard starts.count == sizes.count else { return nil }
  return try rewriter.emitWindow(of: operands[0], at: starts, sizes)
}

/// Makes a gather of one window a slice.
///
///     Before:  %1 = "stablehlo.gather"(%0, %c) <{slice_sizes = array<i64: 98, 98>, …}>    c = [1, 1]
///     After:   %1 = stablehlo.slice %0 [1:99, 1:99]
///
/// A window that would reach beyond an end is read at that end.
private func readWindow(
  _ dimensions: GatherDimensions, _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  let type = try op.resultTypes(operands.map { rewriter[$0] })[0]
  guard type.count == dimensions.sliceSizes.reduce(1, *), type.count > 0,
    let vector = rewriter.onlyVector(of: operands[1], entries: dimensions.startIndexMap.count)
  else { return nil }
  var starts = dimensions.sliceSizes.map { _ in 0 }
  for (axis, start) in zip(dimensions.startIndexMap, vector) { starts[axis] = start }
  let slice = try rewriter.emitWindow(of: operands[0], at: starts, dimensions.sliceSizes)
  return try rewriter.emitReshape(slice, to: type.shape)
}

/// Makes a scatter of one window an update.
///
///     Before:  %1 = "stablehlo.scatter"(%0, %c, %u) ({ … stablehlo.return %new … })       c = [1, 1]
///     After:   %1 = stablehlo.dynamic_update_slice %0, %u, %c1, %c1
///
/// What is combined with the elements there is combined with a slice of them. A window of more than half
/// of the tensor is added as a whole tensor, padded with −0, which changes no number that it is added to;
/// less is added where it stands, and stays linear. A window that reaches beyond an end changes nothing.
private func changeWindow(
  _ dimensions: ScatterDimensions, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  let (operand, updates) = (rewriter[operands[0]], rewriter[operands[2]])
  let dropped = Set(dimensions.insertedWindowDims + dimensions.inputBatchingDims)
  var window = updates.shape.selecting(dimensions.updateWindowDims).makeIterator()
  let sizes = operand.shape.indices.map { dropped.contains($0) ? 1 : window.next() ?? 1 }
  guard updates.count == sizes.reduce(1, *), updates.count > 0,
    let vector = rewriter.onlyVector(
      of: operands[1], entries: dimensions.scatterDimsToOperandDims.count)
  else { return nil }
  var starts = operand.shape.map { _ in 0 }
  for (axis, start) in zip(dimensions.scatterDimsToOperandDims, vector) { starts[axis] = start }
  let fits = starts.indices.allSatisfy { axis in
    starts[axis] >= 0 && starts[axis] <= operand.shape[axis] - sizes[axis]
  }
  guard fits else { return operands[0] }
  let limits = zip(starts, sizes).map { $0 + $1 }
  if dimensions.combination == .add {
    guard updates.count > operand.count / 2, !operand.element.isComplex else { return nil }
    let update = try rewriter.emitReshape(operands[2], to: sizes)
    let neutral = try rewriter.emitConstant(
      Literal(TensorType([], operand.element), filledWith: operand.element.isFloat ? -0.0 : 0))
    let high = zip(operand.shape, limits).map { $0 - $1 }
    let padded = try rewriter.emit(
      .shape(.pad(low: starts, high: high, interior: starts.map { _ in 0 })), [update, neutral])
    return try rewriter.emitBinary(.add, operands[0], padded)
  }
  let update = try rewriter.emitReshape(operands[2], to: sizes)
  var new = update
  if let kind = dimensions.combination.kind {
    let old = try rewriter.emitWindow(of: operands[0], at: starts, sizes)
    new = try rewriter.emitBinary(kind.binary, old, update)
  }
  if sizes == operand.shape { return new }
  let places = try starts.map { start in
    try rewriter.emitConstant(Literal(TensorType([], .i64), integers: [Int64(start)]))
  }
  return try rewriter.emit(.dynamicUpdateSlice, [operands[0], new] + places)
}

extension Rewriter {
  /// A slice of these sizes; where it would reach beyond an end it stands at that end.
  fileprivate mutating func emitWindow(
    of operand: ValueID, at starts: [Int], _ sizes: [Int]
  ) throws -> ValueID {
    let starts = starts.indices.map { axis in
      min(max(starts[axis], 0), self[operand].shape[axis] - sizes[axis])
    }
    return try emit(
      .shape(
        .slice(
          starts: starts, limits: zip(starts, sizes).map { $0 + $1 },
          strides: starts.map { _ in 1 })),
      [operand])
  }

  /// The one vector of so many entries that indices are; nil where it is not known.
  fileprivate func onlyVector(of indices: ValueID, entries: Int) -> [Int]? {
    guard self[indices].count == entries else { return nil }
    if let literal = constant(indices) { return literal.indices }
    return splat(indices)?.indices.first.map { Array(repeating: $0, count: entries) }
  }
}
