internal import LoopIR

/// Which scalars of a kernel differ between the lanes of the vector loop they are computed in, and
/// which accumulators keep one partial result per lane.
struct LaneAnalysis {
  /// Lanes side by side: of one vector, and vectors of one group.
  struct Group {
    var width: Int
    var copies: Int
  }

  private(set) var varying: Set<ScalarID> = []
  /// The partial results of accumulators that are updated in a vector loop at or inside theirs.
  private(set) var groups: [ScalarID: Group] = [:]
  private let kernel: Kernel

  /// The vector loop around a place.
  private struct LaneLoop {
    var variable: VariableID
    var group: Group
    /// Accumulators of this loop and of loops around it.
    var outside: Set<ScalarID>
  }

  init(_ kernel: Kernel) {
    self.kernel = kernel
    visit(kernel.body, lane: nil, open: [])
  }

  private mutating func visit(_ body: [Node], lane: LaneLoop?, open: Set<ScalarID>) {
    for node in body {
      switch node {
      case .define(let scalar, let expression):
        if let lane, isVarying(expression, lane.variable) { varying.insert(scalar) }
      case .store: break
      case .accumulate(let accumulator, let value):
        guard let lane else { break }
        if lane.outside.contains(accumulator) {
          groups[accumulator] = lane.group
        } else if varying.contains(value) {
          // A loop inside the vector loop leaves one result per lane.
          varying.insert(accumulator)
        }
      case .loop(let loop):
        let inside = open.union(loop.accumulators.map(\.result))
        let own = laneLoop(loop, open: inside)
        if own != nil { varying.formUnion(loop.carries.map(\.current)) }
        visit(loop.body, lane: own ?? lane, open: inside)
      case .contract(let contract):
        varying.insert(contract.result)
        let group = Group(width: contract.tiling.width, copies: contract.tiling.vectors)
        let columns = LaneLoop(variable: contract.column, group: group, outside: open)
        let rows = contract.leftLanes(in: kernel).map {
          LaneLoop(variable: $0, group: group, outside: open)
        }
        visit(contract.left.body, lane: rows, open: open)
        visit(contract.right.body, lane: columns, open: open)
        visit(contract.body, lane: columns, open: open)
      }
    }
  }

  private func laneLoop(_ loop: Loop, open: Set<ScalarID>) -> LaneLoop? {
    guard case .vector(let width, let interleave) = loop.schedule else { return nil }
    let extent = kernel.variables[loop.variable.index].extent
    let rest = extent % (width * interleave)
    let restCopies = loop.range == .full ? (rest + width - 1) / width : 1
    // Whole groups of a block are emitted even where no block turns out to have one.
    let mainCopies = loop.range != .full || extent >= width * interleave ? interleave : 1
    return LaneLoop(
      variable: loop.variable, group: Group(width: width, copies: max(mainCopies, restCopies)),
      outside: open)
  }

  private func isVarying(_ expression: Expression, _ lane: VariableID) -> Bool {
    if case .load(.local(let local), _, _) = expression, kernel.locals[local].isPerLane {
      return true
    }
    var varies = false
    expression.forEachInput(
      index: { varies = varies || isVarying($0, lane) },
      scalar: { varies = varies || varying.contains($0) })
    return varies
  }

  /// Whether an index differs between lanes.
  func isVarying(_ index: IndexExpression, _ lane: VariableID) -> Bool {
    var result = index.uses(lane)
    index.forEachScalar { result = result || varying.contains($0) }
    return result
  }
}
