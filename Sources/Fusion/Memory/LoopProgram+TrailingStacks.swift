internal import LoopIR
internal import TensorIR

extension LoopProgram {
  /// Lets the rows of a stack that a loop fills stand where the rows of another one stood that the loop
  /// has read for the last time: one row behind those that are read.
  ///
  ///     Before:  repeat s in 0..<100 { k1 (x at 64·s bytes) -> (y at 64·s bytes) }, x dead behind it
  ///     After:   the same, where y starts 64 bytes before x in the arena
  ///
  /// Stacks that are filled and read by the same loops become one, whose rows hold a row of each, where
  /// that fits another stack: the parts of an LSTM's gates stand where their sums stood, and the slopes
  /// of the sums where the gates stood.
  ///
  /// - Parameter accept: Whether a change may be made, given what it is.
  mutating func trailStacks(_ accept: (String) -> Bool) {
    let hasLoops = steps.contains { step in
      if case .kernel = step { false } else { true }
    }
    guard hasLoops else { return }
    var trial = self
    trial.interleaveStacks()
    let trails = StackTrails(trial).found
    guard !trails.isEmpty else { return }
    for (buffer, trail) in trails { trial.buffers[buffer.index].trail = trail }
    var (before, after) = (self, trial)
    before.placeArena()
    after.dropUnusedBuffers()
    after.placeArena()
    let names = trails.keys.sorted().map { trial.buffers[$0.index].name }
      .joined(separator: ", ")
    let gain = before.arenaByteCount - after.arenaByteCount
    guard gain > 0, accept("\(names): \(gain) bytes less") else { return }
    self = trial
  }

  /// Makes stacks one that the same loops fill and read by rows, where they can trail a stack of about
  /// their size together, or be trailed by it.
  private mutating func interleaveStacks() {
    let rows = StackRows(self)
    var groups: [ClosedRange<Int>: [BufferID]] = [:]
    for stack in rows.stacks where rows.isInRows(stack) {
      if let life = rows.lives[stack] { groups[life, default: []].append(stack) }
    }
    for (life, members) in groups.sorted(by: { $0.value[0] < $1.value[0] }) {
      for group in interleaved(members, life, rows) where group.count > 1 {
        interleave(group, rowCount: rows.rowCounts[group[0]] ?? 1)
      }
    }
  }

  /// Which stacks of one life become one, for others that are in use at one end of it only.
  private func interleaved(
    _ stacks: [BufferID], _ life: ClosedRange<Int>, _ rows: StackRows
  ) -> [[BufferID]] {
    func byteCount(_ stacks: [BufferID]) -> Int {
      stacks.reduce(0) { $0 + buffers[$1.index].type.byteCount }
    }
    var rest = stacks
    /// What becomes one, and whether something stands in its place before it and behind it.
    var groups: [(stacks: [BufferID], isTaken: (before: Bool, behind: Bool))] = []
    let partners = rows.stacks.sorted { (byteCount([$1]), $0) < (byteCount([$0]), $1) }
    for partner in partners {
      guard let other = rows.lives[partner], other != life,
        other.contains(life.lowerBound) != other.contains(life.upperBound)
      else { continue }
      let isBefore = other.contains(life.lowerBound)
      let whole = byteCount([partner])
      let known = groups.firstIndex { group in
        !(isBefore ? group.isTaken.before : group.isTaken.behind)
          && StackTrails.areAlike(byteCount(group.stacks), whole)
      }
      if known == nil {
        var chosen: [BufferID] = []
        for stack in rest where byteCount(chosen + [stack]) <= whole {
          let first = chosen.first ?? stack
          if buffers[stack.index].type.element == buffers[first.index].type.element,
            rows.rowCounts[stack] == rows.rowCounts[first]
          {
            chosen.append(stack)
          }
        }
        guard StackTrails.areAlike(byteCount(chosen), whole) else { continue }
        rest.removeAll { chosen.contains($0) }
        groups.append((chosen, (false, false)))
      }
      let taken = groups[known ?? groups.count - 1].isTaken
      groups[known ?? groups.count - 1].isTaken = (
        before: taken.before || isBefore, behind: taken.behind || !isBefore
      )
    }
    return groups.map(\.stacks)
  }

  private mutating func interleave(_ stacks: [BufferID], rowCount: Int) {
    let rowByteCounts = stacks.map { buffers[$0.index].type.byteCount / rowCount }
    let whole = rowByteCounts.reduce(0, +)
    let base = stacks[0]
    var starts: [BufferID: (start: Int, row: Int)] = [:]
    var start = 0
    for (stack, byteCount) in zip(stacks, rowByteCounts) {
      starts[stack] = (start, byteCount)
      start += byteCount
    }
    for position in buffers.indices {
      guard case .view(var view) = buffers[position].storage, let (start, row) = starts[view.base]
      else { continue }
      view.base = base
      view.offset = view.offset / row * whole + start + view.offset % row
      view.strides = view.strides.map { stride in
        Buffer.Stride(stride.counter, byteCount: stride.byteCount / row * whole)
      }
      buffers[position].storage = .view(view)
    }
    let element = buffers[base.index].type.element
    buffers[base.index].type = TensorType([rowCount, whole / element.byteCount], element)
    buffers[base.index].origin = nil
  }
}

/// How the loops of a program go through buffers of the arena row by row.
private struct StackRows {
  /// What a loop uses of a buffer.
  struct Use {
    /// The bytes from one iteration's part to the next one's; nil where parts do not move so.
    var stride: Int?
    /// The part of the iteration that the counter is zero in.
    var bytes: Range<Int>
    var isWritten: Bool
  }

  /// The buffers with memory of their own that nothing else stands in, smallest first.
  private(set) var stacks: [BufferID] = []
  /// What each counted loop uses of these, by its counter.
  private(set) var uses: [CounterID: [BufferID: Use]] = [:]
  /// How many rows a stack has, of which each iteration of the loops around uses one.
  private(set) var rowCounts: [BufferID: Int] = [:]
  let lives: [BufferID: ClosedRange<Int>]
  let loops: [(positions: ClosedRange<Int>, loop: StepLoop)]
  private let program: LoopProgram
  /// The buffers that are used otherwise than row by row.
  private var others = Set<BufferID>()

  init(_ program: LoopProgram) {
    self.program = program
    let timeline = Timeline(program)
    lives = program.lives(on: timeline)
    loops = timeline.loops.sorted { $0.positions.lowerBound < $1.positions.lowerBound }
    var shared = Set<BufferID>()
    for (position, buffer) in program.buffers.enumerated() {
      if let home = buffer.home { shared.formUnion([home, BufferID(position)]) }
    }
    for (_, loop) in loops {
      for carry in loop.carries where !program.movesAlong(carry) {
        shared.formUnion([carry.current, carry.next].map { program.root(of: $0) })
      }
    }
    stacks = program.buffers.indices.map { BufferID($0) }.filter { buffer in
      program.isArena(buffer) && !shared.contains(buffer)
        && program.buffers[buffer.index].type.byteCount > 0
    }
    let isStack = Set(stacks)
    visit(program.steps, inside: [], isStack)
  }

  /// Whether all uses of a stack are of one row at a time.
  func isInRows(_ stack: BufferID) -> Bool { rowCounts[stack] != nil && !others.contains(stack) }

  private mutating func visit(
    _ steps: [Step], inside loops: [StepLoop], _ isStack: Set<BufferID>
  ) {
    for step in steps {
      var around = loops
      if case .loop(let loop) = step { around.append(loop) }
      for buffer in step.ownBuffers {
        note(buffer, isWritten: true, around, isStack, isKernel: false)
      }
      if case .kernel(let number) = step {
        let written = program.kernels[number].writtenBuffers
        for buffer in program.kernels[number].slots {
          note(buffer, isWritten: written.contains(buffer), around, isStack, isKernel: true)
        }
      }
      for list in step.lists { visit(list, inside: around, isStack) }
    }
  }

  private mutating func note(
    _ buffer: BufferID, isWritten: Bool, _ loops: [StepLoop], _ isStack: Set<BufferID>,
    isKernel: Bool
  ) {
    let root = program.root(of: buffer)
    guard isStack.contains(root) else { return }
    let view = program.buffers[buffer.index].view
    let byteCount = program.buffers[buffer.index].type.byteCount
    let isDirect = view?.base == root && view?.strides.count == 1 && isKernel
    let offset = view?.offset ?? 0
    for loop in loops {
      guard case .count = loop.trips else { continue }
      var stride: Int?
      if isDirect, view?.strides[0].counter == loop.counter { stride = view?.strides[0].byteCount }
      var use = Use(
        stride: stride, bytes: offset..<(offset + byteCount), isWritten: isWritten)
      if let known = uses[loop.counter]?[root] {
        if known.stride != use.stride { use.stride = nil }
        use.bytes =
          min(known.bytes.lowerBound, offset)..<max(known.bytes.upperBound, offset + byteCount)
        use.isWritten = use.isWritten || known.isWritten
      }
      uses[loop.counter, default: [:]][root] = use
    }
    noteRow(of: root, isDirect ? view : nil, byteCount, loops)
  }

  private mutating func noteRow(
    of root: BufferID, _ view: Buffer.View?, _ byteCount: Int, _ loops: [StepLoop]
  ) {
    guard let view, let loop = loops.first(where: { $0.counter == view.strides[0].counter }),
      case .count(let count) = loop.trips, count > 1
    else {
      others.insert(root)
      return
    }
    let stride = view.strides[0].byteCount
    guard stride > 0, stride * count == program.buffers[root.index].type.byteCount,
      view.offset >= 0, view.offset % stride + byteCount <= stride,
      rowCounts[root] ?? count == count
    else {
      others.insert(root)
      return
    }
    rowCounts[root] = count
  }
}

/// Which stacks can stand where rows of others were, and where.
private struct StackTrails {
  private(set) var found: [BufferID: Buffer.Trail] = [:]
  private let program: LoopProgram
  private let rows: StackRows
  /// Where each stack that trails, or is trailed, starts, and beside which one.
  private var places: [BufferID: Buffer.Trail] = [:]

  init(_ program: LoopProgram) {
    self.program = program
    rows = StackRows(program)
    for (positions, loop) in rows.loops { find(in: loop, at: positions) }
    found = places.filter { $0.key != $0.value.leader }
  }

  /// Whether sizes are near enough for one to stand in the memory of the other.
  static func areAlike(_ first: Int, _ second: Int) -> Bool {
    min(first, second) > 0 && max(first, second) <= min(first, second) / 4 * 5
  }

  /// Less is not worth it.
  private static let leastGain = 4096

  private func byteCount(_ buffer: BufferID) -> Int {
    program.buffers[buffer.index].type.byteCount
  }

  private mutating func find(in loop: StepLoop, at positions: ClosedRange<Int>) {
    guard case .count(let count) = loop.trips, count > 1, let uses = rows.uses[loop.counter]
    else { return }
    let inRows = rows.stacks.filter { (uses[$0]?.stride ?? 0) > 0 }
    let readers = inRows.filter { stack in
      uses[stack]?.isWritten == false && rows.lives[stack]?.upperBound == positions.upperBound
    }
    for writer in inRows.sorted(by: { (byteCount($1), $0) < (byteCount($0), $1) }) {
      guard let written = uses[writer], written.isWritten, places[writer] == nil,
        rows.lives[writer]?.lowerBound == positions.lowerBound
      else { continue }
      for reader in readers where Self.areAlike(byteCount(reader), byteCount(writer)) {
        guard let read = uses[reader] else { continue }
        let distance = distance(from: read, to: written, count, isReversed: loop.isReversed)
        if place(writer, distance, from: reader) { break }
      }
    }
  }

  /// How many bytes behind the start of what is read what is written starts at least, so that no row is
  /// written before it is read for the last time: before it, where the loop counts upwards.
  private func distance(
    from read: StackRows.Use, to written: StackRows.Use, _ count: Int, isReversed: Bool
  ) -> Int {
    let distances = [0, count - 1].map { index in
      let moved = ((read.stride ?? 0) - (written.stride ?? 0)) * index
      return isReversed
        ? read.bytes.upperBound - written.bytes.lowerBound + moved
        : read.bytes.lowerBound - written.bytes.upperBound + moved
    }
    let unit = LoopProgram.alignment
    let (least, most) = (distances.min() ?? 0, distances.max() ?? 0)
    // Rounded away from what is read.
    return isReversed ? -(-most).roundedDown(to: unit) : least.roundedDown(to: unit)
  }

  /// Puts a stack so many bytes behind the start of another one; false where what stands there is in
  /// use, or nothing is gained.
  private mutating func place(
    _ stack: BufferID, _ distance: Int, from other: BufferID
  ) -> Bool {
    let known = places[other] ?? Buffer.Trail(leader: other, offset: 0)
    let offset = known.offset + distance
    let bytes = offset..<(offset + byteCount(stack))
    let near = known.offset..<(known.offset + byteCount(other))
    let span = max(bytes.upperBound, near.upperBound) - min(bytes.lowerBound, near.lowerBound)
    guard byteCount(stack) + byteCount(other) - span >= Self.leastGain,
      let life = rows.lives[stack]
    else { return false }
    for (third, place) in places where place.leader == known.leader && third != other {
      let taken = place.offset..<(place.offset + byteCount(third))
      if taken.overlaps(bytes), rows.lives[third]?.overlaps(life) != false { return false }
    }
    places[other] = known
    places[stack] = Buffer.Trail(leader: known.leader, offset: offset)
    return true
  }
}

extension Int {
  /// The greatest multiple of a number that is not more.
  fileprivate func roundedDown(to unit: Int) -> Int {
    let rest = self % unit
    return self - (rest < 0 ? rest + unit : rest)
  }
}
