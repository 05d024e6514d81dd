import TensorIR

/// Reads what a carry hands on of the slice before from a stack that stands one row later.
///
/// Recurrences over two slices (differences, filters, the corner of an alignment's cell) keep the last
/// slice in a carry. As a stack it waits for nothing, and the loop may run in lanes or waves.
///
///     Before:  adjoint.scan(%c0, %xs) { ^(%i, %c, %x): … return %x, … }
///     After:   adjoint.scan(concatenate(%c0, %xs[..<n−1]), %xs) { ^(%i, %c, %x): … return … }
@Sendable func readDelayedSlices(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(var scan) = op, scan.length > 1, let (carry, stack) = scan.delayedSlice,
    rewriter[operands[stack]].byteCount <= mostDelayedBytes
  else { return nil }
  let position = scan.captureCount + carry
  let (start, rows) = (operands[position], operands[stack])
  let shape = Array(rewriter[rows].shape.dropFirst())
  func slice(_ range: Range<Int>) throws -> ValueID {
    try rewriter.emit(
      .shape(
        .slice(
          starts: [range.lowerBound] + shape.map { _ in 0 }, limits: [range.upperBound] + shape,
          strides: [1] + shape.map { _ in 1 })), [rows])
  }
  let first = try rewriter.emitReshape(start, to: [1] + shape)
  let rest = try slice(scan.isReversed ? 1..<scan.length : 0..<(scan.length - 1))
  let delayed = try rewriter.emit(
    .shape(.concatenate(dimension: 0)), scan.isReversed ? [rest, first] : [first, rest])

  scan.carryCount -= 1
  scan.body.parameters.append(scan.body.parameters.remove(at: 1 + position))
  scan.body.results.remove(at: carry)
  var (given, returned) = (operands, types)
  given.remove(at: position)
  returned.remove(at: carry)
  var results = try rewriter.emitAll(.scan(scan), given + [delayed], types: returned)
  let last = try slice(scan.isReversed ? 0..<1 : (scan.length - 1)..<scan.length)
  results.insert(try rewriter.emitReshape(last, to: shape), at: carry)
  return results
}

/// Larger stacks are not copied: a carry stays in the cache.
private let mostDelayedBytes = 256 << 10

extension Scan {
  /// A carry whose next value is a stack's slice, and the operand which that stack is.
  fileprivate var delayedSlice: (carry: Int, stack: Int)? {
    let first = captureCount + carryCount
    let slices = body.parameters[(1 + first)...]
    for (carry, result) in body.results.prefix(carryCount).enumerated() {
      guard let place = slices.firstIndex(of: result) else { continue }
      return (carry, place - 1)
    }
    return nil
  }
}
