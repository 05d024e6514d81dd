import TensorIR

extension CustomDerivative {
  /// Emits the function for many examples, with a derivative for many: every operand and result depends
  /// on examples then.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let many = try mappingRegions { region in
      try BatchingPass.run(
        region, size: pass.size, region.parameters.map { _ in true },
        forcing: region.results.map { _ in true }
      ).function
    }
    return try pass.emit(.custom(many), operands.map { try pass.batch($0) })
  }
}
