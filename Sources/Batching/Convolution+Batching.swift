import TensorIR

extension Convolution {
  /// Emits the convolution of each example: examples become groups where both operands depend on them,
  /// else a part of the batch or of the output features.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (input, kernel) = (operands[0], operands[1])
    let result: ValueID =
      switch (input.isBatched, kernel.isBatched) {
      case (true, true): try grouped(input.id, kernel.id, in: &pass)
      case (true, false): try batchedInput(input.id, kernel.id, in: &pass)
      case (false, true): try batchedKernel(input.id, kernel.id, in: &pass)
      case (false, false): preconditionFailure("an operand depends on examples")
      }
    return [BatchingPass.Value(id: result, isBatched: true)]
  }

  /// Every example is a group, of the batch where there are groups of it already, else of features.
  private func grouped(
    _ input: ValueID, _ kernel: ValueID, in pass: inout BatchingPass
  ) throws -> ValueID {
    var all = self
    let axis = batchGroups > 1 ? self.input.batch : self.input.feature
    let factor = try pass.builder.mergeAxis(kernel, 0, into: self.kernel.output)
    let operand = try pass.builder.mergeAxis(input, 0, into: axis)
    if batchGroups > 1 { all.batchGroups *= pass.size } else { all.featureGroups *= pass.size }
    guard pass.size > 0 else { return try none(input, kernel, in: &pass) }
    let result = try pass.builder.emit(.convolution(all), [operand, factor])
    return try pass.builder.splitAxis(result, output.feature, by: pass.size, to: 0)
  }

  /// Examples are a part of the batch, within its groups.
  private func batchedInput(
    _ input: ValueID, _ kernel: ValueID, in pass: inout BatchingPass
  ) throws -> ValueID {
    guard pass.size > 0 else { return try none(input, kernel, in: &pass) }
    let operand = try pass.builder.mergeExamples(
      of: input, into: self.input.batch, groups: batchGroups)
    let result = try pass.builder.emit(.convolution(self), [operand, kernel])
    return try pass.builder.splitAxis(result, output.batch, by: pass.size, to: 0)
  }

  /// Examples are a part of the output features, within their groups.
  private func batchedKernel(
    _ input: ValueID, _ kernel: ValueID, in pass: inout BatchingPass
  ) throws -> ValueID {
    guard pass.size > 0 else { return try none(input, kernel, in: &pass) }
    let groups = max(featureGroups, batchGroups)
    let factor = try pass.builder.mergeExamples(
      of: kernel, into: self.kernel.output, groups: groups)
    let result = try pass.builder.emit(.convolution(self), [input, factor])
    guard groups > 1 else {
      return try pass.builder.splitAxis(result, output.feature, by: pass.size, to: 0)
    }
    let split = try pass.builder.splitAxis(result, output.feature, by: groups, to: 0)
    let parts = try pass.builder.splitAxis(split, output.feature + 1, by: pass.size, to: 0)
    return try pass.builder.mergeAxis(parts, 1, into: output.feature + 1)
  }

  /// The results of no examples.
  private func none(
    _ input: ValueID, _ kernel: ValueID, in pass: inout BatchingPass
  ) throws -> ValueID {
    func example(_ value: ValueID, rank: Int) -> TensorType {
      let type = pass.builder[value]
      return TensorType(Array(type.shape.suffix(rank)), type.element)
    }
    let rank = spatialRank + 2
    let type = try Op.convolution(self).resultTypes([
      example(input, rank: rank), example(kernel, rank: rank),
    ])[0]
    return try pass.builder.splat(0, TensorType([pass.size] + type.shape, type.element))
  }
}

extension FunctionBuilder {
  /// Merges the examples, the first axis, into an axis that counts without it: groups of that axis come
  /// first, then examples, then what is left of the axis.
  fileprivate mutating func mergeExamples(
    of operand: ValueID, into axis: Int, groups: Int
  ) throws -> ValueID {
    guard groups > 1 else { return try mergeAxis(operand, 0, into: axis) }
    let split = try splitAxis(operand, axis + 1, by: groups, to: 0)
    return try mergeAxis(mergeAxis(split, 1, into: axis + 1), 0, into: axis)
  }
}
