import TensorIR

/// Writes out loops of no or one iteration, short loops of few operations, and branches whose selector
/// is known.
///
///     Before:  adjoint.scan(%a, %x) {length = 1} { ^(%i, %s, %row): … return %1, %2 }
///     After:   … with %i = 0, %s = %a, %row = %x[0]; results %1 and %2[newaxis]
@Sendable func inlineRegions(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  switch op {
  case .branch(let branch):
    guard let selector = rewriter.constant(operands[0])?.integers.first else { return nil }
    let position = branch.position(selectedBy: selector)
    return try rewriter.emitInlined(branch.branches[position], Array(operands.dropFirst()))
  case .scan(let scan):
    guard scan.isUnrolled else { return nil }
    return try rewriter.emitUnrolled(scan, operands, types)
  case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
    .fft, .shape,
    .reduce,
    .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
    .foreign,
    .window,
    .optimizationBarrier,
    .whileLoop,
    .custom, .call:
    return nil
  }
}

extension Scan {
  /// Loops of at most this many iterations are written out if that gives few operations.
  private static let unrolledLength = 8
  /// The operations that a loop may become.
  private static let unrolledOperations = 480

  /// Whether the scan becomes straight-line code.
  fileprivate var isUnrolled: Bool {
    if length <= 1 { return true }
    guard length <= Self.unrolledLength,
      length * body.operations.count <= Self.unrolledOperations
    else { return false }
    return body.operations.allSatisfy { $0.op.isCheapToRepeat }
  }
}

extension Op {
  /// Whether many copies of the operation make one kernel all the same.
  fileprivate var isCheapToRepeat: Bool {
    switch self {
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape:
      true
    case .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}

extension Rewriter {
  /// What a region returns for these values of its parameters, with its operations written out here.
  mutating func emitInlined(
    _ region: Region, _ values: [ValueID]
  ) throws -> [ValueID] {
    var copies = [ValueID?](repeating: nil, count: region.types.count)
    for (parameter, value) in zip(region.parameters, values) { copies[parameter.index] = value }
    func known(_ value: ValueID) -> ValueID {
      guard let copy = copies[value.index] else { preconditionFailure("regions are closed") }
      return copy
    }
    for operation in region.operations {
      let results = try emitAll(
        operation.op, operation.operands.map(known), types: operation.results.map { region[$0] })
      for (old, new) in zip(operation.results, results) { copies[old.index] = new }
    }
    return region.results.map(known)
  }

  /// The iterations of a scan one after the other.
  fileprivate mutating func emitUnrolled(
    _ scan: Scan, _ operands: [ValueID], _ types: [TensorType]
  ) throws -> [ValueID] {
    let captures = Array(operands[..<scan.captureCount])
    var carries = Array(operands[scan.captureCount...].prefix(scan.carryCount))
    let stacks = operands[(scan.captureCount + scan.carryCount)...]
    let stacked = types.dropFirst(scan.carryCount)
    var slices = [[ValueID]](repeating: [], count: stacked.count)
    for index in scan.indices {
      let number = try emitConstant(Literal(TensorType([], .i64), integers: [Int64(index)]))
      let rows = try stacks.map { stack in
        let shape = self[stack].shape
        let row = try emit(
          .shape(
            .slice(
              starts: [index] + shape.dropFirst().map { _ in 0 },
              limits: [index + 1] + shape.dropFirst(), strides: shape.map { _ in 1 })), [stack])
        return try emitReshape(row, to: Array(shape.dropFirst()))
      }
      let results = try emitInlined(scan.body, [number] + captures + carries + rows)
      carries = Array(results.prefix(scan.carryCount))
      for (position, slice) in results.dropFirst(scan.carryCount).enumerated() {
        slices[position].append(try emitReshape(slice, to: [1] + self[slice].shape))
      }
    }
    return try carries
      + zip(stacked, slices).map { type, slices in
        if slices.isEmpty { return try emitSplat(0, type) }
        let ordered = scan.isReversed ? slices.reversed() : slices
        return ordered.count == 1
          ? ordered[0] : try emit(.shape(.concatenate(dimension: 0)), ordered)
      }
  }
}
