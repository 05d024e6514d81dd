import TensorIR

/// Puts captured constants into regions, and captures each value once.
///
///     Before:  "stablehlo.if"(%p) with captures %c, %x, %x where %c is a constant
///     After:   "stablehlo.if"(%p) with capture %x, the constant in both branches
@Sendable func simplifyCaptures(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  let captures = op.captureRange.clamped(to: 0..<operands.count)
  /// What becomes of each capture.
  var constants: [Int: (literal: Literal, shape: [Int])] = [:]
  var duplicates: [Int: Int] = [:]
  var known: [ValueID: Int] = [:]
  for position in captures {
    if let literal = rewriter.smallConstant(operands[position]) {
      constants[position] = (literal, rewriter[operands[position]].shape)
    } else if let first = known[operands[position]] {
      duplicates[position] = first
    } else {
      known[operands[position]] = position
    }
  }
  guard !constants.isEmpty || !duplicates.isEmpty else { return nil }
  let isKept = operands.indices.map { constants[$0] == nil && duplicates[$0] == nil }
  let shift = op.firstCaptureParameter - captures.lowerBound
  let smaller = try op.mappingRegions { region in
    var builder = FunctionBuilder(name: region.name, location: region.location)
    var values = [ValueID?](repeating: nil, count: region.parameters.count)
    for (place, parameter) in region.parameters.enumerated() {
      let position = place - shift
      if !captures.contains(position) || isKept[position] {
        values[place] = builder.parameter(region[parameter])
      }
    }
    for (position, constant) in constants.sorted(by: { $0.key < $1.key }) {
      let scalar = try builder.constant(constant.literal)
      values[position + shift] =
        constant.literal.type.isScalar
        ? try builder.broadcast(scalar, to: constant.shape, dimensions: []) : scalar
    }
    for (position, first) in duplicates { values[position + shift] = values[first + shift] }
    return builder.finish(
      returning: try builder.inline(region, values.compactMap { $0 }))
  }
  return try rewriter.emitAll(
    smaller.with(captureCount: captures.count { isKept[$0] }),
    operands.indices.filter { isKept[$0] }.map { operands[$0] }, types: types)
}

extension Rewriter {
  /// Constants of at most this many elements are copied into regions.
  private static let copiedElements = 64

  /// A constant of few elements, or the scalar that all elements are.
  fileprivate func smallConstant(_ value: ValueID) -> Literal? {
    if let scalar = splat(value) { return scalar }
    return constant(value).flatMap { $0.type.count <= Self.copiedElements ? $0 : nil }
  }
}

extension Op {
  /// Where captures begin among the parameters of the regions.
  fileprivate var firstCaptureParameter: Int {
    if case .scan = self { 1 } else { 0 }
  }

  /// The operation with another number of captures.
  fileprivate func with(captureCount: Int) -> Op {
    switch self {
    case .whileLoop(var loop):
      loop.captureCount = captureCount
      return .whileLoop(loop)
    case .scan(var scan):
      scan.captureCount = captureCount
      return .scan(scan)
    case .branch, .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits,
      .complex, .fft,
      .shape,
      .reduce, .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix,
      .order,
      .foreign, .optimizationBarrier, .window,
      .custom, .call:
      return self
    }
  }
}
