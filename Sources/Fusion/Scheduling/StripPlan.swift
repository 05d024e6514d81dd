internal import LoopIR
internal import Targets
internal import TensorIR

/// How a row loop is cut into strips, where that pays.
struct StripPlan {
  /// The rows of a strip.
  let size: Int
  let parts: RowParts
  /// The local arrays that one part writes for another.
  let rowArrays: [Int]
  /// What strips gain in instructions for each row, and how many there are without.
  private(set) var weighed = (gain: 0.0, of: 0.0)

  /// The rows a strip may have, most first.
  private static let sizes = [16, 8, 4]

  /// Plans strips for a loop of a kernel; nil where they are not possible or do not pay.
  ///
  /// The rows of a strip stay in the first-level cache from pass to pass.
  init?(_ loop: Loop, in kernel: Kernel, _ scheduler: Scheduler) {
    parts = RowParts(loop, in: kernel)
    let analysis = DependenceAnalysis(kernel, in: scheduler.program)
    guard let arrays = Self.rowArrays(parts, loop, in: kernel, by: analysis) else { return nil }
    rowArrays = arrays
    var footprint = RowFootprint(kernel, row: loop.variable)
    footprint.visit(loop.body)
    for array in arrays {
      let local = kernel.locals[array]
      footprint.rowBytes += Double(local.count * local.element.byteCount)
    }
    let room = Double(scheduler.target.caches.firstLevel / 4 * 3) - footprint.sharedBytes
    let rows = kernel.variables[loop.variable.index].extent
    let isReadAgain = parts.rowPartCount > 1
    let size = Self.sizes.first {
      2 * $0 <= rows && (!isReadAgain || footprint.rowBytes * Double($0) <= room)
    }
    // Long rows that several passes store: the stores of one row hide behind the work on the next.
    guard let size, size == Self.sizes[0] || parts.storingPartCount <= 1 else { return nil }
    self.size = size
    let gain = gain(in: kernel)
    weighed = (gain, footprint.instructions)
    guard gain >= CostModel.Strips.leastGain,
      gain >= CostModel.Strips.leastFraction * footprint.instructions,
      !crossesAddresses(in: kernel)
    else { return nil }
  }

  /// Instructions that a row saves.
  private func gain(in kernel: Kernel) -> Double {
    let saved = zip(parts.nodes, parts.parts).reduce(0.0) { sum, entry in
      switch entry.1?.form {
      case .lanes: sum + entry.0.scalarWeight
      case .sums: sum + kernel.addedVectors(entry.0) * 2
      case .rows, nil: sum
      }
    }
    let share = 1 - 1 / Double(size)
    let waits =
      Double(parts.rowPartCount - 1)
      * (CostModel.Strips.waitCost * share - CostModel.Strips.loopCost)
    let crossings = parts.crossings.reduce(0) { sum, crossing in
      sum + crossing.to.union([crossing.from]).count { $0.form != .lanes }
    }
    return saved * share + waits - Double(parts.lanes.count) * CostModel.Strips.loopCost
      - Double(crossings)
  }

  /// The local arrays that become arrays for a strip; nil where memory ties the rows together.
  private static func rowArrays(
    _ parts: RowParts, _ loop: Loop, in kernel: Kernel, by analysis: DependenceAnalysis
  ) -> [Int]? {
    let accesses = parts.accesses.joined()
    let written = Set(accesses.filter(\.isWrite).map(\.memory))
    let shared = parts.touchingParts.filter { $0.value.count > 1 && written.contains($0.key) }
    if shared.isEmpty { return [] }
    var arrays = [Int]()
    for case .local(let local) in shared.keys {
      guard !kernel.locals[local].isPerLane, analysis.mayPrivatize(local, to: loop).isGranted,
        accesses.allSatisfy({ $0.memory != .local(local) || !$0.address.uses(loop.variable) })
      else { return nil }
      arrays.append(local)
    }
    let pieces = parts.pieces.map { piece in piece.nodes.sorted().map { parts.nodes[$0] } }
    let permission = analysis.mayDistribute(loop, into: pieces, expanding: Set(arrays))
    return permission.isGranted ? arrays.sorted() : nil
  }

  /// Whether an integer that is part of an address comes from another part, so that its bounds would
  /// be forgotten.
  private func crossesAddresses(in kernel: Kernel) -> Bool {
    let crossing = Set(parts.crossings.map(\.scalar).filter { kernel.scalars[$0.index].isInteger })
    var found = false
    for access in parts.accesses.joined() {
      access.address.forEachScalar { found = found || crossing.contains($0) }
    }
    return found
  }
}

extension RowParts {
  /// The parts that store results row by row.
  fileprivate var storingPartCount: Int {
    let storing = zip(parts, accesses).compactMap { part, accesses in
      accesses.contains { access in
        if case .slot = access.memory { access.isWrite } else { false }
      } ? part : nil
    }
    return Set(storing.filter { $0.form == .rows }).count
  }

  /// The parts that go row by row.
  fileprivate var rowPartCount: Int {
    Set(parts.compactMap { $0 }.filter { $0.form != .lanes }).count
  }
}

extension Node {
  /// The instructions of a node outside inner loops and products.
  var scalarWeight: Double {
    switch self {
    case .define(_, .apply(let op, _)): Double(op.weight)
    case .define(_, .literal), .define(_, .index), .loop, .contract: 0
    case .define, .store, .accumulate: 1
    }
  }
}

extension Kernel {
  /// The vectors that a loop over columns adds into memory.
  fileprivate func addedVectors(_ node: Node) -> Double {
    guard case .loop(let loop) = node, case .vector(let width, _) = loop.schedule else { return 0 }
    let vectors = (variables[loop.variable.index].extent + width - 1) / width
    return Double(vectors * loop.combiningStores.count)
  }
}

/// What the passes over one row touch, and what they cost.
private struct RowFootprint {
  let kernel: Kernel
  let row: VariableID
  /// The bytes of elements that are the row's own.
  var rowBytes = 0.0
  /// The bytes of elements that all rows read.
  private(set) var sharedBytes = 0.0
  /// The vector instructions of all passes.
  private(set) var instructions = 0.0
  private var seen = Set<Access>()

  init(_ kernel: Kernel, row: VariableID) {
    self.kernel = kernel
    self.row = row
  }

  mutating func visit(_ nodes: [Node], in loops: [VariableID] = [], iterations: Double = 1) {
    for node in nodes {
      instructions += node.scalarWeight * iterations
      switch node {
      case .define(let scalar, .load): touch(node, kernel.scalars[scalar.index], in: loops)
      case .store(let store): touch(node, kernel.scalars[store.value.index], in: loops)
      case .define, .accumulate, .contract: break
      case .loop(let loop):
        var count = iterations * extent(loop.variable)
        if case .vector(let width, _) = loop.schedule { count /= Double(width) }
        visit(loop.body, in: loops + [loop.variable], iterations: count)
      }
    }
  }

  private func extent(_ variable: VariableID) -> Double {
    Double(kernel.variables[variable.index].extent)
  }

  private mutating func touch(_ node: Node, _ element: ElementType, in loops: [VariableID]) {
    guard let access = node.access, case .slot = access.memory, seen.insert(access).inserted else {
      return
    }
    let bytes = loops.filter { access.address.uses($0) }
      .reduce(Double(element.byteCount)) { $0 * extent($1) }
    if access.address.uses(row) { rowBytes += bytes } else { sharedBytes += bytes }
  }
}
