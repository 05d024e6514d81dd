import TensorIR

/// Reductions from the identity, and from a value that is passed in.
let reductionRows: [OpRow] =
  Reduction.Kind.allCases.map { reductionRow($0, isFromIdentity: true) }
  + Reduction.Kind.allCases.map { reductionRow($0, isFromIdentity: false) }

/// Operand shapes and the axes reduced, in text order.
private let reducedAxes: [(shape: [Int], dimensions: [Int])] = [
  ([], []), ([7], [0]), ([7], []), ([2, 3], [0]), ([2, 3], [1]), ([2, 3], [0, 1]),
  ([2, 3], [1, 0]), ([3, 2, 4], [1]), ([3, 2, 4], [0, 2]), ([3, 2, 4], [2]), ([3, 1, 2], [0, 1]),
  ([0], [0]), ([0, 3], [0]), ([0, 3], [1]), ([37], [0]), ([19, 18], [0]), ([18, 19], [1]),
]

/// The row of a reduction of one kind.
private func reductionRow(_ kind: Reduction.Kind, isFromIdentity: Bool) -> OpRow {
  let (elements, values, derivative, tolerance) = reductionTraits(kind)
  let variants = reducedAxes.map { shape, dimensions in
    let op = Op.reduce(Reduction(kind, dimensions: dimensions))
    let name = "\(shape) along \(dimensions)"
    guard isFromIdentity else { return OpVariant(op, shape, [], name: name) }
    return OpVariant(name, [.init(shape)]) { builder, parameters in
      let identity = try builder.constant(kind.identity(of: builder[parameters[0]].element))
      return try builder.emit(op, [parameters[0], identity])
    }
  }
  let name = "reduce \(kind)" + (isFromIdentity ? "" : " from a value")
  return OpRow(
    name, elements, values: values, derivative: derivative, tolerance: tolerance,
    variants: variants)
}

/// Where a reduction is tested and what is expected of it.
private func reductionTraits(
  _ kind: Reduction.Kind
) -> ([ElementType], [ArgumentValues], Derivative, Tolerance) {
  switch kind {
  case .add: (ElementType.samplesAndComplex, [.uniform(-3...3)], .smooth(), .sum)
  case .multiply:
    (
      ElementType.samplesAndComplex, [.magnitude(0.75...1.25)], .smooth(),
      Tolerance(ulps: 400, epsilons: 0)
    )
  case .maximum, .minimum:
    (
      ElementType.samples, [.distinct(spacing: 0.25), .lattice(step: 1, shift: 0.125)],
      .smooth(), .exact
    )
  case .and, .or: (ElementType.bits, [.uniform(-9...9)], .none("integer operands"), .exact)
  }
}
