internal import LoopIR

/// Reads that give zero where a condition does not hold, and choices that say the same again.
struct GuardedReads {
  /// The condition of each read that has one.
  private var conditions: [ScalarID: ScalarID] = [:]
  /// The scalars that are zero, of which no bit is set.
  private var zeros: Set<ScalarID> = []

  init(_ kernel: Kernel) {
    var (conditions, zeros) = ([ScalarID: ScalarID](), Set<ScalarID>())
    kernel.body.forEachNode { node in
      switch node {
      case .define(let scalar, .load(_, _, .some(let condition))): conditions[scalar] = condition
      case .define(let scalar, .literal(let literal)):
        if literal.bytes.allSatisfy({ $0 == 0 }) { zeros.insert(scalar) }
      case .define, .store, .accumulate, .loop, .contract: break
      }
    }
    (self.conditions, self.zeros) = (conditions, zeros)
  }

  /// The read that a choice between it, where its condition holds, and zero is equal to; nil for other
  /// expressions.
  func read(equalTo expression: Expression) -> ScalarID? {
    guard case .apply(.select, let operands) = expression,
      conditions[operands[1]] == operands[0], zeros.contains(operands[2])
    else { return nil }
    return operands[1]
  }
}
