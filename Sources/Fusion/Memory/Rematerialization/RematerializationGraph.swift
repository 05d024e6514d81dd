internal import LoopIR
internal import TensorIR

/// What can be computed again in a program: its outermost steps, what they read and write, and ways to
/// make each value once more.
///
/// Values are buffers with memory of their own that more than one step uses, by number. Steps that
/// write one buffer between them are one group, which is run again as a whole: the same kernels on the
/// same numbers, so with the same bits. A value whose formula holds no sum also has a recipe, a kernel
/// of its own from other values; elementwise arithmetic gives the same bits in any kernel.
struct RematerializationGraph {
  /// An outermost step of the program.
  struct Step {
    /// The values it reads, those that it only writes left out.
    var reads: [Int] = []
    /// The values it writes.
    var writes: [Int] = []
    /// Bytes that only the step itself uses.
    var workspace = 0
    var nanoseconds = 0.0
    var flops = 0
    /// Whether it holds a matrix product.
    var hasProduct = false
    /// Whether it calls a C function, which is done once.
    var hasCall = false
    /// Whether a transposition made what it computes.
    var isBackward = false
    /// Whether something that it writes is of the forward computation; the step between both ways may be of both.
    var isForward = true
    /// The scopes around all that it computes.
    var scopes: [Int] = []
  }

  /// A buffer with memory of its own.
  struct Value {
    var buffer: BufferID
    /// Bytes in the arena; zero for a result, which has memory of the caller's.
    var byteCount: Int
    var isArena: Bool
    /// The steps that read or write it, in order.
    var uses: [Int] = []
    /// The last step that writes it.
    var lastWriter = 0
    /// The group that writes it.
    var group = 0
    /// Whether nothing outside the group reads it before its last writer is done.
    var isStable = true
    /// Whether forward steps make it and backward ones read it.
    var isCrossing = false
    /// The scopes inside which all forward uses are; backward steps outside do without it.
    var scopes: [Int] = []
    /// The name by which it is kept.
    var savedName = ""
    /// The values with ways that read it.
    var dependents: [Int] = []
  }

  /// Steps that are run again together.
  struct Group {
    var steps: [Int] = []
    /// What it reads besides what it writes.
    var inputs: [Int] = []
    var outputs: [Int] = []
    var workspace = 0
    var nanoseconds = 0.0
    var flops = 0
    var hasProduct = false
    /// Whether running it again reads what it read the first time.
    var isRepeatable = true
  }

  /// A kernel that makes one value out of others.
  struct Recipe {
    var inputs: [Int]
    var nanoseconds: Double
    var flops: Int
  }

  private(set) var steps: [Step]
  private(set) var values: [Value] = []
  private(set) var groups: [Group] = []
  /// A way to each value by itself.
  private(set) var recipes: [Recipe?] = []
  /// The number of each buffer that is a value.
  private(set) var numbers: [BufferID: Int] = [:]
  /// The same for runs on paper, once there are recipes.
  private(set) var lists: RematerializationLists?

  /// - Parameter reckonsCosts: whether it is known what steps take, which only choices need.
  init(_ program: LoopProgram, reckonsCosts: Bool = true) {
    let accesses = program.steps.map { program.accesses(of: $0) }
    steps = program.steps.map { program.facts(of: $0, reckonsCosts: reckonsCosts) }
    addValues(program, accesses)
    if reckonsCosts { addWorkspaces(program, accesses) }
    addGroups()
    addRoles(program)
  }

  /// Adds recipes, and notes who depends on whom.
  mutating func add(recipes: [Recipe?]) {
    self.recipes = recipes
    for value in values.indices {
      let inputs =
        (recipes[value]?.inputs ?? []) + groups[values[value].group].inputs
      for input in Set(inputs).sorted() where input != value {
        values[input].dependents.append(value)
      }
    }
    lists = RematerializationLists(self)
  }

  // MARK: Construction

  private mutating func addValues(
    _ program: LoopProgram, _ accesses: [LoopProgram.StepAccesses]
  ) {
    var users: [BufferID: [Int]] = [:]
    for (position, access) in accesses.enumerated() {
      for buffer in access.read.union(access.written) {
        users[buffer, default: []].append(position)
      }
    }
    for (buffer, positions) in users.sorted(by: { $0.key < $1.key }) {
      let isArena: Bool
      switch program.buffers[buffer.index].storage {
      case .arena: isArena = true
      case .result: isArena = false
      case .argument, .constant, .view: continue
      }
      if isArena, positions.count == 1 { continue }
      numbers[buffer] = values.count
      let bytes = program.buffers[buffer.index].type.byteCount
      values.append(
        Value(
          buffer: buffer, byteCount: isArena ? bytes.roundedUp(to: LoopProgram.alignment) : 0,
          isArena: isArena, uses: positions))
    }
    for (position, access) in accesses.enumerated() {
      steps[position].writes = access.written.compactMap { numbers[$0] }.sorted()
      steps[position].reads = access.read.compactMap { numbers[$0] }.sorted()
      for value in steps[position].writes { values[value].lastWriter = position }
    }
  }

  /// Reckons what each step takes for itself alone.
  private mutating func addWorkspaces(
    _ program: LoopProgram, _ accesses: [LoopProgram.StepAccesses]
  ) {
    for (position, access) in accesses.enumerated() {
      let own = access.read.union(access.written).filter { buffer in
        guard numbers[buffer] == nil, case .arena = program.buffers[buffer.index].storage else {
          return false
        }
        return true
      }
      guard !own.isEmpty else { continue }
      if case .kernel = program.steps[position] {
        steps[position].workspace = own.reduce(0) { sum, buffer in
          let bytes = program.buffers[buffer.index].type.byteCount
          return sum + bytes.roundedUp(to: LoopProgram.alignment)
        }
        continue
      }
      var part = program
      part.steps = [program.steps[position]]
      steps[position].workspace = part.largestUse(of: own)
    }
  }

  /// Makes steps that write the same buffer one group.
  private mutating func addGroups() {
    var leaders = Array(steps.indices)
    func leader(_ step: Int) -> Int {
      var step = step
      while leaders[step] != step { step = leaders[step] }
      return step
    }
    var writers: [Int: Int] = [:]
    for (position, step) in steps.enumerated() {
      for value in step.writes {
        if let other = writers[value] {
          let (first, second) = (leader(other), leader(position))
          leaders[max(first, second)] = min(first, second)
        }
        writers[value] = position
      }
    }
    var places: [Int: Int] = [:]
    var groupOfStep = [Int](repeating: 0, count: steps.count)
    for position in steps.indices {
      let first = leader(position)
      let group = places[first] ?? groups.count
      if group == groups.count {
        groups.append(Group())
        places[first] = group
      }
      groupOfStep[position] = group
      add(position, to: group)
    }
    for (position, step) in steps.enumerated() {
      for value in step.reads where values[value].group != groupOfStep[position] {
        if position < values[value].lastWriter {
          values[value].isStable = false
          groups[groupOfStep[position]].isRepeatable = false
        }
      }
    }
    for group in groups.indices {
      let outputs = Set(groups[group].outputs)
      groups[group].inputs = Set(groups[group].inputs).subtracting(outputs).sorted()
      groups[group].outputs = outputs.sorted()
    }
  }

  private mutating func add(_ position: Int, to group: Int) {
    let step = steps[position]
    groups[group].steps.append(position)
    groups[group].inputs += step.reads
    groups[group].outputs += step.writes
    groups[group].workspace = max(groups[group].workspace, step.workspace)
    groups[group].nanoseconds += step.nanoseconds
    groups[group].flops = groups[group].flops.addingCapped(step.flops)
    groups[group].hasProduct = groups[group].hasProduct || step.hasProduct
    if step.hasCall { groups[group].isRepeatable = false }
    for value in step.writes { values[value].group = group }
  }

  /// Notes what goes from the forward to the backward computation, and what scopes values are in.
  private mutating func addRoles(_ program: LoopProgram) {
    for position in steps.indices {
      var places = steps[position].writes.compactMap { value in
        program.buffers[values[value].buffer.index].origin?.location
      }
      if places.isEmpty { places = program.sources(of: program.steps[position]) }
      steps[position].isBackward = places.contains(where: \.trail.isBackward)
      steps[position].isForward = places.isEmpty || places.contains { !$0.trail.isBackward }
      steps[position].scopes = places.map(\.trail.scopes).commonPrefix
    }
    for value in values.indices {
      let users = values[value].uses
      let origin = program.buffers[values[value].buffer.index].origin
      values[value].savedName = origin?.savedName ?? ""
      let last = values[value].lastWriter
      values[value].isCrossing =
        !steps[last].isBackward && users.contains { steps[$0].isBackward && $0 > last }
      let forward = users.filter { steps[$0].isForward && $0 > last }.map { steps[$0].scopes }
      values[value].scopes =
        ([origin?.location.trail.scopes ?? steps[last].scopes] + forward).commonPrefix
    }
  }
}

extension [[Int]] {
  /// The longest list that all of these start with.
  fileprivate var commonPrefix: [Int] {
    guard var prefix = first else { return [] }
    for other in dropFirst() {
      prefix = zip(prefix, other).prefix { $0 == $1 }.map(\.0)
    }
    return prefix
  }
}

extension Int {
  /// The least multiple of a number that is not less.
  func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

extension LoopProgram {
  /// What an outermost step, with the steps in it, reads and writes, in terms of buffers with memory of
  /// their own.
  struct StepAccesses {
    var read = Set<BufferID>()
    var written = Set<BufferID>()
  }

  func accesses(of step: Step) -> StepAccesses {
    var accesses = StepAccesses()
    [step].forEachStep { step in
      switch step {
      case .kernel(let number):
        accesses.read.formUnion(kernels[number].readBuffers.map { root(of: $0) })
        accesses.written.formUnion(kernels[number].writtenBuffers.map { root(of: $0) })
      case .loop(let loop):
        for carry in loop.carries {
          accesses.read.formUnion([carry.current, carry.next].map { root(of: $0) })
          accesses.written.formUnion([carry.current, carry.next].map { root(of: $0) })
        }
        if let index = loop.index { accesses.written.insert(root(of: index)) }
        if case .condition(_, let condition) = loop.trips { accesses.read.insert(condition) }
      case .branch(let branch): accesses.read.insert(root(of: branch.selector))
      case .call(let call):
        accesses.read.formUnion(call.inputs.map { root(of: $0) })
        accesses.written.formUnion(call.outputs.map { root(of: $0) })
      }
    }
    return accesses
  }

  /// What a step takes, without what it touches.
  fileprivate func facts(
    of step: Step, reckonsCosts: Bool
  ) -> RematerializationGraph.Step {
    var facts = RematerializationGraph.Step()
    if reckonsCosts { add(step, times: 1, to: &facts) }
    [step].forEachStep { step in
      switch step {
      case .kernel(let number):
        if kernels[number].body.contains(where: \.hasContract) { facts.hasProduct = true }
      case .call: facts.hasCall = true
      case .loop, .branch: break
      }
    }
    return facts
  }

  private func add(_ step: Step, times: Int, to facts: inout RematerializationGraph.Step) {
    switch step {
    case .kernel(let number):
      let costs = kernels[number].costs(in: self)
      facts.nanoseconds += RematerializationCosts.nanoseconds(costs) * Double(times)
      facts.flops = facts.flops.addingCapped(costs.flops.multipliedCapped(by: times))
    case .loop(let loop):
      var trips = Loop.nominalExtent
      if case .count(let count) = loop.trips { trips = count }
      for list in step.lists {
        for inner in list { add(inner, times: times.multipliedCapped(by: trips), to: &facts) }
      }
    case .branch:
      for list in step.lists { for inner in list { add(inner, times: times, to: &facts) } }
    case .call: break
    }
  }

  /// The places that a step's results come from.
  fileprivate func sources(of step: Step) -> [SourceLocation] {
    [step].kernelNumbers.flatMap { kernels[$0].sources }
  }
}

/// The reckoning of time that choices of what to compute again are made by.
enum RematerializationCosts {
  /// What a kernel takes: the longer of its arithmetic and its traffic, and a call.
  ///
  /// The rates are those of one core of a current processor, as in Docs/Performance.md; only ratios
  /// matter.
  static func nanoseconds(_ costs: KernelCosts) -> Double {
    max(nanoseconds(flops: costs.flops), Double(costs.bytes) / 12) + 20
  }

  /// What so many operations take.
  static func nanoseconds(flops: Int) -> Double { Double(flops) / 60 }
}
