import TensorIR

extension Branch {
  /// The cotangents of a linear branch: a branch on the same selector.
  func transpose(
    _ operation: Operation, _ cotangents: [ValueID?], in pass: inout ReversePass
  ) throws {
    let linear = operation.operands.indices.dropFirst().filter {
      pass.isLinear(operation.operands[$0])
    }
    let plain = operation.operands.indices.dropFirst().filter { !linear.contains($0) }
    let seeds = cotangents.indices.filter { cotangents[$0] != nil }
    var transposed = self
    transposed.branches = try branches.map { branch in
      let reverse = try branch.transposed(in: linear.map { $0 - 1 }, seeds: seeds)
      var region = reverse.region
      region.parameters =
        plain.map { reverse.parameter(for: branch.parameters[$0 - 1]) } + reverse.seeds
      return region
    }
    let operands = try ([0] + plain).map { try pass.residual(operation.operands[$0]) }
    let results = try pass.builder.emitAll(
      .branch(transposed), operands + seeds.compactMap { cotangents[$0] })
    for (position, result) in zip(linear, results) {
      try pass.accumulate(result, on: operation.operands[position])
    }
  }
}
