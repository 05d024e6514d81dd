import TensorIR

extension FunctionPadder {
  /// Pads a rearrangement of elements.
  mutating func padShape(
    _ operation: Operation, _ shape: ShapeOp, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    switch shape {
    case .broadcast(_, let dimensions):
      try padBroadcast(operation, dimensions, operands, forms[0])
    case .reshape:
      guard let axes = forms[0].axes.reshaped(to: extents(of: operation.result)) else {
        throw PaddingRefusal("merges or splits axes such that valid elements lie scattered")
      }
      try emit(
        operation, operation.op, operands,
        [PaddedForm(axes, isZeroPadded: forms[0].isZeroPadded)])
    case .transpose(let permutation):
      var form = forms[0]
      form.axes = permutation.map { forms[0].axes[$0] }
      try emit(operation, operation.op, operands, [form])
    case .slice(_, _, let strides):
      try padSlice(operation, strides, ops, operands[0], forms[0])
    case .pad(_, _, let interior): try padPad(operation, interior, ops, operands, forms[0])
    case .concatenate(let dimension):
      try padConcatenation(operation, dimension, operands, forms)
    case .reverse(let dimensions): try padReversal(operation, dimensions, operands[0], forms[0])
    }
  }

  private mutating func padBroadcast(
    _ operation: Operation, _ dimensions: [Int], _ operands: [ValueID], _ form: PaddedForm
  ) throws {
    let extents = extents(of: operation.result)
    var axes = created(operation.result)
    var isZero = form.isZeroPadded
    for (axis, result) in dimensions.enumerated() {
      if form.axes[axis].extent == extents[result] {
        axes[result] = form.axes[axis]
      } else if !form.axes[axis].extent.isAlways(1) {
        throw PaddingRefusal("an axis is repeated at some sizes only")
      }
    }
    for axis in axes.indices where !axes[axis].isFixed {
      let isOld = zip(dimensions, form.axes).contains { $0 == axis && !$1.isFixed }
      if !isOld { isZero = false }
    }
    try emit(operation, operation.op, operands, [PaddedForm(axes, isZeroPadded: isZero)])
  }

  // MARK: Slices

  private mutating func padSlice(
    _ operation: Operation, _ strides: [Int], _ ops: [Op], _ operand: ValueID, _ form: PaddedForm
  ) throws {
    let bounds = ops.map { op -> (starts: [Int], limits: [Int]) in
      guard case .shape(.slice(let starts, let limits, _)) = op else { return ([], []) }
      return (starts, limits)
    }
    let results = extents(of: operation.result)
    var axes = created(operation.result)
    var isZero = form.isZeroPadded
    let shape = builder[operand].shape
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    var moved: [Int: TracedNumber] = [:]
    for axis in shape.indices {
      let start = TracedNumber(bounds.map { $0.starts[axis] })
      let limit = TracedNumber(bounds.map { $0.limits[axis] })
      let extent = form.axes[axis].extent
      if start.isAlways(0), limit == extent, strides[axis] == 1 {
        axes[axis] = form.axes[axis]
        continue
      }
      if !form.axes[axis].isFixed || !axes[axis].isFixed {
        isZero = isZero && limit == extent && strides[axis] == 1 && !form.axes[axis].isFixed
      }
      guard form.axes[axis].isPrefix else {
        throw PaddingRefusal("cuts an axis whose valid elements lie scattered")
      }
      if start.isFixed {
        (starts[axis], limits[axis]) = (start.padded, limit.padded)
        continue
      }
      guard strides[axis] == 1 else {
        throw PaddingRefusal("takes every \(strides[axis]). element from a start that varies")
      }
      try alignment.require(
        [start], atMost: shape[axis] - results[axis].padded, "starts too far behind")
      moved[axis] = start
    }
    var value = try builder.emit(
      .shape(.slice(starts: starts, limits: limits, strides: strides)), [operand])
    if !moved.isEmpty {
      let places = try shape.indices.map { try scalar(moved[$0] ?? alignment.fixed(0)) }
      value = try builder.emit(
        .dynamicSlice(sizes: last[operation.result].shape), [value] + places)
    }
    try define(operation, 0, value, PaddedForm(axes, isZeroPadded: isZero))
  }

  // MARK: Elements around

  private mutating func padPad(
    _ operation: Operation, _ interior: [Int], _ ops: [Op], _ operands: [ValueID],
    _ form: PaddedForm
  ) throws {
    let amounts = ops.map { op -> (low: [Int], high: [Int]) in
      guard case .shape(.pad(let low, let high, _)) = op else { return ([], []) }
      return (low, high)
    }
    var axes = created(operation.result)
    var (low, high) = (amounts[amounts.count - 1].low, amounts[amounts.count - 1].high)
    var changed: [Int] = []
    var moved: [Int: TracedNumber] = [:]
    var isZero = isZero(operands[1])
    for axis in axes.indices {
      let before = TracedNumber(amounts.map { $0.low[axis] })
      let behind = TracedNumber(amounts.map { $0.high[axis] })
      if before.isAlways(0), behind.isAlways(0), interior[axis] == 0 {
        axes[axis] = form.axes[axis]
        if !axes[axis].isFixed { isZero = isZero && form.isZeroPadded }
        continue
      }
      guard form.axes[axis].isPrefix else {
        throw PaddingRefusal("pads an axis whose valid elements lie scattered")
      }
      changed.append(axis)
      if !behind.values.allSatisfy({ $0 >= 0 }) { isZero = false }
      guard !before.isFixed else { continue }
      guard interior[axis] == 0, before.values.allSatisfy({ $0 >= 0 }) else {
        throw PaddingRefusal("cuts or spreads by amounts that vary")
      }
      moved[axis] = before
      (low[axis], high[axis]) = (0, 0)
    }
    var value = operands[0]
    if !(form.isZeroPadded && self.isZero(operands[1])) {
      value = try masked(value, form, along: changed, with: operands[1])
    }
    value = try builder.emit(
      .shape(.pad(low: low, high: high, interior: interior)), [value, operands[1]])
    if !moved.isEmpty {
      let shape = last[operation.result].shape
      for (axis, start) in moved {
        try alignment.require(
          [start], atMost: shape[axis] - builder[value].shape[axis], "starts too far behind")
      }
      let around = try builder.broadcast(operands[1], to: shape, dimensions: [])
      let places = try shape.indices.map { try scalar(moved[$0] ?? alignment.fixed(0)) }
      value = try builder.emit(.dynamicUpdateSlice, [around, value] + places)
    }
    try define(operation, 0, value, PaddedForm(axes, isZeroPadded: isZero))
  }

  // MARK: Pieces and order

  private mutating func padConcatenation(
    _ operation: Operation, _ dimension: Int, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    var axes = forms[0].axes
    for form in forms {
      for axis in axes.indices where axis != dimension && form.axes[axis] != axes[axis] {
        throw PaddingRefusal("operands are padded in different ways")
      }
      guard form.axes[dimension].isPrefix else {
        throw PaddingRefusal("joins axes whose valid elements lie scattered")
      }
    }
    let extents = extents(of: operation.result)
    axes[dimension] = AxisForm(extents[dimension])
    let isPlain = forms.dropLast().allSatisfy { $0.axes[dimension].isFixed }
    if isPlain {
      let isZero = forms.allSatisfy(\.isZeroPadded)
      return try emit(
        operation, operation.op, operands, [PaddedForm(axes, isZeroPadded: isZero)])
    }
    // Each piece is written behind the valid part of those before it, over what is not valid.
    let shape = last[operation.result].shape
    let none = shape.map { _ in 0 }
    var high = none
    high[dimension] = shape[dimension] - builder[operands[0]].shape[dimension]
    let zero = try zero(builder[operands[0]].element)
    var value = try builder.emit(
      .shape(.pad(low: none, high: high, interior: none)), [operands[0], zero])
    var start = try scalar(forms[0].axes[dimension].extent)
    let first = try scalar(alignment.fixed(0))
    for (piece, form) in zip(operands, forms).dropFirst() {
      let places = shape.indices.map { $0 == dimension ? start : first }
      value = try builder.emit(.dynamicUpdateSlice, [value, piece] + places)
      start = try builder.add(start, scalar(form.axes[dimension].extent))
    }
    try define(operation, 0, value, PaddedForm(axes))
  }

  private mutating func padReversal(
    _ operation: Operation, _ dimensions: [Int], _ operand: ValueID, _ form: PaddedForm
  ) throws {
    var value = try builder.emit(.shape(.reverse(dimensions: dimensions)), [operand])
    let shape = builder[operand].shape
    // What is valid stands at the end now.
    let varied = dimensions.filter { !form.axes[$0].isFixed }
    guard varied.allSatisfy({ form.axes[$0].isPrefix }) else {
      throw PaddingRefusal("reverses an axis whose valid elements lie scattered")
    }
    if !varied.isEmpty {
      let none = shape.map { _ in 0 }
      var high = none
      for axis in varied { high[axis] = shape[axis] }
      let zero = try zero(builder[operand].element)
      value = try builder.emit(
        .shape(.pad(low: none, high: high, interior: none)), [value, zero])
      let places = try shape.indices.map { axis -> ValueID in
        guard varied.contains(axis) else { return try scalar(alignment.fixed(0)) }
        let whole = try scalar(alignment.fixed(shape[axis]))
        return try builder.subtract(whole, scalar(form.axes[axis].extent))
      }
      value = try builder.emit(.dynamicSlice(sizes: shape), [value] + places)
    }
    try define(
      operation, 0, value,
      PaddedForm(form.axes, isZeroPadded: form.isZeroPadded))
  }
}
