internal import LoopIR

/// A factor's prologue, its statements sorted by what they depend on.
struct FactorParts {
  /// The same at all depths and taps.
  var fixed: [Node] = []
  /// Different from depth to depth or tap to tap, but the same for all rows or columns.
  var shared: [Node] = []
  /// Different for each row or column and depth.
  var varying: [Node] = []
  /// The scalars that the prologue defines.
  private var defined: Set<ScalarID> = []
  /// Those among them that are the same at all depths.
  private(set) var fixedScalars: Set<ScalarID> = []
  private let line: VariableID
  private let depth: VariableID
  private let tap: VariableID?
  private let tileLines: Int?
  private var onLine: Set<ScalarID> = []
  private var onDepth: Set<ScalarID> = []

  /// Sorts definitions; other statements are left out.
  ///
  /// - Parameters:
  ///   - line: counts rows or columns.
  ///   - tileLines: how many of them a tile has, which starts at a multiple; nil where that is not so.
  init(
    _ body: [Node], line: VariableID, depth: VariableID, tap: VariableID? = nil,
    tileLines: Int? = nil
  ) {
    self.line = line
    self.depth = depth
    self.tap = tap
    self.tileLines = tileLines
    for node in body {
      guard case .define(let scalar, let expression) = node else { continue }
      defined.insert(scalar)
      let isOnLine = expression.depends(on: line, or: onLine)
      if isOnLine { onLine.insert(scalar) }
      let isOnTap = tap.map { expression.depends(on: $0, or: onDepth) } ?? false
      guard isOnTap || expression.depends(on: depth, or: onDepth) else {
        fixed.append(node)
        fixedScalars.insert(scalar)
        continue
      }
      onDepth.insert(scalar)
      if isOnLine { varying.append(node) } else { shared.append(node) }
    }
  }

  /// A load whose address grows evenly with depth.
  struct Load {
    var scalar: ScalarID
    var memory: Memory
    var address: IndexExpression
    /// The address without what depends on the tap.
    var base: IndexExpression
    /// What the tap adds to it.
    var tapOffset: IndexExpression
    /// Elements from depth to depth.
    var depthStride: Int
    /// Elements from line to line within a tile; nil where they lie unevenly, as where a looked-up
    /// scalar says where a line is.
    var lineStride: Int?
    /// A boolean, the same at all depths, without which zero is read; nil always reads.
    var condition: ScalarID?

    /// Whether the load is contiguous along depth and not along lines.
    var isTransposed: Bool {
      depthStride == 1 && lineStride.map { $0.magnitude > 1 } ?? false
    }
  }

  /// The loads inside the loop over depth that are always carried out and whose addresses grow evenly
  /// with it.
  var evenLoads: [Load] { allEvenLoads.filter { $0.condition == nil } }

  /// The loads inside the loop over depth whose addresses grow evenly with it, also those that are
  /// carried out on a condition.
  var allEvenLoads: [Load] {
    (shared + varying).compactMap { node in
      guard case .define(let scalar, .load(let memory, let address, let condition)) = node,
        condition.map({ !onDepth.contains($0) }) ?? true,
        let depthStride = address.coefficient(of: depth)
      else { return nil }
      var (isLookedUp, isEven) = (false, true)
      address.forEachScalar { scalar in
        if defined.contains(scalar) { isLookedUp = true }
        if onDepth.contains(scalar) { isEven = false }
      }
      guard isEven, let (base, tapOffset) = splitByTap(address) else { return nil }
      return Load(
        scalar: scalar, memory: memory, address: address, base: base, tapOffset: tapOffset,
        depthStride: depthStride, lineStride: isLookedUp ? nil : lineStride(of: base),
        condition: condition)
    }
  }

  /// The terms without and with the tap; nil where one has the tap and something else inside.
  private func splitByTap(
    _ address: IndexExpression
  ) -> (base: IndexExpression, tapOffset: IndexExpression)? {
    guard let tap else { return (address, IndexExpression(0)) }
    var (base, offset) = (address, IndexExpression(0))
    base.terms = address.terms.filter { !IndexExpression($0.atom).uses(tap) }
    offset.terms = address.terms.filter { IndexExpression($0.atom).uses(tap) }
    var isAlone = true
    offset.forEachVariable { isAlone = isAlone && $0 == tap }
    return isAlone && !offset.isLookedUp ? (base, offset) : nil
  }

  /// How much an address grows from line to line of a tile; nil where that differs.
  ///
  /// In quotients and remainders by a multiple of the tile's lines, all lines of a tile are in one run.
  private func lineStride(of address: IndexExpression) -> Int? {
    var stride = 0
    for term in address.terms {
      switch term.atom {
      case .variable(let variable): stride += variable == line ? term.coefficient : 0
      case .scalar, .lookup: break
      case .quotient(let inner, let divisor):
        guard !inner.uses(line) || holdsTiles(inner, divisor) else { return nil }
      case .remainder(let inner, let divisor):
        guard inner.uses(line) else { continue }
        guard holdsTiles(inner, divisor) else { return nil }
        stride += term.coefficient
      }
    }
    return stride
  }

  /// Whether runs of `length` values of an expression hold whole tiles.
  private func holdsTiles(_ index: IndexExpression, _ length: Int) -> Bool {
    guard let tileLines, length.isMultiple(of: tileLines) else { return false }
    return isTileCounter(index)
  }

  /// Whether an expression counts the lines of a tile from a multiple of their number on.
  private func isTileCounter(_ index: IndexExpression) -> Bool {
    guard index.constant == 0, index.terms.count == 1, index.terms[0].coefficient == 1 else {
      return false
    }
    switch index.terms[0].atom {
    case .variable(let variable): return variable == line
    case .remainder(let inner, let divisor):
      return holdsTiles(inner, divisor)
    case .scalar, .lookup, .quotient: return false
    }
  }
}

extension Expression {
  /// Whether the expression uses the variable or one of the scalars.
  func depends(on variable: VariableID, or scalars: Set<ScalarID>) -> Bool {
    func uses(_ index: IndexExpression) -> Bool {
      var result = index.uses(variable)
      index.forEachScalar { result = result || scalars.contains($0) }
      return result
    }
    switch self {
    case .literal: return false
    case .index(let index, _): return uses(index)
    case .load(_, let index, let condition):
      return uses(index) || (condition.map { scalars.contains($0) } ?? false)
    case .inBounds(let bounds): return bounds.contains { uses($0.index) }
    case .apply(_, let operands): return operands.contains { scalars.contains($0) }
    }
  }
}
