internal import LoopIR
internal import TensorIR

extension Lowering {
  /// A decomposition or a foreign function as a call between kernels.
  func callItem(_ operation: Operation) -> Item {
    let used = (operation.operands + operation.results).compactMap { buffers[$0] }
    return .control({ lowering in .call(lowering.call(operation)) }, uses: Set(used))
  }

  private func call(_ operation: Operation) -> StepCall {
    let operands = operation.operands.map { buffer($0) }
    let results = operation.results.map { buffer($0) }
    switch operation.op {
    case .matrix(let op):
      let call = op.routine(
        operation.operands.map { graph.type($0) }, operation.results.map { graph.type($0) })
      return call.step(operands, results, at: operation.location)
    case .foreign(let call): return call.step(operands, results, at: operation.location)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      preconditionFailure("only decompositions and foreign functions are calls")
    }
  }
}

extension ForeignCall {
  /// The call with its operands and results in buffers.
  fileprivate func step(
    _ operands: [BufferID], _ results: [BufferID], at location: SourceLocation
  ) -> StepCall {
    if case .closure = target {
      return StepCall(
        .foreign(target, name: name), [.datum, .list(operands, results)], returning: .status,
        source: location)
    }
    let arguments = parameters.map { parameter -> StepCall.Argument in
      switch parameter {
      case .operand(let number): .input(operands[number])
      case .result(let number): .output(results[number])
      case .value(let number): .value(operands[number])
      case .extent(let place, let axis, let element):
        .constant(
          Literal(
            TensorType([], element), integers: [Int64(extent(of: place, axis: axis))]))
      case .constant(let literal): .constant(literal)
      case .datum: .datum
      case .context: .context
      }
    }
    let returned: StepCall.Returned =
      switch returned {
      case .nothing: .nothing
      case .result(let number): .value(results[number])
      case .status: .status
      }
    let callee: StepCall.Callee =
      if case .routine(let routine, let needsLibrary) = target {
        .routine(routine, needsLibrary: needsLibrary)
      } else {
        .foreign(target, name: name)
      }
    return StepCall(callee, arguments, returning: returned, source: location)
  }
}
