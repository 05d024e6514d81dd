internal import LoopIR

/// A factor's prologue, its statements sorted by what they depend on.
struct FactorParts {
  /// The same at all depths.
  var fixed: [Node] = []
  /// Different from depth to depth, but the same for all rows or columns.
  var shared: [Node] = []
  /// Different for each row or column and depth.
  var varying: [Node] = []
  /// The scalars that the prologue defines.
  private var defined: Set<ScalarID> = []
  /// Those among them that are the same at all depths.
  private(set) var fixedScalars: Set<ScalarID> = []
  private let line: VariableID
  private let depth: VariableID
  private var onLine: Set<ScalarID> = []
  private var onDepth: Set<ScalarID> = []

  /// Sorts definitions; other statements are left out.
  ///
  /// - Parameter line: counts rows or columns.
  init(_ body: [Node], line: VariableID, depth: VariableID) {
    self.line = line
    self.depth = depth
    for node in body {
      guard case .define(let scalar, let expression) = node else { continue }
      defined.insert(scalar)
      let isOnLine = expression.depends(on: line, or: onLine)
      if isOnLine { onLine.insert(scalar) }
      guard expression.depends(on: depth, or: onDepth) else {
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
    /// Elements from depth to depth.
    var depthStride: Int
    /// Elements from line to line; nil where a looked-up scalar says where a line is.
    var lineStride: Int?

    /// Whether the load is contiguous along depth and not along lines.
    var isTransposed: Bool {
      depthStride == 1 && lineStride.map { $0.magnitude > 1 } ?? false
    }
  }

  /// The loads inside the loop over depth whose addresses grow evenly with it.
  var evenLoads: [Load] {
    (shared + varying).compactMap { node in
      guard case .define(let scalar, .load(let memory, let address, nil)) = node,
        let depthStride = address.coefficient(of: depth)
      else { return nil }
      var (isLookedUp, isEven) = (false, true)
      address.forEachScalar { scalar in
        if defined.contains(scalar) { isLookedUp = true }
        if onDepth.contains(scalar) { isEven = false }
      }
      guard isEven else { return nil }
      return Load(
        scalar: scalar, memory: memory, address: address, depthStride: depthStride,
        lineStride: isLookedUp ? nil : address.coefficient(of: line))
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
