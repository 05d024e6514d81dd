import TensorIR

/// Computes carries of scans that grow by a constant from the index.
///
///     Before:  adjoint.scan(%c0, …) { ^(%i, %n, …): … return %n + 2, … }
///     After:   adjoint.scan(…) { ^(%i, …): … } with 2·%i in place of %n
@Sendable func computeInductionCarries(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(let scan) = op else { return nil }
  for carry in 0..<scan.carryCount {
    guard let start = rewriter.constant(operands[scan.captureCount + carry])?.integers.first,
      let step = scan.step(ofCarry: carry)
    else { continue }
    let type = types[carry]
    let (distance, overflows) = step.multipliedReportingOverflow(by: Int64(scan.length))
    let (end, wraps) = start.addingReportingOverflow(distance)
    guard !overflows, !wraps, Literal(type, integers: [end]).integers == [end] else { continue }

    let position = 1 + scan.captureCount + carry
    var builder = FunctionBuilder(name: "region", location: scan.body.location)
    var values = scan.body.parameters.enumerated().map { place, parameter in
      place == position ? nil : builder.parameter(scan.body[parameter])
    }
    // The number of iterations before this one.
    var count = try builder.convert(builder.function.parameters[0], to: type.element)
    if scan.isReversed {
      let last = try builder.constant(Literal(type, integers: [Int64(scan.length - 1)]))
      count = try builder.subtract(last, count)
    }
    let scaled =
      try step == 1
      ? count : builder.multiply(count, builder.constant(Literal(type, integers: [step])))
    values[position] =
      try start == 0
      ? scaled : builder.add(scaled, builder.constant(Literal(type, integers: [start])))
    var returned = try builder.inline(scan.body, values.compactMap { $0 })
    returned.remove(at: carry)
    var smaller = scan
    smaller.carryCount -= 1
    smaller.body = builder.finish(returning: returned)
    var (outer, rest) = (operands, types)
    outer.remove(at: scan.captureCount + carry)
    rest.remove(at: carry)
    var results = try rewriter.emitAll(.scan(smaller), outer, types: rest)
    results.insert(try rewriter.emitConstant(Literal(type, integers: [end])), at: carry)
    return results
  }
  return nil
}

extension Scan {
  /// What each iteration adds to a scalar integer carry, where that is a constant.
  fileprivate func step(ofCarry carry: Int) -> Int64? {
    let parameter = body.parameters[1 + captureCount + carry]
    let type = body[parameter]
    guard type.isScalar, type.element.isInteger,
      type.element.width < 64 || type.element.kind == .signed,
      let operation = body.operations.first(where: { $0.results == [body.results[carry]] }),
      case .binary(let op) = operation.op, op == .add || op == .subtract
    else { return nil }
    let (left, right) = (operation.operands[0], operation.operands[1])
    let other = left == parameter ? right : op == .add && right == parameter ? left : nil
    guard let other, other != parameter,
      let definition = body.operations.first(where: { $0.results == [other] }),
      case .constant(let literal) = definition.op
    else { return nil }
    return op == .add ? literal.integers[0] : 0 - literal.integers[0]
  }
}
