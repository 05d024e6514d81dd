package import LoopIR
package import Targets

/// What this file decides by.
private typealias Costs = EmissionCosts.Effort

extension ProgramEmitter {
  /// The effort that machine code of each code is worth: level 0 for those that would gain least from more
  /// for what it costs, as long as all of them together lose no more than a hundredth of a call's time.
  ///
  /// A third of the code of large models and more takes less than a hundredth of their time.
  func worthwhileLevels(threads: Int) -> [Int] {
    var levels = codes.map(\.codegenLevel)
    guard levels.count > 1 else { return levels }
    // Loops of unknown count are short where they make other code look cheap, and long themselves.
    let durations = durations(threads: threads)
    let few = program.repetitions(unknownTrips: Costs.fewTrips)
    let many = program.repetitions(unknownTrips: Costs.manyTrips)
    let total = zip(durations, few).reduce(0) { $0 + $1.0.nanoseconds * $1.1 }
    let losses = losses(durations, many) { $0.mostLoss }
    let savings = codes.map { Double($0.weight(on: target) + Costs.moduleWeight) }
    let order = codes.indices.filter { levels[$0] > 0 }.sorted {
      (losses[$0] / savings[$0], $0) < (losses[$1] / savings[$1], $1)
    }
    var left = total * Costs.largestLoss
    for code in order {
      guard losses[code] <= left else { break }
      left -= losses[code]
      levels[code] = 0
    }
    return levels
  }

  /// The share that the loss of a single code has where it is worth its effort for certain, about.
  package static let noticeableLoss =
    EmissionCosts.Effort.largestLoss / EmissionCosts.Effort.noticeableShare

  /// For each code about how many nanoseconds a call loses where it is made at level 0 instead of its own.
  package func losses(threads: Int) -> [Double] {
    let repetitions = program.repetitions(unknownTrips: Costs.fewTrips)
    return losses(durations(threads: threads), repetitions) { $0.loss }
  }

  /// The losses of the codes, from how often each kernel runs and what a run loses in its own code.
  private func losses(
    _ durations: [KernelDuration], _ repetitions: [Double], _ own: (KernelDuration) -> Double
  ) -> [Double] {
    var losses = [Double](repeating: 0, count: codes.count)
    for (number, (duration, times)) in zip(durations, repetitions).enumerated() where times > 0 {
      let codes = Set(codes(of: number))
      for code in codes { losses[code] += own(duration) * times }
      for code in Set(codes.flatMap { callees[$0] }) {
        losses[code] += duration.microkernelLoss * times
      }
    }
    return losses
  }

  /// How long each kernel takes; those with one code take the same time.
  private func durations(threads: Int) -> [KernelDuration] {
    var known: [[Int]: KernelDuration] = [:]
    return program.kernels.enumerated().map { number, kernel in
      let codes = codes(of: number)
      let duration =
        known[codes] ?? KernelDuration(kernel, in: program, for: target, threads: threads)
      known[codes] = duration
      return duration
    }
  }
}

extension LoopProgram {
  /// How often each kernel runs in a call, where loops of unknown count have so many iterations.
  fileprivate func repetitions(unknownTrips: Double) -> [Double] {
    var counts = [Double](repeating: 0, count: kernels.count)
    func count(_ steps: [Step], times: Double) {
      for step in steps {
        switch step {
        case .kernel(let number): counts[number] += times
        case .loop(let loop):
          switch loop.trips {
          case .count(let trips): count(loop.body, times: times * Double(max(trips, 0)))
          case .condition(let test, _): count(test + loop.body, times: times * unknownTrips)
          }
        case .branch(let branch): for way in branch.ways { count(way, times: times) }
        case .call: break
        }
      }
    }
    count(steps, times: 1)
    return counts
  }
}

/// About how long a kernel takes, and how much longer at level 0.
///
/// Only the relation between kernels matters.
package struct KernelDuration: Sendable {
  /// Nanoseconds of one run of the best code.
  package let nanoseconds: Double
  /// Nanoseconds that a run loses where the kernel's own code is made at level 0: sums in registers are
  /// written to memory and read again, elsewhere it is addresses.
  package let loss: Double
  /// The same for the microkernels that it calls.
  package let microkernelLoss: Double

  /// The loss where loops of unknown count go round for long.
  package let mostLoss: Double

  package init(
    _ kernel: Kernel, in program: LoopProgram, for target: TargetDescription, threads: Int
  ) {
    var walk = DurationWalk(kernel, target)
    walk.add(kernel.body, times: 1, lanes: nil)
    let bytes = max(0, kernel.costs(in: program).bytes - Costs.cachedBytes)
    let share = kernel.blockCount == nil ? 1 : Double(max(threads, 1))
    var (own, called) = (walk.nanoseconds / share, walk.microkernelNanoseconds / share)
    let memory = Double(bytes) * Costs.nanosecondsPerByte / share
    if called > 0 { called += memory } else { own += memory }
    nanoseconds = own + called
    loss = own * (walk.carriesValues ? Costs.carryingLoss : Costs.loss)
    microkernelLoss = called * Costs.carryingLoss
    mostLoss = kernel.hasUnboundedLoops ? loss * Costs.manyTrips / Costs.fewTrips : loss
  }

  /// About how many nanoseconds so many operations on `f32` take at least.
  package static func nanoseconds(flops: Int, on target: TargetDescription, threads: Int) -> Double
  {
    let perInstruction = Double(2 * target.lanes(ofBits: 32) * max(threads, 1))
    return Double(flops) / perInstruction * Costs.nanosecondsPerInstruction
  }
}

/// Walks a loop tree and adds up what instructions take.
private struct DurationWalk {
  private(set) var nanoseconds = 0.0
  /// What microkernels take.
  private(set) var microkernelNanoseconds = 0.0
  /// Whether a loop hands on values from one iteration to the next.
  private(set) var carriesValues = false
  private let kernel: Kernel
  private let target: TargetDescription

  /// A loop in lanes.
  struct Lanes {
    var variable: VariableID
    var width: Int
  }

  /// How often a product of so many rows and columns calls its microkernels.
  private func calls(_ contract: Contract, _ rows: Double, _ columns: Double) -> Double {
    let depth = contract.termCount(in: kernel)
    let panels = contract.tiling.panelDepth.map { max(1, (depth + $0 - 1) / $0) } ?? 1
    let tiles =
      (rows / Double(contract.tiling.rows)).rounded(.up)
      * (columns / Double(contract.tileColumns)).rounded(.up)
    return tiles * Double(panels)
  }

  init(_ kernel: Kernel, _ target: TargetDescription) {
    self.kernel = kernel
    self.target = target
  }

  /// Adds nodes that are done so many times.
  mutating func add(_ nodes: [Node], times: Double, lanes: Lanes?) {
    for node in nodes {
      switch node {
      case .define(_, .apply(let op, _)): add(Double(op.weight), times)
      case .define(_, .load(_, let address, _)): add(weight(of: address, lanes), times)
      case .store(let store): add(weight(of: store.address, lanes), times)
      case .define, .accumulate: add(1, times)
      case .loop(let loop): add(loop, times: times, lanes: lanes)
      case .contract(let contract): add(contract, times: times)
      }
    }
  }

  private mutating func add(_ weight: Double, _ times: Double) {
    nanoseconds += weight * times * Costs.nanosecondsPerInstruction
  }

  /// An access of separate places is one for each lane.
  private func weight(of address: IndexExpression, _ lanes: Lanes?) -> Double {
    guard let lanes else { return 1 }
    if address.isLookedUp { return Double(lanes.width) }
    return abs(address.coefficient(of: lanes.variable) ?? lanes.width) > 1 ? Double(lanes.width) : 1
  }

  private mutating func add(_ loop: Loop, times: Double, lanes: Lanes?) {
    let trips = trips(loop)
    var lanes = lanes
    var (rounds, copies) = (trips, 1.0)
    if case .vector(let width, let interleave) = loop.schedule {
      lanes = Lanes(variable: loop.variable, width: width)
      rounds = (trips / Double(width)).rounded(.up)
      copies = Double(interleave)
    }
    if (!loop.accumulators.isEmpty || !loop.carries.isEmpty) && rounds > copies {
      carriesValues = true
    }
    add(loop.body, times: times * rounds, lanes: lanes)
  }

  /// The iterations of a loop; a loop over blocks and the one over a block are as long as the whole together.
  private func trips(_ loop: Loop) -> Double {
    let extent = Double(kernel.variables[loop.variable.index].extent)
    switch loop.range {
    case .full, .once: return extent
    case .condition: return Costs.fewTrips
    case .block(let block, let size):
      let count = Double(max(1, kernel.variables[block.index].extent))
      return min(Double(size), (extent / count).rounded(.up))
    }
  }

  private mutating func add(_ contract: Contract, times: Double) {
    func extent(_ variable: VariableID) -> Double {
      Double(kernel.variables[variable.index].extent)
    }
    var (rows, columns) = (extent(contract.row), extent(contract.column))
    if let block = contract.block {
      rows = min(rows, Double(block.rows))
      columns = min(columns, Double(block.columns))
    }
    let depth = contract.summed.reduce(1) { $0 * extent($1) }
    let width = Double(contract.tiling.width)
    let products = rows * columns * depth / width
    let isCalled = contract.microkernel(in: kernel, for: target) != nil
    if isCalled {
      microkernelNanoseconds += products * times * Costs.nanosecondsPerInstruction
      nanoseconds += calls(contract, rows, columns) * times * Costs.nanosecondsPerCall
    } else {
      carriesValues = true
      add(products, times)
      let lanes = contract.leftLanes(in: kernel) == nil ? 1 : width
      add(contract.left.body, times: times * rows * depth / lanes, lanes: nil)
    }
    if !isCalled || contract.tiling.panelDepth != nil {
      add(contract.right.body, times: times * columns * depth / width, lanes: nil)
    }
    if !isCalled || contract.plainStore == nil {
      add(contract.body, times: times * rows * columns / width, lanes: nil)
    }
  }
}
