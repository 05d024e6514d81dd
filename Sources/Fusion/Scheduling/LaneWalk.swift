internal import LoopIR
internal import TensorIR

/// Counts what a body costs when one variable's iterations are lanes.
struct LaneWalk {
  let kernel: Kernel
  let lane: VariableID
  /// Whether lanes may add into one element of memory together.
  let mayFold: Bool
  /// Whether there are instructions for all accesses.
  private(set) var hasInstructions = true
  private(set) var vectorCost = 0.0
  /// Accesses whose lanes are not neighbours in memory, each an instruction per lane.
  private var scatteredAccesses = 0.0
  /// Loads whose lanes are so many elements apart, which whole vectors may hold.
  private var stridedLoads: [Int: StridedLoads] = [:]
  /// Loads that squares can bring into lanes where a loop around is tiled.
  private var squareLoads = 0.0
  /// Whether nothing stands in the way of tiling a loop around.
  private var mayBeTiled: Bool
  /// The loops around that may be tiled.
  private let around: [VariableID]
  private(set) var widestBytes = 1
  private(set) var definitions = 0
  private var uniformity: Uniformity

  /// Loads, and what a lane of theirs costs where no whole vectors hold several.
  private struct StridedLoads {
    var count = 0.0
    var laneCost = 0.0
  }

  /// - Parameters:
  ///   - loop: the one whose iterations are to be lanes.
  ///   - around: serial loops, each of which holds nothing that keeps it from being tiled.
  init(kernel: Kernel, over loop: Loop, within around: [VariableID] = [], mayFold: Bool = false) {
    self.kernel = kernel
    self.mayFold = mayFold
    self.around = around
    lane = loop.variable
    uniformity = Uniformity(kernel)
    mayBeTiled = !around.isEmpty && loop.accumulators.isEmpty
    visit(loop.body, iterations: 1)
  }

  /// The cost of one vector of iterations.
  func cost(width: Int) -> Double {
    let square = mayBeTiled ? min(CostModel.Lanes.squareCost, Double(width)) : Double(width)
    let strided = stridedLoads.sorted { $0.key < $1.key }.reduce(0) { sum, strided in
      let (stride, loads) = strided
      let isPicked = stride <= width / 2
      return sum
        + (isPicked
          ? loads.count * CostModel.Lanes.pickCost * Double(stride)
          : loads.laneCost * Double(width))
    }
    return vectorCost + strided + scatteredAccesses * Double(width) + squareLoads * square
  }

  private mutating func visit(_ body: [Node], iterations: Double) {
    for node in body { visit(node, iterations: iterations) }
  }

  private mutating func visit(_ node: Node, iterations: Double) {
    switch node {
    case .define(let scalar, let expression): define(scalar, expression, iterations)
    case .store(let store): visit(store, iterations)
    case .accumulate(let accumulator, let value):
      uniformity.accumulate(accumulator, value)
      vectorCost += iterations
    case .contract: hasInstructions = false
    case .loop(let loop) where loop.isTiled: visit(copies: loop, iterations)
    case .loop(let loop):
      mayBeTiled = false
      uniformity.enter(loop)
      for carry in loop.carries { note(kernel.scalars[carry.current.index]) }
      let extent = Double(kernel.variables[loop.variable.index].extent)
      visit(loop.body, iterations: iterations * extent)
      vectorCost += iterations * 2
    }
  }

  private mutating func visit(copies loop: Loop, _ iterations: Double) {
    let extent = Double(kernel.variables[loop.variable.index].extent)
    for case .store(let store) in loop.body {
      if case .local(let local) = store.memory { uniformity.separate(local) }
      note(kernel.scalars[store.value.index])
      vectorCost += iterations * extent * CostModel.Lanes.copyCost
    }
  }

  private mutating func define(
    _ scalar: ScalarID, _ expression: Expression, _ iterations: Double
  ) {
    uniformity.define(scalar, expression, in: lane)
    let varies = uniformity.varying.contains(scalar)
    definitions += 1
    switch expression {
    case .literal: break
    case .index, .inBounds: vectorCost += iterations
    case .load(let memory, let index, let condition):
      access(
        memory, index, kernel.scalars[scalar.index], varies: varies,
        isGuarded: condition != nil, iterations)
      note(kernel.scalars[scalar.index])
    case .apply(let op, let operands):
      vectorCost += iterations * Double(op.weight) * (varies ? 1 : 0.5)
      if varies {
        note(kernel.scalars[scalar.index])
        for operand in operands { note(kernel.scalars[operand.index]) }
      }
    }
  }

  private mutating func note(_ element: ElementType) {
    widestBytes = max(widestBytes, element.laneBytes)
  }

  private mutating func access(
    _ memory: Memory, _ index: IndexExpression, _ element: ElementType, varies: Bool,
    isGuarded: Bool, _ iterations: Double
  ) {
    if uniformity.isPerLane(memory), !uniformity.varies(index, in: lane) {
      vectorCost += iterations
    } else if !varies {
      vectorCost += iterations * 0.5
    } else if isContiguous(index) {
      vectorCost += iterations
    } else if isInSquares(index) {
      squareLoads += iterations
    } else {
      let cost = iterations * (element.isGathered ? 1 : CostModel.Lanes.shortGatherCost)
      if let stride = index.coefficient(of: lane), stride > 1, !isGuarded, !isScattered(index) {
        stridedLoads[stride, default: StridedLoads()].count += iterations
        stridedLoads[stride, default: StridedLoads()].laneCost += cost
      } else {
        scatteredAccesses += cost
      }
    }
  }

  /// Whether the places of lanes are looked up.
  private func isScattered(_ index: IndexExpression) -> Bool {
    var result = false
    index.forEachScalar { result = result || uniformity.varying.contains($0) }
    return result
  }

  /// Whether lanes are evenly apart and a loop around goes from element to element.
  private func isInSquares(_ index: IndexExpression) -> Bool {
    !index.isLookedUp && index.coefficient(of: lane) != nil
      && around.contains {
        index.coefficient(of: $0) == 1
          && kernel.variables[$0.index].extent >= CostModel.Lanes.leastSquare
      }
  }

  private func isContiguous(_ index: IndexExpression) -> Bool {
    index.coefficient(of: lane) == 1 && !isScattered(index)
  }

  private mutating func visit(_ store: Store, _ iterations: Double) {
    note(kernel.scalars[store.value.index])
    if case .local(let local) = store.memory, !store.address.uses(lane) {
      mayBeTiled = false
      uniformity.separate(local)
      vectorCost += iterations
      return
    }
    let isLookedUp = isScattered(store.address)
    let stride = store.address.coefficient(of: lane)
    if stride == 0, !isLookedUp, mayFold, store.combining != nil, store.condition == nil {
      vectorCost += iterations * CostModel.Lanes.horizontalCost
    } else if isLookedUp || stride == 0 || stride == nil {
      hasInstructions = false
    } else if stride == 1 {
      vectorCost += iterations
    } else {
      mayBeTiled = false
      scatteredAccesses += iterations * CostModel.Lanes.scatterCost
    }
  }
}

extension ElementType {
  /// Whether processors gather such elements; shorter ones are put into lanes one by one.
  fileprivate var isGathered: Bool { byteCount >= 4 }

  /// The bytes of a lane that arithmetic on elements takes, where indices count as 32 bits.
  var laneBytes: Int { self == .i64 ? 4 : registerType.byteCount }
}
