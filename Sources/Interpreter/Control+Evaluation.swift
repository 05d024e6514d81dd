import TensorIR

extension Interpreter {
  /// Repeats the body as long as the condition holds.
  func evaluate(_ loop: While, _ operands: [Literal]) throws -> [Literal] {
    let captures = Array(operands.prefix(loop.captureCount))
    var carries = Array(operands.dropFirst(loop.captureCount))
    while try run(loop.condition, captures + carries)[0].integerElements[0] != 0 {
      try Task.checkCancellation()
      carries = try run(loop.body, captures + carries)
    }
    return carries
  }

  /// Runs the selected branch.
  func evaluate(_ branch: Branch, _ operands: [Literal]) throws -> [Literal] {
    let position = branch.position(selectedBy: operands[0].integerElements[0])
    return try run(branch.branches[position], Array(operands.dropFirst()))
  }

  /// Runs the body for each index.
  func evaluate(_ scan: Scan, _ operands: [Literal], _ types: [TensorType]) throws -> [Literal] {
    let captures = Array(operands.prefix(scan.captureCount))
    var carries = Array(operands[scan.captureCount..<(scan.captureCount + scan.carryCount)])
    let stacks = operands[(scan.captureCount + scan.carryCount)...]
    var bytes = types.dropFirst(scan.carryCount).map { [UInt8](repeating: 0, count: $0.byteCount) }
    let dense = stacks.map(\.denseBytes)
    for index in scan.indices {
      let slices = zip(stacks, dense).map { stack, bytes in
        let type = TensorType(Array(stack.type.shape.dropFirst()), stack.type.element)
        return Literal(
          type, bytes: Array(bytes[(index * type.byteCount)..<((index + 1) * type.byteCount)]))
      }
      let number = Literal(TensorType([], .i64), integers: [Int64(index)])
      let results = try run(scan.body, [number] + captures + carries + slices)
      carries = Array(results.prefix(scan.carryCount))
      for (position, slice) in results.dropFirst(scan.carryCount).enumerated() {
        let count = slice.type.byteCount
        bytes[position].replaceSubrange(
          (index * count)..<((index + 1) * count), with: slice.denseBytes)
      }
    }
    return carries
      + zip(types.dropFirst(scan.carryCount), bytes).map { Literal($0, bytes: $1) }
  }
}
