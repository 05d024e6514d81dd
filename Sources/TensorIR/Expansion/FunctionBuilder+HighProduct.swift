extension FunctionBuilder {
  /// The upper half of the products of integers, which have twice the bits.
  ///
  /// - Throws: `AdjointError` where the operands are no integers of one type.
  mutating func highProduct(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    let type = self[left]
    let element = type.element
    guard type == self[right], element.isInteger else {
      throw AdjointError(
        .type, "chlo.mulhi (C1): \(type) and \(self[right]) are no integers of one type",
        at: location)
    }
    guard element.width == 64 else {
      let wide: ElementType = element.isUnsigned ? .u64 : .i64
      let product = try multiply(convert(left, to: wide), convert(right, to: wide))
      let shift: BinaryOp = element.isUnsigned ? .shiftRightLogical : .shiftRightArithmetic
      return try convert(
        binary(shift, product, integers(Int64(element.width), self[product])), to: element)
    }
    guard element == .i64 else { return try highWords(left, right) }
    // As unsigned numbers, negative ones are greater by 2⁶⁴.
    let words = try [left, right].map { try emit(.bits(.cast(to: .u64)), [$0]) }
    let high = try emit(.bits(.cast(to: .i64)), [highWords(words[0], words[1])])
    let zero = try integers(0, type)
    let first = try select(compare(.less, left, zero), right, zero)
    let second = try select(compare(.less, right, zero), left, zero)
    return try subtract(subtract(high, first), second)
  }

  /// The upper words of products of words of 64 bits, from those of their halves.
  private mutating func highWords(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    let type = self[left]
    let half = try integers(32, type)
    let mask = try integers(0xFFFF_FFFF, type)
    let (lowLeft, lowRight) = (try binary(.and, left, mask), try binary(.and, right, mask))
    let highLeft = try binary(.shiftRightLogical, left, half)
    let highRight = try binary(.shiftRightLogical, right, half)
    let carried = try binary(.shiftRightLogical, multiply(lowLeft, lowRight), half)
    let first = try add(multiply(highLeft, lowRight), carried)
    let second = try add(multiply(lowLeft, highRight), binary(.and, first, mask))
    return try add(
      multiply(highLeft, highRight),
      add(
        binary(.shiftRightLogical, first, half), binary(.shiftRightLogical, second, half)))
  }

  /// An integer, repeated.
  private mutating func integers(_ value: Int64, _ type: TensorType) throws -> ValueID {
    let scalar = try constant(Literal(TensorType([], type.element), integers: [value]))
    return try broadcast(scalar, to: type.shape, dimensions: [])
  }
}
