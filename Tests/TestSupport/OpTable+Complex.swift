import TensorIR

/// Ops of complex numbers: functions of them, and passages between them and their parts.
let complexRows: [OpRow] =
  complexFunctions.map { complexRow($0) } + complexArithmetic.map { complexRow($0) }
  + complexChoices + ComplexOp.allCases.map { passageRow($0) }

/// The functions of one complex number.
private let complexFunctions: [UnaryOp] = [
  .abs, .negate, .sign, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
  .sine, .cosine, .sqrt, .rsqrt, .cubeRoot, .tangent, .square, .sinh, .cosh, .asin, .acos, .atan,
  .asinh, .acosh, .atanh,
]

/// The functions of two complex numbers.
private let complexArithmetic: [BinaryOp] = [.add, .subtract, .multiply, .divide, .power]

/// Comparisons and choices.
private let complexChoices: [OpRow] = [
  compareComplexRow(.equal), compareComplexRow(.notEqual),
  OpRow(
    "select complex", ElementType.complexNumbers, values: [.uniform(-3...3)],
    derivative: .smooth(),
    variants: elementwiseShapes.map { shape in
      OpVariant("\(shape)", [.init(shape, .i1), .init(shape), .init(shape)]) {
        try $0.emit(.select, $1)
      }
    }),
]

/// The row of a comparison of complex numbers.
private func compareComplexRow(_ direction: Comparison.Direction) -> OpRow {
  OpRow(
    "compare complex \(direction.rawValue)", ElementType.complexNumbers,
    values: [.lattice(step: 4, shift: 0)], derivative: .none("boolean result"),
    variants: elementwiseShapes.map { OpVariant(.compare(Comparison(direction)), $0, $0) })
}

/// The row of a function of one complex number; values keep away from poles and branch points.
private func complexRow(_ op: UnaryOp) -> OpRow {
  let values: ArgumentValues =
    switch op {
    case .tanh, .tangent, .logistic: .magnitude(0.25...0.75)
    case .asin, .acos, .atan, .asinh, .acosh, .atanh: .magnitude(0.25...0.8)
    default: .magnitude(0.25...2)
    }
  let tolerance: Tolerance =
    switch op {
    case .negate: .exact
    // The difference of two products may be contracted.
    case .square: .sum
    default: .ulps(6)
    }
  return OpRow(
    "\(op) of complex", ElementType.complexNumbers, values: [values], derivative: .smooth(),
    tolerance: tolerance, variants: elementwiseShapes.map { OpVariant(.unary(op), $0) })
}

/// The row of a function of two complex numbers.
private func complexRow(_ op: BinaryOp) -> OpRow {
  let tolerance: Tolerance =
    switch op {
    case .add, .subtract: .exact
    case .multiply: .sum
    case .power: Tolerance(ulps: 200, epsilons: 0)
    default: .ulps(4)
    }
  return OpRow(
    "\(op) of complex", ElementType.complexNumbers,
    values: [.magnitude(0.5...2), .magnitude(0.25...1.5)], derivative: .smooth(),
    tolerance: tolerance, variants: elementwiseShapes.map { OpVariant(.binary(op), $0, $0) })
}

/// The row of a passage between complex numbers and their parts.
private func passageRow(_ op: ComplexOp) -> OpRow {
  OpRow(
    op.rawValue,
    op == .make ? ElementType.floats : ElementType.complexNumbers + ElementType.everyFloat,
    values: [.uniform(-3...3)], derivative: .smooth(),
    variants: elementwiseShapes.map {
      op == .make ? OpVariant(.complex(op), $0, $0) : OpVariant(.complex(op), $0)
    })
}

/// Fourier transforms of lengths with small and large prime factors, along one to three axes.
let fourierRows: [OpRow] = FourierTransform.Kind.allCases.map { kind in
  let lengths: [[Int]] = [
    [1], [2], [3], [4], [5], [6], [7], [8], [12], [15], [17], [4, 6], [3, 4, 5], [0],
  ]
  let batches: [[Int]] = [[], [3], [2, 1]]
  let variants = lengths.enumerated().map { number, lengths in
    let transform = FourierTransform(kind, lengths: lengths)
    return OpVariant(.fft(transform), batches[number % 3] + transform.operandExtents)
  }
  return OpRow(
    "fft \(kind.rawValue)", kind == .real ? ElementType.floats : ElementType.complexNumbers,
    values: [.uniform(-2...2)], derivative: .smooth(), tolerance: .sum, variants: variants)
}
