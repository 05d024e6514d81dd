import TensorIR

/// Reduces less, and at once.
///
///     Before:  %1 = stablehlo.reduce(%0 init: %cst) applies stablehlo.add across dimensions = [1]
///              %2 = stablehlo.reduce(%1 init: %cst) applies stablehlo.add across dimensions = [0]
///     After:   %2 = stablehlo.reduce(%0 init: %cst) applies stablehlo.add across dimensions = [0, 1]
///
/// All from the kind's identity, except where said:
/// - A reduction of nothing, from any value, repeats the value.
/// - A reduction along unit axes is a reshape; one of all but unit axes drops them first.
/// - A reduction of a reduction of the same kind, read once, is one.
/// - A reduction of a transpose is a transpose of a reduction.
/// - A reduction along repeated axes is the operand, times their extents for sums.
/// - A sum of −x, read once, is minus the sum.
@Sendable func simplifyReduce(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .reduce(let reduction) = op else { return nil }
  let (operand, initial) = (operands[0], operands[1])
  let type = rewriter[operand]
  let axes = reduction.dimensions.sorted()
  if axes.contains(where: { type.shape[$0] == 0 }) {
    return try rewriter.emitBroadcast(initial, to: type.shape.removing(axes), dimensions: [])
  }
  guard rewriter.isIdentity(initial, of: reduction.kind) else { return nil }
  let long = axes.filter { type.shape[$0] != 1 }
  if long.count < axes.count {
    let units = axes.filter { type.shape[$0] == 1 }
    let rest = long.map { axis in axis - units.count { $0 < axis } }
    return try rewriter.emitReduce(
      reduction.kind, rewriter.emitDropping(units, of: operand), rest)
  }
  if axes.isEmpty { return operand }
  let rest = type.shape.indices.filter { !axes.contains($0) }
  if !rest.isEmpty, rest.allSatisfy({ type.shape[$0] == 1 }) {
    let sum = try rewriter.emitReduce(
      reduction.kind, rewriter.emitDropping(rest, of: operand), Array(axes.indices))
    return try rewriter.emitBroadcast(sum, to: rest.map { _ in 1 }, dimensions: [])
  }
  if axes != reduction.dimensions {
    return try rewriter.emitReduce(reduction.kind, operand, axes)
  }
  guard let definition = rewriter.definition(of: operand) else { return nil }
  let source = definition.operands.first
  switch (definition.op, source) {
  case (.shape(.broadcast), _):
    return try reducedBroadcast(reduction, operand, &rewriter)
  case (.shape(.transpose(let permutation)), let source?):
    return try reducedTranspose(reduction, source, permutation, &rewriter)
  case (.reduce(let inner), let source?):
    guard inner.kind == reduction.kind, rewriter.isUsed(operand, atMost: 1),
      rewriter.isIdentity(definition.operands[1], of: inner.kind)
    else { return nil }
    let kept = Array(rewriter[source].shape.indices).removing(inner.dimensions)
    return try rewriter.emitReduce(
      reduction.kind, source, (inner.dimensions + kept.selecting(axes)).sorted())
  case (.unary(.negate), let source?):
    guard reduction.kind == .add, rewriter.isUsed(operand, atMost: 1) else { return nil }
    return try rewriter.emitUnary(.negate, rewriter.emitReduce(.add, source, axes))
  default: return nil
  }
}

/// A transpose of a reduction.
private func reducedTranspose(
  _ reduction: Reduction, _ source: ValueID, _ permutation: [Int], _ rewriter: inout Rewriter
) throws -> ValueID {
  let axes = permutation.selecting(reduction.dimensions).sorted()
  let kept = permutation.removing(reduction.dimensions)
  let result = try rewriter.emitReduce(reduction.kind, source, axes)
  return try rewriter.emitTranspose(result, kept.map { axis in kept.count { $0 < axis } })
}

/// A broadcast of a reduction of what is repeated, times how often for sums.
private func reducedBroadcast(
  _ reduction: Reduction, _ operand: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard let inner = rewriter.broadcast(operand) else { return nil }
  let reduced = Set(reduction.dimensions)
  let kept = Set(inner.keptAxes)
  // Axes of the operand that are summed; those it repeats are dropped instead.
  let axes = inner.dimensions.indices.filter {
    kept.contains($0) && reduced.contains(inner.dimensions[$0])
  }
  let covered = Set(kept.map { inner.dimensions[$0] })
  guard covered.count < inner.shape.count else { return nil }
  let repetitions = inner.shape.selecting(reduced.subtracting(covered).sorted()).reduce(1, *)
  guard reduction.kind.absorbsRepetitions || repetitions == 1 else { return nil }
  let element = inner.type.element
  let isCounted = reduction.kind == .add && repetitions > 1 && element != .i1
  if isCounted, !element.holds(count: repetitions) { return nil }

  let dropped = inner.dimensions.indices.filter {
    !kept.contains($0) && reduced.contains(inner.dimensions[$0])
  }
  let gone = axes + dropped
  let shape = inner.shape.removing(reduction.dimensions)
  let remaining = Array(inner.dimensions.indices).removing(gone).map { axis in
    inner.dimensions[axis] - reduced.count { $0 < inner.dimensions[axis] }
  }
  let source = try rewriter.emitDropping(dropped, of: inner.operand)
  let shifted = axes.map { axis in axis - dropped.count { $0 < axis } }
  var result = try rewriter.emitReduce(reduction.kind, source, shifted)
  if isCounted {
    let count = try rewriter.emitSplat(Double(repetitions), rewriter[result])
    result = try rewriter.emitBinary(.multiply, result, count)
  }
  return try rewriter.emitBroadcast(result, to: shape, dimensions: remaining)
}

extension Rewriter {
  /// Whether a value leaves any element unchanged when combined with it; either zero for sums.
  fileprivate func isIdentity(_ value: ValueID, of kind: Reduction.Kind) -> Bool {
    guard let literal = constant(value) else { return false }
    return literal == kind.identity(of: literal.type.element)
      || (kind == .add && isNumber(value, -0.0))
  }
}

extension Reduction.Kind {
  /// Whether combining equal elements needs no more than their number.
  fileprivate var absorbsRepetitions: Bool {
    switch self {
    case .add, .maximum, .minimum, .and, .or: true
    case .multiply: false
    }
  }
}
