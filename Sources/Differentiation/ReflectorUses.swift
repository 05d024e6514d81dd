import TensorIR

// What is read of the factors of a QR decomposition.

extension ForwardPass {
  /// The decomposition whose factors, or the first of their columns, and scales these are, as many of
  /// one as of the other; nil where they are not.
  func decomposition(of operands: [ValueID]) -> Operation? {
    func definition(_ value: ValueID) -> Operation? {
      indexFacts.definitions[value.index].map { source.operations[$0] }
    }
    let type = type(operands[0])
    guard let origin = definition(operands[1]), origin.op == .matrix(.householder),
      origin.results[1] == operands[1],
      type.shape.last == self.type(operands[1]).shape.last
    else { return nil }
    if origin.results[0] == operands[0] { return origin }
    guard let slice = definition(operands[0]), slice.operands == [origin.results[0]],
      case .shape(.slice(let starts, _, let strides)) = slice.op,
      starts.allSatisfy({ $0 == 0 }), strides.allSatisfy({ $0 == 1 }),
      type.shape.dropLast() == self.type(origin.results[0]).shape.dropLast()
    else { return nil }
    return origin
  }

  /// Whether something reads the reflectors or scales of a decomposition, other than for a thin Q, whose
  /// tangent needs none of theirs.
  func readsReflectors(of decomposition: Operation) -> Bool {
    let (factors, scales) = (decomposition.results[0], decomposition.results[1])
    return readsBelowDiagonal(factors)
      || source.results.contains(scales)
      || source.operations.contains { $0.operands.contains(scales) && !isThinQ($0) }
  }

  /// Whether an operation makes the thin Q of a decomposition in this function.
  private func isThinQ(_ operation: Operation) -> Bool {
    operation.op == .matrix(.reflectors) && decomposition(of: operation.operands) != nil
  }

  /// Whether elements of a decomposition's factors, or of their first rows and columns, are read that stand
  /// below the diagonal, other than for a thin Q.
  private func readsBelowDiagonal(_ factors: ValueID) -> Bool {
    if source.results.contains(factors) { return true }
    return source.operations.contains { user in
      guard user.operands.contains(factors), !isThinQ(user) else { return false }
      switch user.op {
      case .shape(.slice(let starts, _, let strides))
      where starts.allSatisfy({ $0 == 0 }) && strides.allSatisfy({ $0 == 1 }):
        return readsBelowDiagonal(user.results[0])
      case .select: return !keepsUpperTriangle(user, of: factors)
      default: return true
      }
    }
  }

  /// Whether a choice by row and column takes elements of a value on and above the diagonal only.
  private func keepsUpperTriangle(_ choice: Operation, of value: ValueID) -> Bool {
    let operands = choice.operands
    guard operands[0] != value, operands[1] != operands[2],
      let triangle = indexFacts.triangle(operands[0])
    else { return false }
    return switch triangle {
    case .atMost(let offset): operands[1] == value && offset <= 0
    case .atLeast(let offset): operands[2] == value && offset <= 1
    }
  }
}
