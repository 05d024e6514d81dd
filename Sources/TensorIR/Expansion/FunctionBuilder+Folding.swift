extension FunctionBuilder {
  /// All elements along axes combined by a region, in their order: neighbours first, then what came of
  /// neighbours, and so on; initial values come before all.
  ///
  /// StableHLO leaves open in what tree elements are combined.
  mutating func folded(
    _ operands: [ValueID], _ initial: [ValueID], along axes: [Int], by region: Region
  ) throws -> [ValueID] {
    let shape = self[operands[0]].shape
    let kept = shape.indices.filter { !axes.contains($0) }
    let result = shape.selecting(kept)
    let count = shape.selecting(axes).reduce(1, *)
    let start = try initial.map { try broadcast($0, to: result, dimensions: []) }
    if count == 0 { return start }
    var rows = try operands.map { operand in
      try reshape(
        transpose(operand, permutation: axes.sorted() + kept), to: [count] + result)
    }
    while let extent = self[rows[0]].shape.first, extent > 1 {
      let half = extent / 2
      let even = try rows.map { try everySecondRow(of: $0, from: 0, count: half) }
      let odd = try rows.map { try everySecondRow(of: $0, from: 1, count: half) }
      var next = try mapped(region, even + odd, shape: [half] + result)
      if extent % 2 == 1 {
        let last = try rows.map { try everySecondRow(of: $0, from: extent - 1, count: 1) }
        next = try zip(next, last).map {
          try emit(.shape(.concatenate(dimension: 0)), [$0, $1])
        }
      }
      rows = next
    }
    let whole = try rows.map { try reshape($0, to: result) }
    return try mapped(region, start + whole, shape: result)
  }

  /// Rows `first`, `first + 2`, … along the first axis.
  private mutating func everySecondRow(
    of value: ValueID, from first: Int, count: Int
  ) throws -> ValueID {
    let rest = self[value].shape.dropFirst()
    return try strided(
      value, starts: [first] + rest.map { _ in 0 }, limits: [first + 2 * count - 1] + rest,
      strides: [2] + rest.map { _ in 1 })
  }
}
