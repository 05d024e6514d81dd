extension FunctionBuilder {
  /// A region of scalars carried out at every element of arguments of one shape.
  ///
  /// - Throws: `AdjointError` where the region holds more than elementwise operations.
  mutating func mapped(
    _ region: Region, _ arguments: [ValueID], shape: [Int]
  ) throws -> [ValueID] {
    var values: [ValueID: ValueID] = [:]
    for (parameter, argument) in zip(region.parameters, arguments) { values[parameter] = argument }
    for operation in region.operations {
      let operands = operation.operands.compactMap { values[$0] }
      let result: ValueID
      switch operation.op {
      case .constant(let literal):
        guard literal.type.isScalar else { throw operation.notElementwise }
        result = try constant(
          Literal(TensorType(shape, literal.type.element), splat: literal.bytes))
      case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex:
        result = try emit(operation.op, operands)
      case .shape(.reshape(shape: [])), .shape(.broadcast(shape: [], dimensions: [])):
        result = operands[0]
      case .iota, .fft, .shape, .reduce, .dot, .convolution, .gather, .scatter, .dynamicSlice,
        .window,
        .dynamicUpdateSlice,
        .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
        throw operation.notElementwise
      }
      values[operation.result] = result
    }
    return region.results.compactMap { values[$0] }
  }

  /// One operation of several operands along the axis of windows: elements `offset + stride · i`.
  mutating func strided(
    _ operand: ValueID, starts: [Int], limits: [Int], strides: [Int]
  ) throws -> ValueID {
    try emit(.shape(.slice(starts: starts, limits: limits, strides: strides)), [operand])
  }
}

extension Operation {
  /// The error of an operation in a region that is carried out element by element.
  fileprivate var notElementwise: AdjointError {
    AdjointError(
      .unsupported, "\(op.mnemonic) in a region of scalars is not supported", at: location)
  }
}
