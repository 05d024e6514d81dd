import TensorIR

/// Gives constants and iotas their canonical forms, which other rules know how to sink.
///
/// A splat is a scalar constant, broadcast; an iota of several axes is one of one axis, broadcast.
///
///     Before:  %0 = stablehlo.constant dense<1.0> : tensor<2x3xf32>
///     After:   %0 = stablehlo.constant dense<1.0> : tensor<f32>
///              %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
@Sendable func simplifyConstant(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  switch op {
  case .constant(let literal):
    guard literal.isSplat, !literal.type.isScalar else { return nil }
    let scalar = Literal(TensorType([], literal.type.element), splat: literal.bytes)
    return try rewriter.emitSplat(scalar, shape: literal.type.shape)
  case .iota(let type, let dimension):
    let extent = type.shape[dimension]
    if extent == 1 { return try rewriter.emitSplat(0, type) }
    guard type.rank > 1 else { return nil }
    let row = try rewriter.emit(.iota(TensorType([extent], type.element), dimension: 0), [])
    return try rewriter.emitBroadcast(row, to: type.shape, dimensions: [dimension])
  case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .shape, .reduce,
    .dot, .convolution, .gather, .window,
    .scatter, .dynamicSlice, .dynamicUpdateSlice,
    .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
    return nil
  }
}
