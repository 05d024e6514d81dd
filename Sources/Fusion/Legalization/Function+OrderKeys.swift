internal import TensorIR

extension Function {
  /// The function with orders by integers of 32 bits, the lesser first, which is what the routine sorts by;
  /// of few elements the places are counted, which fuses with what is around.
  func withOrderKeys() throws -> Function {
    guard holdsOrders else { return self }
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

  /// Whether an operation of the function or of a region orders elements.
  private var holdsOrders: Bool {
    operations.contains { operation in
      if case .order = operation.op { return true }
      return operation.op.regions.contains { $0.holdsOrders }
    }
  }
}

extension FunctionBuilder {
  /// Integers of 32 bits, one or two, that are ordered as elements are, or the other way round.
  fileprivate mutating func orderKeys(
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
      let type = self[own]
      // Of negative numbers all bits are turned but the sign, so that integers rise as they do.
      let signs = try binary(.shiftRightArithmetic, own, splat(Double(width - 1), type))
      let turned = try binary(.shiftRightLogical, signs, splat(1, type))
      let signed = try convert(binary(.xor, own, turned), to: isWide ? .i64 : .i32)
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

  /// Integers of which only the uppermost bit is set.
  private mutating func topBit(_ type: TensorType) throws -> ValueID {
    let scalar = try constant(
      Literal(TensorType([], type.element), integers: [type.element == .u64 ? .min : 1 << 31]))
    return try broadcast(scalar, to: type.shape, dimensions: [])
  }
}
