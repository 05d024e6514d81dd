import TensorIR

extension FunctionPadder {
  /// Pads a reduction: elements that are not valid do not change it.
  mutating func padReduction(
    _ operation: Operation, _ reduction: Reduction, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    let form = forms[0]
    var operand = operands[0]
    let identity = reduction.kind.identity(of: builder[operand].element)
    let isNeutral = form.isZeroPadded && identity.splatValue == 0
    if !isNeutral, reduction.dimensions.contains(where: { !form.axes[$0].isFixed }) {
      operand = try masked(
        operand, form, along: reduction.dimensions, with: builder.constant(identity))
    }
    let kept = form.axes.indices.filter { !reduction.dimensions.contains($0) }
    try emit(
      operation, operation.op, [operand, operands[1]],
      [PaddedForm(kept.map { form.axes[$0] })])
  }

  /// Pads a product: elements that are not valid take no part in its sums.
  mutating func padDot(
    _ operation: Operation, _ dimensions: DotDimensions, _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let (left, right) = (forms[0], forms[1])
    let pairs =
      Array(zip(dimensions.leftBatching, dimensions.rightBatching))
      + Array(zip(dimensions.leftContracting, dimensions.rightContracting))
    guard pairs.allSatisfy({ left.axes[$0] == right.axes[$1] }) else {
      throw PaddingRefusal("operands are padded in different ways")
    }
    let factors = [
      try zeroMasked(operands[0], left, along: dimensions.leftContracting),
      try zeroMasked(operands[1], right, along: dimensions.rightContracting),
    ]
    let axes =
      dimensions.leftBatching.map { left.axes[$0] }
      + dimensions.leftFree(rank: left.axes.count).map { left.axes[$0] }
      + dimensions.rightFree(rank: right.axes.count).map { right.axes[$0] }
    try emit(operation, operation.op, factors, [PaddedForm(axes)])
  }

  /// Pads a Fourier transform along axes that do not depend on the size.
  mutating func padTransform(
    _ operation: Operation, _ transform: FourierTransform, _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let count = forms[0].axes.count - transform.lengths.count
    guard forms[0].axes[count...].allSatisfy(\.isFixed) else {
      throw PaddingRefusal("transforms an axis that is padded")
    }
    let axes = forms[0].axes[..<count] + created(operation.result)[count...]
    try emit(operation, operation.op, operands, [PaddedForm(Array(axes))])
  }

  /// Pads an order: elements that are not valid come last.
  mutating func padOrder(
    _ operation: Operation, _ ordering: Ordering, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    guard let axis = forms[0].axes.indices.last, forms.allSatisfy({ $0.axes == forms[0].axes })
    else { throw PaddingRefusal("operands are padded in different ways") }
    var axes = forms[0].axes
    axes[axis] = created(operation.result)[axis]
    let form = PaddedForm(axes)
    guard !forms[0].axes[axis].isFixed else {
      return try emit(operation, operation.op, operands, [form])
    }
    guard forms[0].axes[axis].isPrefix else {
      throw PaddingRefusal("orders an axis whose valid elements lie scattered")
    }
    let isValid = try mask(forms[0].axes[axis])
    let isPadding = try builder.convert(builder.unary(.not, isValid), to: .i32)
    let first = try builder.broadcast(
      isPadding, to: builder[operands[0]].shape, dimensions: [axis])
    let longer = Ordering(isDescending: [false] + ordering.isDescending, count: ordering.count)
    try emit(operation, .order(longer), [first] + operands, [form])
  }
}
