import TensorIR

extension Op {
  /// The op without the precision asked for, on which results do not depend.
  var withoutPrecision: Op {
    switch self {
    case .dot(let dimensions): .dot(dimensions.withoutPrecision)
    case .convolution(let convolution): .convolution(convolution.withoutPrecision)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      self
    }
  }
}

extension DotDimensions {
  /// The dimensions without the precision asked for, on which results do not depend.
  fileprivate var withoutPrecision: DotDimensions {
    if precision.isEmpty { return self }
    var plain = self
    plain.precision = []
    return plain
  }
}
