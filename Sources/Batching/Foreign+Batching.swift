import TensorIR

extension ForeignCall {
  /// A loop that calls the function for one example after the other.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    var body = FunctionBuilder(name: "region", location: pass.builder.location)
    _ = body.parameter(TensorType([], .i64))
    var parameters = [ValueID?](repeating: nil, count: operands.count)
    let positions = operands.indices.filter { !operands[$0].isBatched }
    let stacked = operands.indices.filter { operands[$0].isBatched }
    for position in positions + stacked {
      parameters[position] = body.parameter(operandTypes[position])
    }
    let results = try body.emitAll(.foreign(self), parameters.compactMap { $0 })
    let scan = Scan(
      length: pass.size, captureCount: positions.count, carryCount: 0,
      body: body.finish(returning: results))
    return try pass.builder.emitAll(
      .scan(scan), (positions + stacked).map { operands[$0].id }
    ).map { BatchingPass.Value(id: $0, isBatched: true) }
  }
}
