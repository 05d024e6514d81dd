/// An access where it stands in a loop tree.
struct AccessSite: Hashable {
  var access: Access
  /// The variable whose iterations are told apart.
  var leader: VariableID
  /// The loops around the access, outermost first.
  var frames: [LoopFrame]
  /// Its place among the accesses in the order of the text.
  var position: Int
  /// The step it stands in, of several over the same rows.
  var step = 0

  /// The site as the loop at `level` sees it, with the loops around that one left out.
  func inside(_ level: Int) -> AccessSite {
    var site = self
    site.leader = frames[level].variable
    site.frames.removeFirst(level + 1)
    return site
  }
}

/// A loop around an access, or the rows, columns or depth of a product.
struct LoopFrame: Hashable {
  /// What of a variable another one follows.
  enum Part: Hashable {
    case whole
    case quotient(Int)
    case remainder(Int)
  }

  /// Where a variable is for a value of another: in `step · part ..< step · (part + 1)`.
  struct Lead: Hashable {
    var variable: VariableID
    var part: Part
    var step: Int
  }

  var variable: VariableID
  /// The variable that says where this one is, for the rows of blocks.
  var lead: Lead?
  /// Tells apart loops that share a variable.
  var number: Int
  /// Whether the access is a factor's, which a product makes again and again.
  var isFactor = false
  /// Whether the loop ends by a condition, perhaps before its first iteration.
  var mayEndEarly = false
}

/// Collects the accesses of some memory.
struct SiteCollector {
  let kernel: Kernel
  /// Which accesses matter.
  let isWanted: (Memory) -> Bool
  private(set) var sites: [AccessSite] = []
  /// The scalars that the nodes define.
  private(set) var scalars = Set<ScalarID>()
  /// The number of the step that accesses are collected of.
  var step = 0
  private var frameCount = 0
  private var position = 0

  init(_ kernel: Kernel, where isWanted: @escaping (Memory) -> Bool) {
    self.kernel = kernel
    self.isWanted = isWanted
  }

  /// Adds the accesses of nodes.
  ///
  /// - Parameters:
  ///   - leader: the variable whose iterations are told apart.
  ///   - frames: the loops around the nodes.
  mutating func collect(_ nodes: [Node], leader: VariableID, in frames: [LoopFrame] = []) {
    for node in nodes {
      if let access = node.access {
        position += 1
        if isWanted(access.memory) {
          sites.append(
            AccessSite(
              access: access, leader: leader, frames: frames, position: position, step: step))
        }
      }
      switch node {
      case .define(let scalar, _): scalars.insert(scalar)
      case .store, .accumulate: break
      case .loop(let loop):
        for accumulator in loop.accumulators { scalars.insert(accumulator.result) }
        for carry in loop.carries { scalars.formUnion([carry.current, carry.result]) }
        collect(loop.body, leader: leader, in: frames + [frame(of: loop)])
      case .contract(let contract): collect(contract, leader: leader, in: frames)
      }
    }
  }

  /// Adds the accesses of a product.
  mutating func collect(_ contract: Contract, leader: VariableID, in frames: [LoopFrame]) {
    scalars.insert(contract.result)
    let (row, column) = leads(of: contract)
    frameCount += 1
    let rows = LoopFrame(variable: contract.row, lead: row, number: frameCount)
    let columns = LoopFrame(variable: contract.column, lead: column, number: frameCount)
    let summed = contract.summed.map {
      LoopFrame(variable: $0, lead: nil, number: frameCount, isFactor: true)
    }
    for (factor, line) in [(contract.left, rows), (contract.right, columns)] {
      let inner = ([line] + summed).filter { $0.variable != leader }
      collect(factor.body, leader: leader, in: frames + inner)
    }
    collect(
      contract.body, leader: leader,
      in: frames + [rows, columns].filter { $0.variable != leader })
  }

  private mutating func frame(of loop: Loop) -> LoopFrame {
    frameCount += 1
    var lead: LoopFrame.Lead?
    if case .block(let block, let size) = loop.range {
      lead = LoopFrame.Lead(variable: block, part: .whole, step: size)
    }
    return LoopFrame(
      variable: loop.variable, lead: lead, number: frameCount, mayEndEarly: !loop.range.isCounted)
  }

  /// What the rows and the columns of a product's block follow.
  private func leads(of contract: Contract) -> (row: LoopFrame.Lead?, column: LoopFrame.Lead?) {
    guard let block = contract.block else { return (nil, nil) }
    func lead(_ part: LoopFrame.Part, _ step: Int) -> LoopFrame.Lead {
      LoopFrame.Lead(variable: block.variable, part: part, step: step)
    }
    let shape = contract.blockShape(block, in: kernel)
    if shape.columns == 1 { return (lead(.whole, block.rows), nil) }
    if shape.rows == 1 { return (nil, lead(.whole, block.columns)) }
    return (
      lead(.remainder(shape.rows), block.rows), lead(.quotient(shape.rows), block.columns)
    )
  }
}

extension [Node] {
  /// The memory that the nodes read or write, with what stands in their loops.
  package var touchedMemory: Set<Memory> {
    var touched = Set<Memory>()
    forEachMemory { memory, _, _ in touched.insert(memory) }
    return touched
  }

  /// The memory that the nodes write, with what stands in their loops.
  var writtenMemory: Set<Memory> {
    var written = Set<Memory>()
    forEachMemory { memory, _, isWritten in if isWritten { written.insert(memory) } }
    return written
  }
}
