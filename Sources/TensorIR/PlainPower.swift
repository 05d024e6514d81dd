/// A power whose exponent is a small multiple of ½, which roots, products and quotients give.
///
/// Of floats, and within 3 units in the last place of the power. Zeros, infinities and NaN are those
/// of IEEE 754's `pow`.
package struct PlainPower: Hashable, Sendable {
  /// Twice the exponent: from −6 to 8, without 0 and 2, which are no powers to compute.
  package let halves: Int

  /// The power of an exponent that is one of those.
  package init?(exponent: Double) {
    let halves = 2 * exponent
    guard halves == halves.rounded(), -6...8 ~= halves, halves != 0, halves != 2 else {
      return nil
    }
    self.halves = Int(halves)
  }

  /// The power that an operation is, if it is one.
  ///
  /// - Parameter definition: the operation that defines a value.
  package init?(_ operation: Operation, definition: (ValueID) -> Operation?) {
    guard case .binary(.power) = operation.op else { return nil }
    var exponent = operation.operands[1]
    while let source = definition(exponent), case .shape(.broadcast) = source.op {
      exponent = source.operands[0]
    }
    guard case .constant(let literal)? = definition(exponent)?.op, literal.type.element.isFloat,
      let value = literal.splatValue
    else { return nil }
    self.init(exponent: value)
  }
}
