import TensorIR

/// The shapes elementwise ops run with: scalars, empty tensors, vectors, odd extents, eight axes;
/// the last meets every pair of special values.
let elementwiseShapes: [[Int]] = [
  [], [7], [2, 3], [1, 2, 1, 2, 1, 1, 2, 1], [0], [3, 0], [67], [4, 1, 5], [400],
]

/// Constants and index tensors: no operands.
let constantRows: [OpRow] = [
  OpRow(
    "constant", ElementType.everyNumber + [.i1, .c64, .c128], values: [],
    derivative: .none("no operands"),
    variants: [
      constantVariant("scalar", [], [-2]), constantVariant("splat", [2, 3], [0, 0, 0, 0, 0, 0]),
      constantVariant("dense", [2, 2], [1, 0, 3, 1]), constantVariant("empty", [0, 2], []),
    ]),
  OpRow(
    "iota", ElementType.everyNumber + ElementType.complexNumbers, values: [],
    derivative: .none("no operands"),
    variants: [iotaVariant([5], 0), iotaVariant([2, 3], 1), iotaVariant([2, 3, 2], 0)]
      + [iotaVariant([0, 3], 1)]),
]

/// A constant of the row's element type.
private func constantVariant(_ name: String, _ shape: [Int], _ integers: [Int64]) -> OpVariant {
  OpVariant(name) { element in
    .constant(Literal(TensorType(shape, element), integers: integers))
  }
}

/// The indices along an axis, in the row's element type.
private func iotaVariant(_ shape: [Int], _ dimension: Int) -> OpVariant {
  OpVariant("\(shape) axis \(dimension)") {
    .iota(TensorType(shape, $0), dimension: dimension)
  }
}

/// The row of a function of one operand.
func unaryRow(_ op: UnaryOp) -> OpRow {
  let (elements, values, derivative, tolerance) = unaryTraits(op)
  return OpRow(
    op.rawValue.droppingDialect, elements, values: [values], derivative: derivative,
    tolerance: tolerance,
    variants: elementwiseShapes.map { OpVariant(.unary(op), $0) })
}

/// Where a function of one operand is tested and what is expected of it.
private func unaryTraits(
  _ op: UnaryOp
) -> ([ElementType], ArgumentValues, Derivative, Tolerance) {
  switch op {
  case .abs: (ElementType.everySigned, .magnitude(0.25...3), .smooth(), .exact)
  case .negate: (ElementType.everyNumber, .uniform(-3...3), .smooth(), .exact)
  case .sign: (ElementType.everySigned, .magnitude(0.25...3), .zero, .exact)
  case .exponential: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(4))
  case .exponentialMinusOne: (ElementType.everyFloat, .uniform(-2...2), .smooth(), .ulps(4))
  case .log: (ElementType.everyFloat, .uniform(0.25...4), .smooth(), .ulps(4))
  case .logPlusOne: (ElementType.everyFloat, .uniform(-0.75...3), .smooth(), .ulps(4))
  case .logistic: (ElementType.everyFloat, .uniform(-6...6), .smooth(), .ulps(6))
  case .tanh: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(4))
  case .sine, .cosine: (ElementType.everyFloat, .uniform(-6...6), .smooth(), .ulps(4))
  case .sqrt: (ElementType.everyFloat, .uniform(0.25...4), .smooth(), .exact)
  case .rsqrt: (ElementType.everyFloat, .uniform(0.25...4), .smooth(), .ulps(2))
  case .floor, .ceil, .roundEven, .roundAway:
    (ElementType.everyFloat, .betweenIntegers, .zero, .exact)
  case .isFinite, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
    (ElementType.everyFloat, .uniform(-3...3), .none("boolean result"), .exact)
  case .populationCount, .leadingZeros:
    (
      ElementType.integers + ElementType.otherIntegers, .uniform(-9...9),
      .none("integer operand"), .exact
    )
  case .cubeRoot: (ElementType.everyFloat, .magnitude(0.25...3), .smooth(), .ulps(2))
  case .tangent: (ElementType.everyFloat, .uniform(-1.2...1.2), .smooth(), .ulps(2))
  case .erfc: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(2))
  case .erfInverse: (ElementType.everyFloat, .uniform(-0.9...0.9), .smooth(), .ulps(4))
  case .sinh, .cosh: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(2))
  case .asin, .acos, .atanh: (ElementType.everyFloat, .uniform(-0.8...0.8), .smooth(), .ulps(2))
  case .atan, .asinh: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(2))
  case .acosh: (ElementType.everyFloat, .uniform(1.25...4), .smooth(), .ulps(2))
  case .logGamma, .digamma:
    (ElementType.everyFloat, .uniform(2.5...6), .smooth(), Tolerance(ulps: 8, epsilons: 1))
  case .not: (ElementType.bits, .uniform(-9...9), .none("integer operand"), .exact)
  case .erf: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(4))
  case .square: (ElementType.everyNumber, .uniform(-3...3), .smooth(), .exact)
  case .stopGradient:
    (
      ElementType.samplesAndComplex, .uniform(-3...3), .none("derivatives stop here"), .exact
    )
  }
}

/// The row of a function of two operands.
func binaryRow(_ op: BinaryOp) -> OpRow {
  let (elements, values, derivative, tolerance) = binaryTraits(op)
  return OpRow(
    op.rawValue.droppingDialect, elements, values: values, derivative: derivative,
    tolerance: tolerance,
    variants: elementwiseShapes.map { OpVariant(.binary(op), $0, $0) }
      + [
        broadcastingVariant(op, [2, 3], [3], dimensions: [1]),
        broadcastingVariant(op, [4, 5], [4, 1], dimensions: [0, 1]),
        broadcastingVariant(op, [3, 9], [], dimensions: []),
      ])
}

/// Where a function of two operands is tested and what is expected of it.
private func binaryTraits(
  _ op: BinaryOp
) -> ([ElementType], [ArgumentValues], Derivative, Tolerance) {
  let untied: [ArgumentValues] = [
    .lattice(step: 0.25, shift: 0), .lattice(step: 0.25, shift: 0.125),
  ]
  return switch op {
  case .add, .multiply: (ElementType.everyNumber + [.i1], [.uniform(-3...3)], .smooth(), .exact)
  case .subtract: (ElementType.everyNumber, [.uniform(-3...3)], .smooth(), .exact)
  case .divide:
    (ElementType.everyNumber, [.uniform(-9...9), .magnitude(0.5...3)], .smooth(), .exact)
  case .maximum, .minimum: (ElementType.everyNumber + [.i1], untied, .smooth(), .exact)
  case .power:
    (ElementType.everyNumber, [.uniform(0.5...3), .uniform(-2...3)], .smooth(), .ulps(8))
  case .remainder:
    (
      ElementType.everyNumber, [.lattice(step: 0.25, shift: 0.1), .magnitude(1...1.05)],
      .smooth(), .exact
    )
  case .atan2: (ElementType.everyFloat, [.magnitude(0.5...3)], .smooth(), .ulps(2))
  case .and, .or, .xor:
    (ElementType.bits, [.uniform(-9...9)], .none("integer operands"), .exact)
  case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical:
    (
      ElementType.integers + ElementType.otherIntegers, [.uniform(-9...9), .uniform(0...9)],
      .none("integer operands"), .exact
    )
  case .nextAfter: (ElementType.everyFloat, [.uniform(-3...3)], .smooth(), .exact)
  case .polygamma:
    (
      ElementType.everyFloat, [.whole(1...3), .uniform(1...4)], .none("in one operand"), .ulps(64)
    )
  case .zeta:
    (
      ElementType.everyFloat, [.uniform(1.5...4), .uniform(1...4)], .none("in one operand"),
      .ulps(16)
    )
  }
}

/// An op whose right operand is broadcast to the shape of the left one first.
private func broadcastingVariant(
  _ op: BinaryOp, _ left: [Int], _ right: [Int], dimensions: [Int]
) -> OpVariant {
  OpVariant("\(left) \(right) broadcast", [.init(left), .init(right)]) { builder, parameters in
    let right = try builder.broadcast(parameters[1], to: left, dimensions: dimensions)
    return try builder.binary(op, parameters[0], right)
  }
}

/// The row of a comparison.
func compareRow(_ direction: Comparison.Direction) -> OpRow {
  OpRow(
    "compare \(direction.rawValue)", ElementType.everyNumber + [.i1],
    values: [.lattice(step: 0.5, shift: 0)], derivative: .none("boolean result"),
    variants: elementwiseShapes.map { OpVariant(.compare(Comparison(direction)), $0, $0) })
}

/// Functions of the bits of elements.
let bitsRows: [OpRow] =
  [
    ([ElementType.f32, .u32], ElementType.i32), ([.i32, .u32], .f32), ([.f64], .u64),
    ([.u64, .i64], .f64), ([.bf16, .f16], .u16), ([.i16, .u16], .bf16), ([.u16], .f16),
    ([.i8], .u8), ([.u8], .i8), ([.i4], .u4), ([.u4], .i4),
  ].map { sources, target in
    OpRow(
      "bitcast to \(target.rawValue)", sources, values: [.uniform(-9...9)],
      derivative: .none("bits"),
      variants: elementwiseShapes.map { OpVariant(.bits(.cast(to: target)), $0) })
  }
  + [(8, 7), (5, 10), (11, 52), (8, 23), (4, 3)].map { exponentBits, fractionBits in
    let op = BitsOp.reducePrecision(exponentBits: exponentBits, fractionBits: fractionBits)
    return OpRow(
      "reduce precision to e\(exponentBits)m\(fractionBits)", ElementType.everyFloat,
      values: [.uniform(-9...9)], derivative: .none("steps"),
      variants: elementwiseShapes.map { OpVariant(.bits(op), $0) })
  }

/// Comparisons of floats by their bits.
let totalOrderRows: [OpRow] = [Comparison.Direction.less, .greaterOrEqual, .equal].map {
  let comparison = Comparison($0, isTotal: true)
  return OpRow(
    "compare \($0.rawValue) in total order", ElementType.everyFloat,
    values: [.lattice(step: 0.5, shift: 0)], derivative: .none("boolean result"),
    variants: elementwiseShapes.map { OpVariant(.compare(comparison), $0, $0) })
}

/// Choices and bounds, each also with scalars standing for a whole tensor.
let choiceRows: [OpRow] = [
  OpRow(
    "select", ElementType.everyNumber + [.i1], values: [.uniform(-3...3)], derivative: .smooth(),
    variants: elementwiseShapes.flatMap { shape in
      (shape.isEmpty ? [shape] : [shape, []]).map { predicate in
        OpVariant(
          "\(shape) by \(predicate)", [.init(predicate, .i1), .init(shape), .init(shape)]
        ) { try $0.emit(.select, $1) }
      }
    }),
  OpRow(
    "clamp", ElementType.everyNumber,
    values: [
      .uniform(-2 ... -1), .lattice(step: 0.5, shift: 0.25), .uniform(1...2),
    ], derivative: .smooth(order: 1),
    variants: elementwiseShapes.flatMap { shape -> [OpVariant] in
      let dense = OpVariant(.clamp, shape, shape, shape)
      return shape.isEmpty ? [dense] : [dense, OpVariant(.clamp, [], shape, [])]
    }),
]

/// Conversions between all pairs of element types.
let convertRows: [OpRow] = ElementType.allCases.map { target in
  OpRow(
    "convert to \(target.rawValue)", ElementType.allCases, values: [.uniform(-9...9)],
    derivative: target.isInexact ? .smooth() : .none("integer result"),
    variants: elementwiseShapes.map { OpVariant(.convert(to: target), $0) })
}

extension String {
  /// A mnemonic without the dialect before its dot.
  fileprivate var droppingDialect: String {
    String(drop(while: { $0 != "." }).dropFirst()).replacing("_", with: " ")
  }
}
