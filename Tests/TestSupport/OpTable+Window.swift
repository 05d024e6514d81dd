import TensorIR

/// Ops over windows: extents that leave remainders, padding, dilation, windows wider than the tensor.
let windowRows: [OpRow] =
  Reduction.Kind.allCases.map(reductionRow) + [
    placeRow(isLast: false), placeRow(isLast: true),
    movementRow("window_collect") { operand, windows, _ in
      (operand, Op.window(.collect(windows)))
    },
    movementRow("window_scatter") { operand, windows, counts in
      (counts, Op.window(.scatter(windows, shape: operand)))
    },
  ]

/// Shapes with windows over them.
private let forms: [(shape: [Int], windows: Windows)] = [
  ([7], Windows(extents: [3])),
  ([7], Windows(extents: [3], strides: [2], low: [1], high: [2])),
  ([6], Windows(extents: [2], strides: [2])),
  ([5], Windows(extents: [2], baseDilations: [2], dilations: [3], low: [2], high: [-1])),
  ([2, 5, 4], Windows(extents: [1, 2, 2], strides: [1, 2, 2], high: [0, 1, 0])),
  (
    [2, 9, 8, 3],
    Windows(
      extents: [1, 3, 3, 1], strides: [1, 2, 1, 1], low: [0, 1, 1, 0], high: [0, 1, 1, 0])
  ),
  ([2, 3], Windows(extents: [4, 5], low: [3, 2], high: [2, 4])),
  ([9], Windows(extents: [3], strides: [4], dilations: [2], low: [1], high: [3])),
  ([0, 3], Windows(extents: [2, 1], low: [1, 0], high: [1, 0])),
  ([3], Windows(extents: [5])), ([], Windows(extents: [])),
]

/// What tells the windows of a form apart.
private func variantName(_ shape: [Int], _ windows: Windows) -> String {
  "\(shape) \(windows.extents) by \(windows.strides) from \(windows.low) to \(windows.high)"
    + " dilated \(windows.baseDilations) \(windows.dilations)"
}

/// The row of a reduction of windows; sums also start from a value that is passed in.
private func reductionRow(_ kind: Reduction.Kind) -> OpRow {
  let (elements, values, derivative, tolerance):
    ([ElementType], ArgumentValues, Derivative, Tolerance) =
      switch kind {
      case .add: (ElementType.samples, .uniform(-3...3), .smooth(), .sum)
      case .multiply:
        (
          ElementType.samples, .magnitude(0.75...1.25), .smooth(),
          Tolerance(ulps: 400, epsilons: 0)
        )
      case .maximum, .minimum: (ElementType.samples, .distinct(spacing: 0.25), .smooth(), .exact)
      case .and, .or: (ElementType.bits, .uniform(-9...9), .none("integer operands"), .exact)
      }
  let variants = forms.map { shape, windows in
    let op = Op.window(.reduce(kind, windows))
    let name = variantName(shape, windows)
    if kind == .add { return OpVariant(op, shape, [], name: name) }
    return OpVariant(name, [.init(shape)]) { builder, parameters in
      let element = builder[parameters[0]].element
      var initial = kind.identity(of: element)
      // Windows without elements would be infinite.
      if element.isFloat, kind == .maximum || kind == .minimum {
        initial = Literal(initial.type, filledWith: kind == .maximum ? -100 : 100)
      }
      return try builder.emit(op, [parameters[0], builder.constant(initial)])
    }
  }
  return OpRow(
    "reduce_window \(kind)", elements, values: [values], derivative: derivative,
    tolerance: tolerance, variants: variants)
}

/// The place of the greatest or least element of each window.
private func placeRow(isLast: Bool) -> OpRow {
  OpRow(
    "window_place \(isLast ? "last least" : "first greatest")", ElementType.samples,
    values: [.lattice(step: 1, shift: 0.125)], derivative: .none("gives places"),
    variants: forms.map { shape, windows in
      OpVariant(variantName(shape, windows), [.init(shape)]) { builder, parameters in
        try builder.place(in: parameters[0], windows, isLast: isLast)
      }
    })
}

/// The row of an op that moves elements between a tensor and windows, at the places of another tensor's
/// greatest elements.
///
/// - Parameter form: from shape, windows and the windows' counts, the shape moved and the op.
private func movementRow(
  _ name: String, _ form: @escaping @Sendable ([Int], Windows, [Int]) -> ([Int], Op)
) -> OpRow {
  OpRow(
    name, ElementType.samples, values: [.uniform(-3...3), .distinct(spacing: 0.25)],
    derivative: .smooth(), tolerance: .sum,
    variants: forms.map { shape, windows in
      let (moved, op) = form(shape, windows, windows.counts(over: shape))
      return OpVariant(
        variantName(shape, windows), [.init(moved), .init(shape)]
      ) { builder, parameters in
        let place = try builder.place(in: parameters[1], windows, isLast: false)
        return try builder.emit(op, [parameters[0], place])
      }
    })
}

extension FunctionBuilder {
  /// The place of the first greatest or the last least element of each window.
  fileprivate mutating func place(
    in operand: ValueID, _ windows: Windows, isLast: Bool
  ) throws -> ValueID {
    let kind: Reduction.Kind = isLast ? .minimum : .maximum
    let identity = try constant(kind.identity(of: self[operand].element))
    let best = try emit(.window(.reduce(kind, windows)), [operand, identity])
    return try emit(.window(.place(isLast: isLast, windows)), [operand, best])
  }
}
