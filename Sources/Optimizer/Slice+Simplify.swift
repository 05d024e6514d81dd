import TensorIR

/// The ranges of a slice.
private struct Ranges {
  var starts: [Int]
  var limits: [Int]
  var strides: [Int]

  /// The position of the last element taken along an axis that has any.
  func last(_ axis: Int) -> Int {
    starts[axis] + (limits[axis] - starts[axis] - 1) / strides[axis] * strides[axis]
  }

  /// Whether nothing is taken along an axis.
  func isEmpty(_ axis: Int) -> Bool { starts[axis] == limits[axis] }

  /// Moves an axis's range towards lower positions.
  func shifted(_ axis: Int, by distance: Int) -> Ranges {
    var result = self
    result.starts[axis] -= distance
    result.limits[axis] = isEmpty(axis) ? result.starts[axis] : last(axis) - distance + 1
    return result
  }

  var op: Op { .shape(.slice(starts: starts, limits: limits, strides: strides)) }
}

/// Takes slices of what their operand is made of.
///
///     Before:  %1 = stablehlo.slice %0 [2:8]    %2 = stablehlo.slice %1 [1:3]
///     After:   %2 = stablehlo.slice %0 [3:5]
///
/// - A slice that takes everything is its operand.
/// - A slice of a broadcast is a broadcast of a slice.
/// - A slice of a concatenation that touches one piece is a slice of the piece.
/// - A slice of a pad without interior amounts that touches only the operand, or only padding,
///   reads just that.
@Sendable func simplifySlice(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.slice(let starts, let limits, let strides)) = op else { return nil }
  let ranges = Ranges(starts: starts, limits: limits, strides: strides)
  let type = rewriter[operands[0]]
  let takesAll = type.shape.indices.allSatisfy {
    starts[$0] == 0 && limits[$0] == type.shape[$0] && (strides[$0] == 1 || limits[$0] <= 1)
  }
  if takesAll { return operands[0] }
  guard let definition = rewriter.definition(of: operands[0]) else { return nil }
  switch definition.op {
  case .shape(.slice(let starts, let limits, let strides)):
    let inner = Ranges(starts: starts, limits: limits, strides: strides)
    guard let merged = ranges.after(inner) else { return nil }
    return try rewriter.emit(merged.op, [definition.operands[0]])
  case .shape(.broadcast):
    return try slicedBroadcast(ranges, operands[0], &rewriter)
  case .shape(.concatenate(let dimension)):
    return try slicedConcatenate(ranges, definition.operands, dimension, &rewriter)
  case .shape(.pad(let low, _, let interior)):
    guard interior.allSatisfy({ $0 == 0 }) else { return nil }
    return try slicedPad(ranges, definition.operands, low, &rewriter)
  default: return nil
  }
}

extension Ranges {
  /// The ranges that take from the operand what `self` takes from `inner`'s result.
  func after(_ inner: Ranges) -> Ranges? {
    var merged = self
    for axis in starts.indices {
      let step = inner.strides[axis].multipliedReportingOverflow(by: strides[axis])
      guard !step.overflow else { return nil }
      if isEmpty(axis) {
        merged.starts[axis] = inner.starts[axis]
        merged.limits[axis] = inner.starts[axis]
        merged.strides[axis] = 1
      } else {
        merged.starts[axis] = inner.starts[axis] + starts[axis] * inner.strides[axis]
        merged.limits[axis] = inner.starts[axis] + last(axis) * inner.strides[axis] + 1
        merged.strides[axis] = step.partialValue
      }
    }
    return merged
  }
}

/// A broadcast of slices along the axes that carry elements.
private func slicedBroadcast(
  _ ranges: Ranges, _ operand: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard let inner = rewriter.broadcast(operand) else { return nil }
  let shape = try ranges.op.resultTypes([rewriter[operand]])[0].shape
  let kept = Set(inner.keptAxes)
  var source = Ranges(
    starts: inner.type.shape.map { _ in 0 }, limits: inner.type.shape,
    strides: inner.type.shape.map { _ in 1 })
  for (axis, place) in inner.dimensions.enumerated() where kept.contains(axis) {
    source.starts[axis] = ranges.starts[place]
    source.limits[axis] = ranges.limits[place]
    source.strides[axis] = ranges.strides[place]
  }
  let piece = try rewriter.emit(source.op, [inner.operand])
  return try rewriter.emitBroadcast(piece, to: shape, dimensions: inner.dimensions)
}

/// A slice of the one piece that is touched.
private func slicedConcatenate(
  _ ranges: Ranges, _ pieces: [ValueID], _ dimension: Int, _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard !ranges.isEmpty(dimension) else { return nil }
  var start = 0
  for piece in pieces {
    let end = start + rewriter[piece].shape[dimension]
    if ranges.starts[dimension] < end {
      guard ranges.last(dimension) < end else { return nil }
      return try rewriter.emit(ranges.shifted(dimension, by: start).op, [piece])
    }
    start = end
  }
  return nil
}

/// A slice of the padded operand, or the padding value repeated.
private func slicedPad(
  _ ranges: Ranges, _ operands: [ValueID], _ low: [Int], _ rewriter: inout Rewriter
) throws -> ValueID? {
  let shape = rewriter[operands[0]].shape
  guard !shape.indices.contains(where: ranges.isEmpty) else { return nil }
  var source = ranges
  var isInside = true
  for axis in shape.indices {
    let first = ranges.starts[axis] - low[axis]
    let last = ranges.last(axis) - low[axis]
    if last < 0 || first >= shape[axis] {
      let extents = shape.indices.map {
        (ranges.last($0) - ranges.starts[$0]) / ranges.strides[$0] + 1
      }
      return try rewriter.emitBroadcast(operands[1], to: extents, dimensions: [])
    }
    isInside = isInside && first >= 0 && last < shape[axis]
    source = source.shifted(axis, by: low[axis])
  }
  return isInside ? try rewriter.emit(source.op, [operands[0]]) : nil
}
