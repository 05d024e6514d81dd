internal import LoopIR
internal import TensorIR

extension Contract {
  /// The variable along which elements of the left factor are made in lanes, a strip of a tile's rows at a
  /// time, before they are used: the row or the depth, whichever memory has them side by side along. Nil
  /// where an element is made where it is used, as one that is only loaded.
  func leftLanes(in kernel: Kernel) -> VariableID? {
    guard tiling.width > 1, left.body.count > 1 else { return nil }
    let parts = FactorParts(
      left.body, line: row, depth: depth, tap: tap, tileLines: tiling.rows)
    guard parts.elementWeight >= EmissionCosts.Products.leastLeftWeight else { return nil }
    let (rows, depths) = (tiling.rows, kernel.variables[depth.index].extent)
    if min(depths, tiling.width) * 2 <= min(rows, tiling.width) { return row }
    func neighbours(_ variable: VariableID) -> Int {
      left.body.count { node in
        guard case .define(_, .load(_, let address, _)) = node else { return false }
        return address.uses(variable) && address.coefficient(of: variable) == 1
      }
    }
    return neighbours(row) > neighbours(depth) ? row : depth
  }
}

extension FactorParts {
  /// Roughly the instructions for one element, without what is the same for all rows or at all depths, and
  /// without loads whose place moves evenly with depth.
  fileprivate var elementWeight: Int {
    let even = Set(evenLoads.map(\.scalar))
    return varying.reduce(0) { sum, node in
      guard case .define(let scalar, let expression) = node, !even.contains(scalar) else {
        return sum
      }
      return sum + expression.elementWeight
    }
  }
}

extension Expression {
  /// Roughly the instructions that the expression takes for one element.
  fileprivate var elementWeight: Int {
    switch self {
    case .literal: 0
    case .index(let index, _): index.elementWeight
    case .load(_, let index, let condition): 1 + index.elementWeight + (condition == nil ? 0 : 1)
    case .inBounds(let bounds): bounds.reduce(0) { $0 + 1 + $1.index.elementWeight }
    case .apply(let op, _): op.weight
    }
  }
}

extension IndexExpression {
  /// Roughly the instructions that quotients and remainders take.
  fileprivate var elementWeight: Int {
    terms.reduce(0) { sum, term in
      switch term.atom {
      case .variable, .scalar, .lookup: sum
      case .quotient(let inner, _), .remainder(let inner, _): sum + 3 + inner.elementWeight
      }
    }
  }
}
