import TensorIR

extension Convolution {
  /// A convolution is linear in either operand, and its cotangents are convolutions again.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let (input, kernel) = (operation.operands[0], operation.operands[1])
    let isInput = pass.isLinear(input)
    let operand = isInput ? input : kernel
    let sum = pass.builder[cotangent].element
    let residual = try pass.residual(isInput ? kernel : input)
    let factor = try pass.builder.convert(residual, to: sum)
    let extents = Extents(
      input: pass.type(input).shape.selecting(self.input.spatial),
      kernel: pass.type(kernel).shape.selecting(self.kernel.spatial),
      output: pass.builder[cotangent].shape.selecting(output.spatial))
    let gradient =
      isInput
      ? try inputCotangent(cotangent, kernel: factor, extents, in: &pass.builder)
      : try kernelCotangent(cotangent, input: factor, extents, in: &pass.builder)
    try pass.accumulate(
      pass.builder.convert(gradient, to: pass.type(operand).element), on: operand)
  }

  /// The extents of the spatial axes.
  private struct Extents {
    let input: [Int]
    let kernel: [Int]
    let output: [Int]
  }

  /// The cotangent convolved with the kernel from its other end: strides and input dilation change
  /// places, and each group's input and output features do.
  private func inputCotangent(
    _ cotangent: ValueID, kernel: ValueID, _ extents: Extents,
    in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let groups = max(featureGroups, batchGroups)
    var factor = kernel
    if groups > 1 {
      let split = try builder.splitAxis(factor, self.kernel.output, by: groups, to: 0)
      factor = try builder.mergeAxis(split, 0, into: self.kernel.input)
    }
    var result = self
    result.resultElement = nil
    (result.input, result.output) = (output, input)
    result.kernel = self.kernel.swapped
    (result.strides, result.inputDilation) = (inputDilation, strides)
    result.reversal = reversal.map { !$0 }
    (result.featureGroups, result.batchGroups) = (groups, 1)
    for axis in strides.indices {
      let window = Self.dilated(extents.kernel[axis], kernelDilation[axis])
      let inside = Self.dilated(extents.input[axis], inputDilation[axis])
      result.low[axis] = window - low[axis] - 1
      result.high[axis] =
        inside + window - 1 - Self.dilated(extents.output[axis], strides[axis]) - result.low[axis]
    }
    let gradient = try builder.emit(.convolution(result), [cotangent, factor])
    guard batchGroups > 1 else { return gradient }
    let split = try builder.splitAxis(gradient, input.feature, by: groups, to: 0)
    return try builder.mergeAxis(split, 0, into: input.batch)
  }

  /// The input convolved with the cotangent as a kernel whose taps stand as far apart as windows did:
  /// the batch is summed over, and each tap of the kernel is a place of the result.
  private func kernelCotangent(
    _ cotangent: ValueID, input: ValueID, _ extents: Extents,
    in builder: inout FunctionBuilder
  ) throws -> ValueID {
    var result = self
    result.resultElement = nil
    result.input = self.input.swapped
    result.kernel = KernelLayout(
      input: output.batch, output: output.feature, spatial: output.spatial)
    result.output = Layout(
      batch: self.kernel.input, feature: self.kernel.output, spatial: self.kernel.spatial)
    (result.strides, result.kernelDilation) = (kernelDilation, strides)
    result.reversal = reversal.map { _ in false }
    (result.featureGroups, result.batchGroups) = (batchGroups, featureGroups)
    for axis in strides.indices {
      let window = Self.dilated(extents.kernel[axis], kernelDilation[axis])
      let inside = Self.dilated(extents.input[axis], inputDilation[axis])
      let places = Self.dilated(extents.output[axis], strides[axis])
      result.high[axis] = places - inside + window - low[axis] - 1
    }
    let gradient = try builder.emit(.convolution(result), [input, cotangent])
    let reversed = self.kernel.spatial.indices.filter { reversal[$0] }
    guard !reversed.isEmpty else { return gradient }
    return try builder.emit(
      .shape(.reverse(dimensions: self.kernel.spatial.selecting(reversed))), [gradient])
  }
}
