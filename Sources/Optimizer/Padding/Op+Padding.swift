import TensorIR

extension FunctionPadder {
  /// Adds what an operation is for padded operands.
  ///
  /// - Parameter ops: the op in each trace; the last one is that of `operation`.
  /// - Throws: `PaddingRefusal` where valid elements of the results would not be exact.
  mutating func pad(_ operation: Operation, _ ops: [Op]) throws {
    let operands = operation.operands.map { value(of: $0) }
    let forms = operation.operands.map { form(of: $0) }
    switch operation.op {
    case .constant: try padConstant(operation, ops)
    case .iota: try emit(operation, operation.op, [], [PaddedForm(created(operation.result))])
    case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex:
      try padElementwise(operation, operands, forms)
    case .optimizationBarrier: try emit(operation, operation.op, operands, forms)
    case .shape(let shape): try padShape(operation, shape, ops, operands, forms)
    case .reduce(let reduction): try padReduction(operation, reduction, operands, forms)
    case .dot(let dimensions): try padDot(operation, dimensions, operands, forms)
    case .convolution(let convolution):
      try padConvolution(operation, convolution, ops, operands, forms)
    case .window(let window): try padWindow(operation, window, ops, operands, forms)
    case .gather(let dimensions): try padGather(operation, dimensions, ops, operands, forms)
    case .scatter(let dimensions): try padScatter(operation, dimensions, operands, forms)
    case .dynamicSlice: try padDynamicSlice(operation, operands, forms)
    case .dynamicUpdateSlice: try padDynamicUpdateSlice(operation, operands, forms)
    case .order(let ordering): try padOrder(operation, ordering, operands, forms)
    case .fft(let transform): try padTransform(operation, transform, operands, forms)
    case .whileLoop(let loop): try padWhile(operation, loop, ops, operands, forms)
    case .branch(let branch): try padBranch(operation, branch, ops, operands, forms)
    case .scan(let scan): try padScan(operation, scan, ops, operands, forms)
    case .matrix, .foreign, .call, .custom:
      guard forms.allSatisfy(\.isFixed) else {
        throw PaddingRefusal("is not known to keep rows apart")
      }
      try emit(
        operation, operation.op, operands, operation.results.map { PaddedForm(created($0)) })
    }
  }

  private mutating func padConstant(_ operation: Operation, _ ops: [Op]) throws {
    let position = alignment.literalCount
    alignment.literalCount += 1
    guard case .constant(let literal) = operation.op else { return }
    let form = PaddedForm(created(operation.result))
    if alignment.varied.contains(position) || (!form.isFixed && !literal.isSplat) {
      let value = constant(position)
      return try define(operation, 0, value, PaddedForm(form.axes, isZeroPadded: true))
    }
    try emit(operation, operation.op, [], [form])
  }

  // MARK: Elements by themselves

  private mutating func padElementwise(
    _ operation: Operation, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    let rank = last[operation.result].rank
    let whole = forms.filter { $0.axes.count == rank }
    guard let first = whole.first, whole.allSatisfy({ $0.axes == first.axes }) else {
      throw PaddingRefusal("operands are padded in different ways")
    }
    let isZero = keepsZeros(operation.op, forms.map(\.isZeroPadded), operands)
    try emit(operation, operation.op, operands, [PaddedForm(first.axes, isZeroPadded: isZero)])
  }

  /// Whether an elementwise op gives zero where the operands that are marked are zero.
  private func keepsZeros(_ op: Op, _ isZero: [Bool], _ operands: [ValueID]) -> Bool {
    switch op {
    case .unary(let op): isZero[0] && op.keepsZero
    case .binary(let op):
      switch op {
      case .add, .subtract, .multiply, .maximum, .minimum, .or, .xor: isZero[0] && isZero[1]
      case .divide, .power, .remainder, .atan2, .and, .shiftLeft, .shiftRightArithmetic,
        .shiftRightLogical, .nextAfter, .polygamma, .zeta:
        false
      }
    case .select: isZero[1] && isZero[2]
    case .convert, .complex: isZero.allSatisfy { $0 }
    // The bits of −0 are not zero.
    case .bits, .constant, .iota, .compare, .clamp, .fft, .shape, .reduce, .dot, .convolution,
      .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}

extension UnaryOp {
  /// Whether the function of zero is zero, of either sign.
  fileprivate var keepsZero: Bool {
    switch self {
    case .abs, .negate, .sign, .exponentialMinusOne, .logPlusOne, .tanh, .sine, .sqrt, .floor,
      .ceil, .roundEven, .roundAway, .cubeRoot, .tangent, .populationCount, .erf, .erfInverse,
      .square, .stopGradient, .sinh, .asin, .atan, .asinh, .atanh:
      true
    case .exponential, .log, .logistic, .cosine, .rsqrt, .isFinite, .not, .leadingZeros, .erfc,
      .cosh, .acos, .acosh, .logGamma, .digamma, .isInfinite, .isPositiveInfinite,
      .isNegativeInfinite:
      false
    }
  }
}
