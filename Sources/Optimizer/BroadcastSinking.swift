import TensorIR

/// Computes elementwise operations before their operands are repeated.
///
/// Where all operands are broadcasts, the operation runs over the axes along which any of them
/// varies, and its result is broadcast along the others.
///
///     Before:  %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<4xf32>) -> tensor<4x1xf32>
///              %2 = stablehlo.sqrt %1 : tensor<4x1xf32>
///     After:   %1 = stablehlo.sqrt %0 : tensor<4xf32>
///              %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<4xf32>) -> tensor<4x1xf32>
@Sendable func sinkBroadcasts(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard op.isElementwise else { return nil }
  var sunk: [(position: Int, broadcast: Rewriter.Broadcast)] = []
  for (position, operand) in operands.enumerated() {
    // Scalars beside tensors are predicates and bounds: they fit any shape.
    if rewriter[operand].isScalar { continue }
    guard let broadcast = rewriter.broadcast(operand) else { return nil }
    sunk.append((position, broadcast))
  }
  guard let shape = sunk.first?.broadcast.shape else { return nil }

  let covered = sunk.map { _, broadcast in
    broadcast.keptAxes.map { broadcast.dimensions[$0] }
  }
  let union = Set(covered.joined())
  guard union.count < shape.count else { return nil }
  let axes = covered.first { $0.count == union.count } ?? union.sorted()
  let smallShape = shape.selecting(axes)

  var small = operands
  for (position, broadcast) in sunk {
    let kept = broadcast.keptAxes
    let dropped = broadcast.dimensions.indices.filter { !kept.contains($0) }
    let operand = try rewriter.emitDropping(dropped, of: broadcast.operand)
    let places = kept.compactMap { axes.firstIndex(of: broadcast.dimensions[$0]) }
    small[position] = try rewriter.emitBroadcast(operand, to: smallShape, dimensions: places)
  }
  let result = try rewriter.emit(op, small)
  return try rewriter.emitBroadcast(result, to: shape, dimensions: axes)
}

extension Op {
  /// Whether each result element depends on the operands' elements at the same place only.
  var isElementwise: Bool {
    switch self {
    case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex: true
    case .constant, .iota, .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter,
      .dynamicSlice,
      .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}
