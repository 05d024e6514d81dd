import TensorIR

extension WindowOp {
  /// Emits the op with examples along another axis, where every window is one element.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    switch self {
    case .reduce(let kind, let windows):
      guard operands[1].isBatched else {
        return try pass.emit(
          .window(.reduce(kind, windows.withLeadingAxis)), operands.map(\.id))
      }
      return try batchedInitial(kind, windows, operands, in: &pass)
    case .place(let isLast, let windows):
      return try pass.emit(
        .window(.place(isLast: isLast, windows.withLeadingAxis)),
        operands.map { try pass.batch($0) })
    case .collect(let windows):
      return try pass.emit(
        .window(.collect(windows.withLeadingAxis)), operands.map { try pass.batch($0) })
    case .scatter(let windows, let shape):
      return try pass.emit(
        .window(.scatter(windows.withLeadingAxis, shape: [pass.size] + shape)),
        operands.map { try pass.batch($0) })
    }
  }

  /// A reduction from an initial value of each example: elements are put between initial values first,
  /// so that windows hold nothing else, and what they give is combined with the initial value.
  private func batchedInitial(
    _ kind: Reduction.Kind, _ windows: Windows, _ operands: [BatchingPass.Value],
    in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (operand, initial) = (operands[0], operands[1])
    let shape = pass.shape(operand)
    let ends = shape.indices.map {
      Convolution.dilated(shape[$0], windows.baseDilations[$0]) + windows.low[$0] + windows.high[$0]
    }
    let element = pass.element(operand)
    let zero = try pass.builder.constant(Literal(TensorType([], element), filledWith: 0))
    let interior = [0] + windows.baseDilations.map { $0 - 1 }
    let padding = Op.shape(
      .pad(low: [0] + windows.low, high: [0] + windows.high, interior: interior))
    let values = try pass.builder.emit(padding, [try pass.batch(operand), zero])
    let type = TensorType([pass.size] + shape, .i1)
    let yes = try pass.builder.splat(1, type)
    let no = try pass.builder.constant(Literal(TensorType([], .i1), integers: [0]))
    let isElement = try pass.builder.emit(padding, [yes, no])
    let starts = try pass.spread(initial, over: ends)
    let all = try pass.builder.select(isElement, values, starts)
    var plain = windows
    plain.baseDilations = shape.map { _ in 1 }
    (plain.low, plain.high) = (shape.map { _ in 0 }, shape.map { _ in 0 })
    let identity = try pass.builder.constant(kind.identity(of: element))
    let reduced = try pass.builder.emit(
      .window(.reduce(kind, plain.withLeadingAxis)), [all, identity])
    let counts = windows.counts(over: shape)
    let result = try pass.builder.binary(
      kind.binary, try pass.spread(initial, over: counts), reduced)
    return [BatchingPass.Value(id: result, isBatched: true)]
  }
}
