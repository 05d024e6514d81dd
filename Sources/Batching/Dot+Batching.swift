import TensorIR

extension DotDimensions {
  /// Emits the product of each example: examples are a batch axis of both factors, or a free axis of
  /// the one that depends on them.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (left, right) = (operands[0], operands[1])
    var moved = self
    if left.isBatched {
      moved.leftBatching = leftBatching.map { $0 + 1 }
      moved.leftContracting = leftContracting.map { $0 + 1 }
    }
    if right.isBatched {
      moved.rightBatching = rightBatching.map { $0 + 1 }
      moved.rightContracting = rightContracting.map { $0 + 1 }
    }
    guard !left.isBatched || !right.isBatched else {
      moved.leftBatching.insert(0, at: 0)
      moved.rightBatching.insert(0, at: 0)
      return try pass.emit(.dot(moved), [left.id, right.id])
    }
    let product = try pass.builder.emit(.dot(moved), [left.id, right.id])
    let leftFreeCount = leftFree(rank: pass.shape(left).count).count
    let place = leftBatching.count + (left.isBatched ? 0 : leftFreeCount)
    var permutation = Array(0..<pass.builder[product].rank)
    permutation.remove(at: place)
    permutation.insert(place, at: 0)
    let result = try pass.builder.transpose(product, permutation: permutation)
    return [BatchingPass.Value(id: result, isBatched: true)]
  }
}
