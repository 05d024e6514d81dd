import TensorIR

/// Adds to a part of a tensor in place rather than to all of it zeros with that part among them.
///
///     Before:  %1 = stablehlo.dynamic_update_slice %zeros, %u, %i
///              %2 = stablehlo.add %x, %1
///     After:   %1 = stablehlo.dynamic_slice %x, %i    %2 = stablehlo.add %1, %u
///              %3 = stablehlo.dynamic_update_slice %x, %2, %i
///
/// and a scatter that adds to zeros adds to x. That is what the derivative of a part that was read is in a
/// loop: then x is a carry, which is changed in place. Elsewhere −0 + 0 would be +0, and stays −0.
@Sendable func addToPart(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .binary(.add) = op else { return nil }
  for (whole, part) in [(operands[0], operands[1]), (operands[1], operands[0])] {
    guard let update = rewriter.definition(of: part), update.operands.count > 2,
      rewriter.isNumber(update.operands[0], 0), rewriter.isChangedInPlace(whole)
    else { continue }
    if case .scatter(let dimensions) = update.op, dimensions.combination == .add {
      guard rewriter.addsWithoutLoss(update), rewriter.isUsed(part, atMost: 1) else { continue }
      return try rewriter.emit(update.op, [whole] + update.operands[1...])
    }
    guard case .dynamicUpdateSlice = update.op else { continue }
    let (sizes, starts) = (rewriter[update.operands[1]].shape, Array(update.operands[2...]))
    guard 2 * rewriter[update.operands[1]].count <= rewriter[whole].count else { continue }
    let old = try rewriter.emit(.dynamicSlice(sizes: sizes), [whole] + starts)
    let new = try rewriter.emitBinary(.add, old, update.operands[1])
    return try rewriter.emit(.dynamicUpdateSlice, [whole, new] + starts)
  }
  return nil
}

extension Rewriter {
  /// Whether a value is a parameter, or one of which parts were changed.
  fileprivate func isChangedInPlace(_ value: ValueID) -> Bool {
    guard let definition = definition(of: value) else { return true }
    switch definition.op {
    case .dynamicUpdateSlice, .scatter: return true
    default: return false
    }
  }

  /// Whether a scatter that adds to zeros may add to a sum, update by update: to few of its elements, and
  /// not in a narrow type, in which small terms of a large sum get lost.
  fileprivate func addsWithoutLoss(_ scatter: Operation) -> Bool {
    let (whole, updates) = (self[scatter.operands[0]], self[scatter.operands[2]])
    return 2 * updates.count <= whole.count && (!whole.element.isFloat || whole.element.width >= 32)
  }
}
