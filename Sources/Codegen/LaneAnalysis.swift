internal import LoopIR

/// Which scalars of a kernel differ between the lanes of the vector loop they are computed in, which
/// `Uniformity` says, and which accumulators keep one partial result per lane.
struct LaneAnalysis {
  /// Lanes side by side: of one vector, and vectors of one group.
  struct Group {
    var width: Int
    var copies: Int
  }

  private var uniformity: Uniformity
  /// The partial results of accumulators that are updated in a vector loop at or inside theirs.
  private(set) var groups: [ScalarID: Group] = [:]
  private let kernel: Kernel

  /// The scalars that differ between lanes.
  var varying: Set<ScalarID> { uniformity.varying }

  /// The vector loop around a place.
  private struct LaneLoop {
    var variable: VariableID
    var group: Group
    /// Accumulators of this loop and of loops around it.
    var outside: Set<ScalarID>
  }

  init(_ kernel: Kernel) {
    self.kernel = kernel
    uniformity = Uniformity(kernel)
    visit(kernel.body, lane: nil, open: [])
  }

  private mutating func visit(_ body: [Node], lane: LaneLoop?, open: Set<ScalarID>) {
    for node in body {
      switch node {
      case .define(let scalar, let expression):
        if let lane { uniformity.define(scalar, expression, in: lane.variable) }
      case .store: break
      case .accumulate(let accumulator, let value):
        guard let lane else { break }
        if lane.outside.contains(accumulator) {
          groups[accumulator] = lane.group
        } else {
          // A loop inside the vector loop leaves one result per lane.
          uniformity.accumulate(accumulator, value)
        }
      case .loop(let loop):
        let inside = open.union(loop.accumulators.map(\.result))
        let own = laneLoop(loop, open: inside)
        if own != nil {
          for carry in loop.carries { uniformity.vary(carry.current) }
        } else if lane != nil {
          uniformity.enter(loop)
        }
        visit(loop.body, lane: own ?? lane, open: inside)
      case .contract(let contract):
        uniformity.vary(contract.result)
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

  /// Whether an index differs between lanes.
  func isVarying(_ index: IndexExpression, _ lane: VariableID) -> Bool {
    uniformity.varies(index, in: lane)
  }
}
