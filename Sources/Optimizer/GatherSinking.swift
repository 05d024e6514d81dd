import TensorIR

/// Computes elementwise operations on tables rather than on the many elements that are looked up there.
///
/// Where all operands are looked up at the same places, or repeat one number, the operation runs over the
/// tables, and its result is looked up. The tables are at most half as large as what is looked up, and nothing
/// else reads one of the lookups, so that there are no more than before.
///
///     Before:  %0 = "stablehlo.gather"(%sums, %owners) … -> tensor<1000xf32>
///              %1 = "stablehlo.gather"(%counts, %owners) … -> tensor<1000xf32>
///              %2 = stablehlo.divide %0, %1 : tensor<1000xf32>
///     After:   %0 = stablehlo.divide %sums, %counts : tensor<10xf32>
///              %2 = "stablehlo.gather"(%0, %owners) … -> tensor<1000xf32>
@Sendable func sinkGathers(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard op.isElementwise, operands.contains(where: { rewriter.family(of: $0) == .gather }) else {
    return nil
  }
  var lookup: (operation: Operation, shape: [Int])?
  var tables = operands
  var repeated: [(position: Int, scalar: ValueID)] = []
  for (position, operand) in operands.enumerated() {
    if rewriter[operand].isScalar { continue }
    if let scalar = rewriter.repeatedScalar(operand) {
      repeated.append((position, scalar))
      continue
    }
    guard let operation = rewriter.definition(of: operand),
      case .gather(let dimensions) = operation.op,
      case let table = operation.operands[0],
      rewriter[table].count <= rewriter[operand].count / 2
    else { return nil }
    if let lookup {
      guard case .gather(dimensions) = lookup.operation.op,
        operation.operands[1] == lookup.operation.operands[1], rewriter[table].shape == lookup.shape
      else { return nil }
    } else {
      lookup = (operation, rewriter[table].shape)
    }
    tables[position] = table
  }
  guard let lookup else { return nil }
  let isOneLookupLess = operands.indices.contains { position in
    tables[position] != operands[position] && rewriter.isUsed(operands[position], atMost: 1)
  }
  guard isOneLookupLess else { return nil }
  for (position, scalar) in repeated {
    tables[position] = try rewriter.emitBroadcast(scalar, to: lookup.shape, dimensions: [])
  }
  let result = try rewriter.emit(op, tables)
  return try rewriter.emit(lookup.operation.op, [result, lookup.operation.operands[1]])
}

extension Rewriter {
  /// The scalar that a value repeats.
  fileprivate func repeatedScalar(_ value: ValueID) -> ValueID? {
    guard let broadcast = broadcast(value), self[broadcast.operand].isScalar else { return nil }
    return broadcast.operand
  }
}
