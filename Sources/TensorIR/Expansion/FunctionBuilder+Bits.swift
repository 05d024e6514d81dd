extension FunctionBuilder {
  /// The bits of elements as elements of another width, the lowest bits first along a last axis of the
  /// shorter type; complex numbers are their real parts and then their imaginary ones.
  ///
  /// Floats whose bits are those of others with another exponent have their derivative; what is made of
  /// other bits has none.
  ///
  /// - Throws: `AdjointError` where the shapes or types do not fit.
  mutating func bitcast(_ operand: ValueID, to type: TensorType) throws -> ValueID {
    let source = self[operand]
    let (short, long) =
      source.element.width < type.element.width ? (source, type) : (type, source)
    let ratio = long.element.width / short.element.width
    let rest = ratio == 1 ? [] : [ratio]
    guard short.shape == long.shape + rest, long.element.width == ratio * short.element.width
    else {
      throw AdjointError(.type, "stablehlo.bitcast_convert (C1): bits of \(source) are not \(type)")
    }
    if source.element == type.element { return operand }
    let target = TensorType(
      type.element.isComplex ? type.shape + [2] : type.shape, type.element.partType)
    let bits = try regrouped(parts(of: operand), to: target)
    return type.element.isComplex ? try joinedParts(bits) : bits
  }

  /// The real and imaginary parts of complex numbers side by side along a last axis; other elements as
  /// they are.
  private mutating func parts(of operand: ValueID) throws -> ValueID {
    let type = self[operand]
    guard type.element.isComplex else { return operand }
    let parts = try [ComplexOp.real, .imaginary].map {
      try reshape(emit(.complex($0), [operand]), to: type.shape + [1])
    }
    return try emit(.shape(.concatenate(dimension: type.rank)), parts)
  }

  /// The complex numbers of parts that stand side by side along the last axis.
  private mutating func joinedParts(_ parts: ValueID) throws -> ValueID {
    let shape = self[parts].shape
    let rows = Array(shape.dropLast())
    let sides = try [0, 1].map { side in
      let part = try emit(
        .shape(
          .slice(
            starts: rows.map { _ in 0 } + [side], limits: rows + [side + 1],
            strides: shape.map { _ in 1 })), [parts])
      return try reshape(part, to: rows)
    }
    return try emit(.complex(.make), sides)
  }

  /// The bits of elements that are not complex in groups of another width, in the given shape.
  private mutating func regrouped(_ operand: ValueID, to type: TensorType) throws -> ValueID {
    let (from, into) = (self[operand].element, type.element)
    let (least, greatest) = from.width < into.width ? (from, into) : (into, from)
    guard let narrow = least.bitsType, let wide = greatest.bitsType else {
      throw AdjointError(
        .type, "stablehlo.bitcast_convert (C1): there are no bits of \(from.rawValue)")
    }
    let ratio = wide.width / narrow.width
    if ratio == 1 { return try reshape(bitPattern(of: operand, as: into), to: type.shape) }
    if from.width < into.width {
      let shape = type.shape + [ratio]
      let groups = try reshape(bitPattern(of: operand, as: narrow), to: shape)
      let shifted = try binary(.shiftLeft, convert(groups, to: wide), shifts(shape, narrow, wide))
      return try bitPattern(
        of: reduce(.or, shifted, dimensions: [type.shape.count]), as: into)
    }
    let shape = self[operand].shape + [ratio]
    let spread = try broadcast(
      bitPattern(of: operand, as: wide), to: shape, dimensions: Array(shape.indices.dropLast()))
    var moved = try binary(.shiftRightLogical, spread, shifts(shape, narrow, wide))
    if narrow == .i1 { moved = try binary(.and, moved, splat(1, self[moved])) }
    return try reshape(
      bitPattern(of: convert(moved, to: narrow), as: into), to: type.shape)
  }

  /// How far the bits of each place along the last axis are shifted.
  private mutating func shifts(
    _ shape: [Int], _ narrow: ElementType, _ wide: ElementType
  ) throws -> ValueID {
    let count = shape[shape.count - 1]
    let distances = Literal(
      TensorType([count], wide), integers: (0..<count).map { Int64($0 * narrow.width) })
    return try broadcast(constant(distances), to: shape, dimensions: [shape.count - 1])
  }

  /// The bits of elements as those of another type of equal width.
  private mutating func bitPattern(of value: ValueID, as element: ElementType) throws -> ValueID {
    self[value].element == element ? value : try emit(.bits(.cast(to: element)), [value])
  }
}

extension ElementType {
  /// The unsigned integer of the same width, or booleans of one bit; nil where there is none.
  fileprivate var bitsType: ElementType? {
    switch width {
    case 1: .i1
    case 4: .u4
    case 8: .u8
    case 16: .u16
    case 32: .u32
    case 64: .u64
    default: nil
    }
  }
}
