internal import TensorIR

extension LoopProgram {
  /// Checks each kernel, the tree of steps, and how kernels share memory: buffers lie in the arena at
  /// multiples of 64 bytes, every buffer read holds an argument or was written before on every way
  /// there, and nothing has been written over it since, and every result is there at the end.
  ///
  /// - Parameter provesGuards: Whether accesses with a condition, too, must be provably inside.
  /// - Throws: `AdjointError` naming the kernel or buffer.
  package func verify(provesGuards: Bool = false) throws {
    try verifyBuffers()
    guard Set(kernels.map(\.name)).count == kernels.count else {
      throw AdjointError(.type, "two kernels of \(name) share a name")
    }
    guard steps.kernelNumbers.sorted() == Array(kernels.indices) else {
      throw AdjointError(.type, "the steps of \(name) do not run each kernel at one place")
    }
    for kernel in kernels { try kernel.verifySlots(in: self) }
    let classes = KernelClasses(self)
    let analyses = classes.leaders.map { DependenceAnalysis(kernels[$0], in: self) }
    for analysis in analyses { try analysis.verifyKernel(provesGuards: provesGuards) }
    var verifier = MemoryVerifier(self, classes, analyses)
    try verifier.verify(steps)
    var held = Set<Buffer.Storage>()
    for buffer in verifier.intact {
      switch place(of: buffer) {
      case .argument, .result: held.insert(place(of: buffer))
      case .arena, .constant, .view: break
      }
    }
    for (position, buffer) in buffers.enumerated() {
      guard case .result = buffer.storage, buffer.type.count > 0 else { continue }
      // What is only moved may be written by the name of the buffer it comes from.
      guard held.contains(place(of: BufferID(position))) else {
        throw AdjointError(.type, "result \(buffer.name) is never written")
      }
    }
  }

  private func verifyBuffers() throws {
    func require(_ holds: Bool, _ message: @autoclosure () -> String) throws {
      guard holds else { throw AdjointError(.type, message()) }
    }
    var interface = Set<Buffer.Storage>()
    for (position, buffer) in buffers.enumerated() {
      switch buffer.storage {
      case .argument(let position), .result(let position):
        try require(
          position >= 0 && interface.insert(buffer.storage).inserted,
          "buffer \(buffer.name) shares its place among arguments or results")
      case .arena(let offset):
        try require(
          offset >= 0 && offset.isMultiple(of: 64),
          "buffer \(buffer.name) at arena+\(offset) is not aligned to 64 bytes")
        let (end, overflow) = offset.addingReportingOverflow(buffer.type.byteCount)
        try require(
          buffer.home != nil || !overflow && end <= arenaByteCount,
          "buffer \(buffer.name) goes beyond the arena's \(arenaByteCount) bytes")
      case .constant(let literal):
        try require(
          literal.type == buffer.type, "buffer \(buffer.name) is not of its constant's type")
      case .view(let view):
        // A base comes before its views, so that there is always a root.
        try require(
          buffers.indices.contains(view.base.index) && view.base.index < position,
          "buffer \(buffer.name) is a view of no buffer before it")
      }
      try require(
        isAtHome(buffer), "buffer \(buffer.name) does not fit the memory of the buffer it stands in"
      )
    }
  }

  /// Whether a buffer that stands in another's memory is of its size, and may be there.
  private func isAtHome(_ buffer: Buffer) -> Bool {
    guard let home = buffer.home else { return true }
    guard buffers.indices.contains(home.index) else { return false }
    let owner = buffers[home.index]
    guard owner.home == nil, owner.type.byteCount == buffer.type.byteCount else { return false }
    switch (buffer.storage, owner.storage) {
    case (.argument, _), (.constant, _), (.view, _), (_, .constant), (_, .view), (.result, .result),
      (.result, .arena):
      return false
    case (.arena, _), (.result, .argument): return true
    }
  }
}

extension LoopProgram {
  /// The parts of a buffer that a loop reads; nil where it uses the buffer otherwise.
  fileprivate func rowsRead(
    of buffer: BufferID, in loop: StepLoop
  ) -> [StackRow]? {
    var rows: [StackRow] = []
    var areRows = true
    func use(_ part: BufferID, isWritten: Bool) {
      guard root(of: part) == buffer else { return }
      guard !isWritten, let view = buffers[part.index].view, view.base == buffer,
        view.strides.count == 1, view.strides[0].counter == loop.counter,
        view.strides[0].byteCount > 0
      else {
        areRows = false
        return
      }
      let end = view.offset + buffers[part.index].type.byteCount
      rows.append((view.offset..<end, view.strides[0].byteCount))
    }
    [Step.loop(loop)].forEachStep { step in
      for part in step.ownBuffers { use(part, isWritten: true) }
      guard case .kernel(let number) = step else { return }
      let written = kernels[number].writtenBuffers
      for part in kernels[number].slots { use(part, isWritten: written.contains(part)) }
    }
    return areRows ? rows : nil
  }
}

/// The part of a stack that a loop reads in its first iteration, and how far on it is in the next one.
private typealias StackRow = (bytes: Range<Int>, stride: Int)

/// A walk over steps in the order of execution that knows which buffers hold what was written there.
private struct MemoryVerifier {
  let program: LoopProgram
  /// The buffers that hold their content at the current place.
  private(set) var intact: Set<BufferID>
  /// The greatest value of each open counter.
  private var counters: [CounterID: Int?] = [:]
  private let neighbours: BufferNeighbours
  /// The counted loops around the current place, with the stacks whose rows they overwrite behind those
  /// that they read.
  private var loops: [(loop: StepLoop, trailed: Set<BufferID>)] = []
  /// Buffers of which kernels, by number, have overwritten parts by what they write to a slot, as long as
  /// steps are kernels.
  private var worn: [BufferID: [(kernel: Int, slot: Int)]] = [:]
  private let classes: KernelClasses
  private let analyses: [DependenceAnalysis]
  /// Which operands may stand in the memory of which others, by class of kernels.
  private let replacements: [ReplacementAnalysis]
  private var answers: [Replacement: Bool] = [:]
  /// The rows of stacks that counted loops read, by loop and stack; nil where a loop uses a stack otherwise.
  private var rows: [CounterID: [BufferID: [StackRow]?]] = [:]

  /// A question about two operands of kernels of one class, by slot.
  private struct Replacement: Hashable {
    var kernelClass: Int
    var old: Int
    var new: Int
  }

  /// - Parameter analyses: of the first kernel of each class.
  init(_ program: LoopProgram, _ classes: KernelClasses, _ analyses: [DependenceAnalysis]) {
    self.program = program
    self.classes = classes
    self.analyses = analyses
    replacements = analyses.map { ReplacementAnalysis($0) }
    neighbours = BufferNeighbours(program)
    intact = []
    for (position, buffer) in program.buffers.enumerated() {
      let id = BufferID(position)
      switch program.buffers[program.root(of: id).index].storage {
      case .argument, .constant: intact.insert(id)
      case .result, .arena, .view: if buffer.type.count == 0 { intact.insert(id) }
      }
    }
  }

  mutating func verify(_ steps: [Step]) throws {
    for step in steps {
      if !step.isKernel { worn = [:] }
      defer { if !step.isKernel { worn = [:] } }
      switch step {
      case .kernel(let number): try verify(program.kernels[number], number)
      case .loop(let loop): try verify(loop)
      case .branch(let branch): try verify(branch)
      case .call(let call): try verify(call)
      }
    }
  }

  // MARK: Loops and branches

  private func error(_ message: String) -> AdjointError {
    AdjointError(.type, "\(program.name): \(message)")
  }

  private func name(_ buffer: BufferID) -> String { program.buffers[buffer.index].name }

  private func require(_ buffer: BufferID, _ type: (TensorType) -> Bool, for use: String) throws {
    guard program.buffers.indices.contains(buffer.index), type(program.buffers[buffer.index].type)
    else { throw error("there is no buffer for the \(use) of a loop or branch") }
    guard !intact.isDisjoint(with: [buffer] + program.bases(of: buffer)) else {
      throw error("\(name(buffer)) is the \(use) of a loop or branch before it is written")
    }
  }

  private mutating func verify(_ loop: StepLoop) throws {
    guard (0..<program.counterCount).contains(loop.counter.index), counters[loop.counter] == nil
    else { throw error("two loops of steps share a counter") }
    for carry in loop.carries {
      let (type, other) = (
        program.buffers[carry.current.index].type, program.buffers[carry.next.index].type
      )
      // A carry may stand in the memory of what it starts from, which may have another shape.
      guard type.element == other.element, type.count == other.count else {
        throw error("\(name(carry.current)) and \(name(carry.next)) are no carry of one type")
      }
      if program.movesAlong(carry) { try verifyRows(of: carry, in: loop) }
      try require(carry.current, { _ in true }, for: "carry")
    }
    if let index = loop.index {
      guard program.buffers[index.index].type == TensorType([], .i64) else {
        throw error("the index \(name(index)) is no i64")
      }
      write(index)
    }
    guard program.verifySharing(of: loop) else {
      throw error("lanes of a loop shared by threads read what others write")
    }
    if case .count(0) = loop.trips { return }
    let count: Int? = if case .count(let count) = loop.trips { count } else { nil }
    counters[loop.counter] = .some(count.map { max($0 - 1, 0) })
    loops.append((loop, []))
    // The second time what the first iteration left behind is all that the next one finds, which mostly
    // is what the first one found.
    let before = intact
    var views = Set<BufferID>()
    for _ in 0..<2 {
      views = try verifyIteration(loop)
      intact.formIntersection(before)
      if intact == before { break }
    }
    counters[loop.counter] = nil
    for carry in loop.carries where program.movesAlong(carry) {
      // Every row was written, the first one before the loop.
      intact.remove(carry.current)
      if let view = program.buffers[carry.current.index].view { intact.insert(view.base) }
    }
    for case (let buffer, let view?) in views.map({ ($0, program.buffers[$0.index].view) }) {
      // A stack that every iteration writes a part of is there after the loop.
      let moves = view.strides.contains { $0.counter == loop.counter }
      intact.insert(moves ? view.base : buffer)
    }
    // Of a stack that was overwritten row by row nothing is left behind the loop.
    let trailed = loops.removeLast().trailed
    if !trailed.isEmpty { intact = intact.filter { !trailed.contains(program.root(of: $0)) } }
  }

  /// Checks a carry whose values are rows of a stack: each next value is where the following iteration
  /// finds it, rows fill the stack, and the first one is there.
  private mutating func verifyRows(of carry: StepCarry, in loop: StepLoop) throws {
    guard let current = program.buffers[carry.current.index].view,
      let next = program.buffers[carry.next.index].view,
      case .count(let count) = loop.trips, count > 0
    else { throw error("\(name(carry.current)) moves along a loop without a count") }
    let byteCount = program.buffers[carry.current.index].type.byteCount
    let direction = loop.isReversed ? -1 : 1
    let stack = program.buffers[current.base.index].type
    guard current.strides == [Buffer.Stride(loop.counter, byteCount: byteCount)],
      next.offset == current.offset + direction * byteCount,
      min(current.offset, next.offset) == 0, stack.byteCount == (count + 1) * byteCount
    else {
      throw error("\(name(carry.current)) and \(name(carry.next)) are no rows of one stack")
    }
    let first = current.offset + (loop.isReversed ? (count - 1) * byteCount : 0)
    let isThere = intact.contains { buffer in
      program.buffers[buffer.index].view == Buffer.View(of: current.base, offset: first)
        && program.buffers[buffer.index].type.byteCount == byteCount
    }
    guard isThere else { throw error("\(name(carry.current)) has no first value") }
    intact.insert(carry.current)
  }

  /// Checks one iteration.
  ///
  /// - Returns: The views that it leaves written.
  private mutating func verifyIteration(_ loop: StepLoop) throws -> Set<BufferID> {
    if case .condition(let test, let condition) = loop.trips {
      try verify(test)
      try require(condition, { $0 == TensorType([], .i1) }, for: "condition")
    }
    let before = intact
    worn = [:]
    try verify(loop.body)
    for carry in loop.carries {
      try require(carry.next, { _ in true }, for: "next value of a carry")
    }
    for carry in loop.carries {
      intact.insert(carry.current)
      if carry.next != carry.current { intact.remove(carry.next) }
    }
    return intact.subtracting(before).filter { program.buffers[$0.index].view != nil }
  }

  private mutating func verify(_ branch: StepBranch) throws {
    try require(
      branch.selector, { $0.isScalar && $0.element.isInteger || $0.element == .i1 }, for: "selector"
    )
    guard !branch.ways.isEmpty else { throw error("a branch has no ways") }
    let before = intact
    var after: Set<BufferID>?
    for way in branch.ways {
      intact = before
      worn = [:]
      try verify(way)
      after = after.map { $0.intersection(intact) } ?? intact
    }
    intact = after ?? before
  }

  /// Checks that a call reads what is there, and writes nothing that it reads.
  private mutating func verify(_ call: StepCall) throws {
    for buffer in call.inputs + call.outputs { try verifyExtent(of: buffer) }
    for buffer in call.inputs where program.buffers[buffer.index].type.count > 0 {
      guard !intact.isDisjoint(with: [buffer] + program.bases(of: buffer)) else {
        throw error("\(name(buffer)) is read by \(call.name) before it is written")
      }
    }
    var written = Set<BufferID>()
    for buffer in call.outputs where program.buffers[buffer.index].type.count > 0 {
      let others = Set(overlapping(buffer))
      guard others.isDisjoint(with: call.inputs), !call.inputs.contains(buffer),
        others.isDisjoint(with: written), written.insert(buffer).inserted
      else { throw error("\(call.name) writes \(name(buffer)) over another argument") }
    }
    for buffer in written { write(buffer) }
  }

  // MARK: Kernels

  /// Whether a row that a kernel writes only takes the place of rows of another stack that the loop
  /// around does not read in this iteration or a later one; notes that it does.
  private mutating func trails(_ row: BufferID, _ other: BufferID) -> Bool {
    let (root, stack) = (program.root(of: row), program.root(of: other))
    guard root != stack, let view = program.buffers[row.index].view,
      view.base == root, view.strides.count == 1,
      let place = loops.lastIndex(where: { $0.loop.counter == view.strides[0].counter }),
      case .count(let count) = loops[place].loop.trips, count > 0,
      case .arena(let start) = program.buffers[root.index].storage,
      case .arena(let otherStart) = program.buffers[stack.index].storage
    else { return false }
    let loop = loops[place].loop
    guard let reads = rowsRead(of: stack, in: loop), !reads.isEmpty else { return false }
    let written = program.buffers[row.index].type.byteCount
    let isBehind = reads.allSatisfy { read in
      [0, count - 1].allSatisfy { index in
        let first = start + view.offset + view.strides[0].byteCount * index
        let next = otherStart + read.bytes.lowerBound + read.stride * index
        return loop.isReversed ? next + read.bytes.count <= first : first + written <= next
      }
    }
    if isBehind { loops[place].trailed.insert(stack) }
    return isBehind
  }

  private mutating func rowsRead(of stack: BufferID, in loop: StepLoop) -> [StackRow]? {
    if let known = rows[loop.counter]?[stack] { return known }
    let found = program.rowsRead(of: stack, in: loop)
    rows[loop.counter, default: [:]][stack] = .some(found)
    return found
  }

  /// Notes that a buffer is written by a step itself.
  private mutating func write(_ buffer: BufferID) {
    for other in overlapping(buffer) { intact.remove(other) }
    intact.insert(buffer)
  }

  /// Checks reads of one kernel and notes what it writes and overwrites.
  private mutating func verify(_ kernel: Kernel, _ number: Int) throws {
    func error(_ message: String) -> AdjointError {
      AdjointError(.type, "kernel \(kernel.name): \(message)", at: kernel.sources.first ?? .unknown)
    }
    let before = intact
    var own = Set<BufferID>()
    var overwritten: [(buffer: BufferID, slot: Int)] = []
    for access in kernel.body.accesses {
      guard case .slot(let slot) = access.memory else { continue }
      let id = kernel.slots[slot]
      let name = program.buffers[id.index].name
      try verifyExtent(of: id)
      if access.isRead, program.buffers[id.index].type.count > 0, !own.contains(id),
        before.isDisjoint(with: [id] + program.bases(of: id)), !isLeft(slot, of: number)
      {
        throw error("\(name) is read before it is written")
      }
      guard access.isWrite, own.insert(id).inserted else { continue }
      for other in overlapping(id) where !trails(id, other) {
        overwritten.append((other, slot))
        if own.contains(other) || !mayReplace(other, with: id, in: kernel, number) {
          throw error("\(name) overwrites \(program.buffers[other.index].name) in use")
        }
      }
    }
    for (buffer, slot) in overwritten { wear(buffer, by: slot, of: number) }
    for buffer in own { worn[buffer] = nil }
    intact.subtract(overwritten.map(\.buffer))
    intact.formUnion(own)
  }

  /// Whether a kernel touches nothing of a buffer that others have overwritten since it was whole.
  private func isLeft(_ slot: Int, of number: Int) -> Bool {
    guard let writers = worn[program.kernels[number].slots[slot]] else { return false }
    let analysis = analyses[classes.numbers[number]]
    return writers.allSatisfy { writer in
      analysis.isApart(slot, from: writer.slot, of: analyses[classes.numbers[writer.kernel]])
    }
  }

  /// Notes that a kernel writes a buffer in the place of another one, which perhaps is overwritten in
  /// parts only.
  private mutating func wear(_ other: BufferID, by slot: Int, of number: Int) {
    let writers = intact.contains(other) ? [] : worn[other]
    worn[other] = nil
    guard let writers, writers.count < DependenceAnalysis.meetingLimit,
      program.place(of: other) == program.place(of: program.kernels[number].slots[slot])
    else { return }
    worn[other] = writers + [(number, slot)]
  }

  /// Whether one of a kernel's buffers may stand in another one's memory, or it does not use both.
  private mutating func mayReplace(
    _ old: BufferID, with new: BufferID, in kernel: Kernel, _ number: Int
  ) -> Bool {
    guard let oldSlot = kernel.slots.firstIndex(of: old),
      let newSlot = kernel.slots.firstIndex(of: new)
    else { return true }
    let kernelClass = classes.numbers[number]
    let question = Replacement(kernelClass: kernelClass, old: oldSlot, new: newSlot)
    if let known = answers[question] { return known }
    let leader = program.kernels[classes.leaders[kernelClass]]
    let answer = replacements[kernelClass].mayReplace(
      leader.slots[oldSlot], with: leader.slots[newSlot])
    answers[question] = answer
    return answer
  }

  /// Checks that a view lies inside its base in all iterations of the loops around.
  private func verifyExtent(of id: BufferID) throws {
    guard let view = program.buffers[id.index].view else { return }
    var range = view.offset...view.offset
    for stride in view.strides {
      guard let last = counters[stride.counter] else {
        throw error("\(name(id)) moves with a counter of no loop around")
      }
      guard let last else { throw error("\(name(id)) moves with a counter without bound") }
      let reach = stride.byteCount * last
      range = (range.lowerBound + min(reach, 0))...(range.upperBound + max(reach, 0))
    }
    let end = range.upperBound + program.buffers[id.index].type.byteCount
    guard range.lowerBound >= 0, end <= program.buffers[view.base.index].type.byteCount else {
      throw error("\(name(id)) goes beyond \(name(view.base))")
    }
    try verifyExtent(of: view.base)
  }

  /// The other buffers that share bytes with one; parts of one buffer lie beside each other.
  private func overlapping(_ id: BufferID) -> [BufferID] { neighbours.overlapping(id) }
}
