internal import TensorIR

extension Function {
  /// The function with orders by integers of 32 bits, the lesser first, which is what the routine sorts by;
  /// of few elements the places are counted, which fuses with what is around.
  func withOrderKeys() throws -> Function {
    guard holds({ operation, _ in operation.op.isOrder }) else { return self }
    return try replacingOperations { operation, operands, builder in
      operation.op = try operation.op.mappingRegions { try $0.withOrderKeys() }
      guard case .order(let ordering) = operation.op else { return nil }
      let type = builder[operands[0]]
      if let extent = type.shape.last, extent <= Self.longestCountedOrder, extent > 0 {
        return [try builder.countedOrder(ordering, of: operands)]
      }
      let keys = try zip(operands, ordering.isDescending).flatMap { operand, isFalling in
        try builder.orderKeys(operand, isDescending: isFalling)
      }
      let rising = Ordering(isDescending: keys.map { _ in false }, count: ordering.count)
      return [try builder.emit(.order(rising), keys)]
    }
  }

  /// The greatest number of elements whose places are counted.
  private static let longestCountedOrder = 16
}

extension Op {
  fileprivate var isOrder: Bool { if case .order = self { true } else { false } }
}

extension FunctionBuilder {
  /// Integers of 32 bits, one or two, that are ordered as elements are, or the other way round.
  mutating func orderKeys(
    _ operand: ValueID, isDescending: Bool
  ) throws -> [ValueID] {
    let element = self[operand].element
    let isWide = element.width > 32
    let unsigned: ElementType = isWide ? .u64 : .u32
    var bits: ValueID
    switch element.kind {
    case .float:
      let width = element.width
      let integer: ElementType = width == 16 ? .i16 : width == 32 ? .i32 : .i64
      let own = try emit(.bits(.cast(to: integer)), [operand])
      let signed = try convert(turningNegatives(own), to: isWide ? .i64 : .i32)
      bits = try emit(.bits(.cast(to: unsigned)), [signed])
      bits = try binary(.xor, bits, topBit(self[bits]))
    case .signed:
      let signed = try convert(operand, to: isWide ? .i64 : .i32)
      bits = try emit(.bits(.cast(to: unsigned)), [signed])
      bits = try binary(.xor, bits, topBit(self[bits]))
    case .unsigned, .boolean: bits = try convert(operand, to: unsigned)
    case .complex: throw AdjointError(.type, "complex numbers have no order", at: location)
    }
    if isDescending { bits = try unary(.not, bits) }
    guard isWide else { return [bits] }
    let high = try binary(.shiftRightLogical, bits, splat(32, self[bits]))
    return [try convert(high, to: .u32), try convert(bits, to: .u32)]
  }

  /// The bits of floats as integers that rise as the floats do, or bits again of such integers: of negative
  /// numbers all bits are turned but the sign.
  private mutating func turningNegatives(_ bits: ValueID) throws -> ValueID {
    let type = self[bits]
    let signs = try binary(
      .shiftRightArithmetic, bits, splat(Double(type.element.width - 1), type))
    return try binary(.xor, bits, binary(.shiftRightLogical, signs, splat(1, type)))
  }

  /// The elements, of at most 32 bits, whose one order key each word is.
  mutating func elements(
    ofKeys words: ValueID, _ element: ElementType, isDescending: Bool
  ) throws -> ValueID {
    var bits = isDescending ? try unary(.not, words) : words
    if element.kind == .unsigned { return try convert(bits, to: element) }
    bits = try binary(.xor, bits, topBit(self[bits]))
    let signed = try emit(.bits(.cast(to: .i32)), [bits])
    guard element.isFloat else { return try convert(signed, to: element) }
    let own = try convert(signed, to: element.width == 16 ? .i16 : .i32)
    return try emit(.bits(.cast(to: element)), [turningNegatives(own)])
  }

  /// Integers of which only the uppermost bit is set.
  private mutating func topBit(_ type: TensorType) throws -> ValueID {
    let scalar = try constant(
      Literal(TensorType([], type.element), integers: [type.element == .u64 ? .min : 1 << 31]))
    return try broadcast(scalar, to: type.shape, dimensions: [])
  }
}
