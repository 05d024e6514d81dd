/// An order of the places along the last axis, by keys that stand in them: of two places the one with the
/// lesser first key comes first, of equal ones that with the lesser second key, and so on; of places with
/// equal keys the earlier one.
///
/// Floats are ordered by their bits, as `TOTALORDER` compares them.
package struct Ordering: Hashable, Sendable {
  /// For each key whether the greater one comes first.
  package var isDescending: [Bool]
  /// How many places are wanted, the first ones of the order.
  package var count: Int

  package init(isDescending: [Bool], count: Int) {
    self.isDescending = isDescending
    self.count = count
  }

  /// - C1: there is an operand for each direction, and at least one; operands have one shape.
  /// - C2: there is a last axis, and i32 counts its places.
  /// - C3: `count` is not negative and at most the last axis' extent.
  /// - C4: elements are not complex.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(isDescending.count)
    let shape = check.operands.first?.shape ?? []
    try check.require(1, !isDescending.isEmpty && check.operands.allSatisfy { $0.shape == shape }) {
      "keys of one shape are needed, not \(check.operands.map(\.description).joined(separator: ", "))"
    }
    try check.require(2, !shape.isEmpty && shape[shape.count - 1] <= Int(Int32.max)) {
      "\(check.operands[0]) has no last axis that i32 counts"
    }
    try check.require(3, count >= 0 && count <= shape[shape.count - 1]) {
      "there are no \(count) places along the last axis of \(check.operands[0])"
    }
    try check.require(4, check.operands.allSatisfy { !$0.element.isComplex }) {
      "complex numbers have no order"
    }
    return TensorType(shape.dropLast() + [count], .i32)
  }
}
