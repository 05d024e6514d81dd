import TensorIR

extension FunctionPadder {
  /// Pads a convolution: elements that are not valid are zero, as those around the input are.
  mutating func padConvolution(
    _ operation: Operation, _ convolution: Convolution, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let (input, kernel) = (forms[0], forms[1])
    let (inputAxes, kernelAxes) = (convolution.input, convolution.kernel)
    let lows = ops.map { op -> [Int] in
      if case .convolution(let convolution) = op { convolution.low } else { [] }
    }
    let grouped =
      convolution.featureGroups > 1
      ? [
        input.axes[inputAxes.feature], kernel.axes[kernelAxes.input],
        kernel.axes[kernelAxes.output],
      ]
      : convolution.batchGroups > 1
        ? [input.axes[inputAxes.batch], kernel.axes[kernelAxes.output]] : []
    guard grouped.allSatisfy(\.isFixed),
      convolution.featureGroups > 1
        || input.axes[inputAxes.feature] == kernel.axes[kernelAxes.input]
    else { throw PaddingRefusal("its groups are padded") }
    var axes = created(operation.result)
    if convolution.batchGroups == 1 {
      axes[convolution.output.batch] = input.axes[inputAxes.batch]
    }
    axes[convolution.output.feature] = kernel.axes[kernelAxes.output]
    for axis in 0..<convolution.spatialRank {
      let image = input.axes[inputAxes.spatial[axis]]
      let taps = kernel.axes[kernelAxes.spatial[axis]]
      let low = TracedNumber(lows.map { $0[axis] })
      let isVaried =
        !image.isFixed || !taps.isFixed || !axes[convolution.output.spatial[axis]].isFixed
      guard isVaried || !low.isFixed else { continue }
      // A tap that is not valid would meet valid elements, and zero times infinity is no zero.
      guard image.isPrefix, taps.isFixed, low.isFixed else {
        throw PaddingRefusal("has windows of varied places or extents")
      }
    }
    let factors = [
      try zeroMasked(operands[0], input, along: inputAxes.spatial + [inputAxes.feature]),
      try zeroMasked(operands[1], kernel, along: kernelAxes.spatial + [kernelAxes.input]),
    ]
    try emit(operation, operation.op, factors, [PaddedForm(axes)])
  }

  /// Pads an op over windows: elements that are not valid are what stands around the operand.
  mutating func padWindow(
    _ operation: Operation, _ window: WindowOp, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let each = ops.map { op -> Windows in
      if case .window(let window) = op { window.windows } else { window.windows }
    }
    var axes = created(operation.result)
    var changed: [Int] = []
    for axis in forms[0].axes.indices {
      let windows = window.windows
      let low = TracedNumber(each.map { $0.low[axis] })
      let high = TracedNumber(each.map { $0.high[axis] })
      let extent = TracedNumber(each.map { $0.extents[axis] })
      let isSingle =
        extent.isAlways(1) && low.isAlways(0) && high.isAlways(0) && windows.strides[axis] == 1
        && windows.baseDilations[axis] == 1
      if isSingle {
        axes[axis] = forms[0].axes[axis]
        continue
      }
      guard !forms[0].axes[axis].isFixed || !axes[axis].isFixed || !low.isFixed || !extent.isFixed
      else { continue }
      guard case .reduce = window, forms[0].axes[axis].isPrefix, low.isFixed, extent.isFixed
      else { throw PaddingRefusal("goes over an axis that is padded") }
      changed.append(axis)
    }
    var operands = operands
    switch window {
    case .reduce: operands[0] = try masked(operands[0], forms[0], along: changed, with: operands[1])
    case .place, .collect, .scatter:
      guard
        forms[0].axes.indices.allSatisfy({
          forms[1].axes[$0] == axes[$0] || forms[1].axes[$0] == forms[0].axes[$0]
        })
      else { throw PaddingRefusal("operands are padded in different ways") }
    }
    try emit(operation, operation.op, operands, [PaddedForm(axes)])
  }
}
