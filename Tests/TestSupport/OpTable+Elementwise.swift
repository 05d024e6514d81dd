import TensorIR

/// The shapes elementwise ops run with: scalars, empty tensors, vectors, odd extents; the last meets
/// every pair of special values.
let elementwiseShapes: [[Int]] = [[], [7], [2, 3], [4, 1, 5], [0], [3, 0], [67], [400]]

/// Constants and index tensors: no operands.
let constantRows: [OpRow] = [
  OpRow(
    "constant", ElementType.everyNumber + [.i1], values: [], derivative: .none("no operands"),
    variants: [
      constantVariant("scalar", [], [-2]), constantVariant("splat", [2, 3], [0, 0, 0, 0, 0, 0]),
      constantVariant("dense", [2, 2], [1, 0, 3, 1]), constantVariant("empty", [0, 2], []),
    ]),
  OpRow(
    "iota", ElementType.everyNumber, values: [], derivative: .none("no operands"),
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
  case .floor: (ElementType.everyFloat, .betweenIntegers, .zero, .exact)
  case .isFinite: (ElementType.everyFloat, .uniform(-3...3), .none("boolean result"), .exact)
  case .not: (ElementType.bits, .uniform(-9...9), .none("integer operand"), .exact)
  case .erf: (ElementType.everyFloat, .uniform(-3...3), .smooth(), .ulps(4))
  case .square: (ElementType.everyNumber, .uniform(-3...3), .smooth(), .exact)
  case .stopGradient:
    (ElementType.everyNumber + [.i1], .uniform(-3...3), .none("derivatives stop here"), .exact)
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
  case .and, .or: (ElementType.bits, [.uniform(-9...9)], .none("integer operands"), .exact)
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
    derivative: target.isFloat ? .smooth() : .none("integer result"),
    variants: elementwiseShapes.map { OpVariant(.convert(to: target), $0) })
}

extension String {
  /// A mnemonic without the dialect before its dot.
  fileprivate var droppingDialect: String {
    String(drop(while: { $0 != "." }).dropFirst()).replacing("_", with: " ")
  }
}
