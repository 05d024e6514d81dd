extension FunctionBuilder {
  /// The bits of elements as elements of another width, the lowest bits first along a last axis of the
  /// shorter type.
  ///
  /// - Throws: `AdjointError` where the shapes or types do not fit.
  mutating func bitcast(_ operand: ValueID, to type: TensorType) throws -> ValueID {
    let source = self[operand]
    let (short, long) =
      source.element.width < type.element.width ? (source, type) : (type, source)
    let ratio = long.element.width / short.element.width
    let fits =
      short.shape == long.shape + [ratio] && long.element.width == ratio * short.element.width
      && short.element.width >= 8 && !source.element.isComplex && !type.element.isComplex
    guard fits, let narrow = short.element.bitsType, let wide = long.element.bitsType else {
      throw AdjointError(.type, "stablehlo.bitcast_convert (C1): bits of \(source) are not \(type)")
    }
    /// How far the bits of each place along the last axis are shifted.
    func shifts(_ shape: [Int]) throws -> ValueID {
      let places = TensorType([ratio], wide)
      let distances = Literal(
        places, integers: (0..<ratio).map { Int64($0 * short.element.width) })
      return try broadcast(constant(distances), to: shape, dimensions: [shape.count - 1])
    }
    if source.element.width < type.element.width {
      let bits = try convert(bitPattern(of: operand, as: narrow), to: wide)
      let shifted = try binary(.shiftLeft, bits, shifts(short.shape))
      let joined = try reduce(.or, shifted, dimensions: [short.shape.count - 1])
      return try bitPattern(of: joined, as: type.element)
    }
    let spread = try broadcast(
      bitPattern(of: operand, as: wide), to: short.shape, dimensions: Array(long.shape.indices))
    let moved = try binary(.shiftRightLogical, spread, shifts(short.shape))
    return try bitPattern(of: convert(moved, to: narrow), as: type.element)
  }

  /// The bits of elements as those of another type of equal width.
  private mutating func bitPattern(of value: ValueID, as element: ElementType) throws -> ValueID {
    self[value].element == element ? value : try emit(.bits(.cast(to: element)), [value])
  }
}

extension ElementType {
  /// The unsigned integer of the same width; nil where there is none.
  fileprivate var bitsType: ElementType? {
    switch width {
    case 8: .u8
    case 16: .u16
    case 32: .u32
    case 64: .u64
    default: nil
    }
  }
}
