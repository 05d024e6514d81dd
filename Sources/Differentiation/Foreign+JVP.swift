import TensorIR

extension ForeignCall {
  /// The positions of operands that can have tangents.
  private var floatOperands: [Int] {
    operandTypes.indices.filter { operandTypes[$0].element.isFloat }
  }

  /// The positions of results that can have tangents.
  private var floatResults: [Int] {
    resultTypes.indices.filter { resultTypes[$0].element.isFloat }
  }

  /// The tangents of the results, by what the call is differentiated by.
  ///
  /// - Throws: `AdjointError` where there is nothing.
  func tangents(of operation: Operation, in pass: inout ForwardPass) throws -> [ValueID?] {
    let operands = operation.operands
    if let firstLinear, !operands.prefix(firstLinear).contains(where: { pass.tangent($0) != nil }) {
      let dense = try operands.dropFirst(firstLinear).map { try pass.denseTangent($0) }
      return try pass.builder.emitAll(
        operation.op, Array(operands.prefix(firstLinear)) + dense)
    }
    let tangents: [ValueID]
    switch derivative {
    case .none:
      throw AdjointError(
        .notDifferentiable, "the foreign function \(name) has no derivative",
        at: operation.location)
    case .rule(let region):
      let dense = try floatOperands.map { try pass.denseTangent(operands[$0]) }
      tangents = try pass.builder.inline(region, operands + dense)
    case .functions(let forward, let reverse):
      let dense = try floatOperands.map { try pass.denseTangent(operands[$0]) }
      var call =
        forward
        ?? ForeignCall(
          name, .missing, parameters: [], returning: .nothing,
          operandTypes: operandTypes + floatOperands.map { operandTypes[$0] },
          resultTypes: floatResults.map { resultTypes[$0] })
      call.firstLinear = operands.count
      call.transposed = .functions(forward: nil, reverse: reverse)
      tangents = try pass.builder.emitAll(.foreign(call), operands + dense)
    }
    var found = [ValueID?](repeating: nil, count: resultTypes.count)
    for (position, tangent) in zip(floatResults, tangents) { found[position] = tangent }
    return found
  }

  /// Gives the linear operands of a derivative their cotangents.
  func transpose(
    _ operation: Operation, _ cotangents: [ValueID?], in pass: inout ReversePass
  ) throws {
    guard let firstLinear, !operation.operands.prefix(firstLinear).contains(where: pass.isLinear)
    else { throw pass.notLinear(operation) }
    guard case .functions(_, let reverse?) = transposed else {
      throw AdjointError(
        .notDifferentiable, "the foreign function \(name) has no reverse derivative",
        at: operation.location)
    }
    var call = reverse
    call.firstLinear = firstLinear
    call.transposed = .functions(forward: nil, reverse: self)
    let fixed = try operation.operands.prefix(firstLinear).map { try pass.residual($0) }
    let dense = try zip(cotangents, resultTypes).map { cotangent, type in
      try cotangent ?? pass.builder.splat(0, type)
    }
    let found = try pass.builder.emitAll(.foreign(call), fixed + dense)
    for (operand, cotangent) in zip(operation.operands.dropFirst(firstLinear), found) {
      try pass.accumulate(cotangent, on: operand)
    }
  }
}
