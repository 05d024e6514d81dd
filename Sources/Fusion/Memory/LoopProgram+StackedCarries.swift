internal import LoopIR
internal import TensorIR

extension LoopProgram {
  /// Lets carries that are also stacked stand in the stack: the next value is written straight into its
  /// row, and the next iteration reads it there, so that nothing is copied.
  ///
  /// The stack has one row more than the loop has iterations, for the value that the carry starts from
  /// or for the last one.
  ///
  ///     Before:  repeat s in 0..<100, h <-> n { k1 (h) -> (n)   k2 (h) -> (v at 64·s bytes) }
  ///     After:   repeat s in 0..<100, h -> n { k1 (h) -> (n) }
  ///              where h is at 64·s bytes and n at 64 + 64·s bytes of the stack
  ///
  /// - Parameter accept: Whether a change may be made, given what it is.
  mutating func carryInStacks(_ accept: (String) -> Bool) {
    var dropped = Set<Int>()
    for number in kernels.indices {
      guard !dropped.contains(number), let copy = kernels[number].wholeCopy(in: self),
        buffers[copy.destination.index].view != nil, let stacking = CarryStack(copy, of: self),
        accept(
          "\(buffers[stacking.carry.current.index].name) stands in "
            + stacking.stacks.map { buffers[$0.buffer.index].name }.joined(separator: " and "))
      else { continue }
      apply(stacking)
      dropped.formUnion(stacking.stacks.map(\.kernel))
    }
    guard !dropped.isEmpty else { return }
    for number in dropped { kernels[number].body = [] }
    removeKernels { $0.body.isEmpty }
  }

  private mutating func apply(_ stacking: CarryStack) {
    let carry = stacking.carry
    let rowBytes = buffers[carry.current.index].type.byteCount
    let rowType = buffers[carry.current.index].type
    let (forward, count) = (!stacking.loop.isReversed, stacking.count)
    guard let base = stacking.stacks.map(\.buffer).min() else { return }
    let strides = [Buffer.Stride(stacking.loop.counter, byteCount: rowBytes)]
    func place(_ offset: Int, moves: Bool = false) -> Buffer.Storage {
      .view(Buffer.View(of: base, offset: offset, strides: moves ? strides : []))
    }
    /// Where the rows of current and of next values start.
    let starts = forward ? (current: 0, next: rowBytes) : (current: rowBytes, next: 0)
    var offsets: [BufferID: Int] = [:]
    for stack in stacking.stacks {
      offsets[stack.buffer] = stack.isOfNext ? starts.next : starts.current
    }
    // Parts of the stacks are parts of the one that holds all.
    for position in buffers.indices {
      guard case .view(var view) = buffers[position].storage, let offset = offsets[view.base]
      else { continue }
      view.base = base
      view.offset += offset
      buffers[position].storage = .view(view)
    }
    let whole = buffers[base.index]
    var names: [BufferID: BufferID] = [:]
    for stack in stacking.stacks {
      let storage = place(offsets[stack.buffer] ?? 0)
      if stack.buffer == base {
        names[base] = addBuffer(whole.name + "r", whole.type, storage)
      } else {
        buffers[stack.buffer.index].storage = storage
      }
    }
    buffers[base.index].type = TensorType([count + 1] + rowType.shape, rowType.element)
    replace(names, in: kernels.indices.filter { _ in true })
    steps = steps.mappingBuffers { names[$0] ?? $0 }
    // Around the loop the carry has places of its own.
    let name = buffers[carry.current.index].name
    let first = addBuffer(name + "s", rowType, place(forward ? 0 : count * rowBytes))
    let last = addBuffer(name + "e", rowType, place(forward ? count * rowBytes : 0))
    replace([carry.current: first], in: stacking.before)
    replace([carry.current: last], in: stacking.after)
    buffers[carry.current.index].storage = place(starts.current, moves: true)
    buffers[carry.next.index].storage = place(starts.next, moves: true)
  }

  private mutating func addBuffer(
    _ name: String, _ type: TensorType, _ storage: Buffer.Storage
  ) -> BufferID {
    buffers.append(Buffer(name: name, type: type, storage: storage))
    return BufferID(buffers.count - 1)
  }

  private mutating func replace(_ names: [BufferID: BufferID], in numbers: [Int]) {
    for number in numbers {
      kernels[number].slots = kernels[number].slots.map { names[$0] ?? $0 }
    }
  }
}

/// A carry of a loop of steps that can stand in the rows of stacks it is copied to.
private struct CarryStack {
  /// A stack, and the kernel that copies a row into it.
  struct Stack {
    var buffer: BufferID
    var kernel: Int
    /// Whether rows are next values rather than current ones.
    var isOfNext: Bool
  }

  var loop: StepLoop
  var carry: StepCarry
  /// How many iterations there are.
  var count: Int
  /// At most one of current and one of next values.
  var stacks: [Stack] = []
  /// The kernels outside the loop that use the carry, before and behind it.
  var before: [Int] = []
  var after: [Int] = []

  /// The carry and the stacks that a copy is about; nil where it has to stay.
  init?(_ copy: (source: BufferID, destination: BufferID), of program: LoopProgram) {
    guard let (loop, carry) = Self.loop(of: copy.source, in: program.steps),
      case .count(let count) = loop.trips, count > 1, carry.current != carry.next
    else { return nil }
    (self.loop, self.carry, self.count) = (loop, carry, count)
    guard isPlain(in: program), findStacks(in: program), findUses(in: program) else { return nil }
  }

  /// The loop that carries a value, by its current or its next buffer.
  private static func loop(
    of buffer: BufferID, in steps: [Step]
  ) -> (StepLoop, StepCarry)? {
    var found: (StepLoop, StepCarry)?
    steps.forEachStep { step in
      guard found == nil, case .loop(let loop) = step else { return }
      for carry in loop.carries where carry.current == buffer || carry.next == buffer {
        found = (loop, carry)
      }
    }
    return found
  }

  /// Whether both values have memory of their own, which nothing but the loop's steps uses in it.
  private func isPlain(in program: LoopProgram) -> Bool {
    let both = [carry.current, carry.next]
    let hasOwn = both.allSatisfy { program.isArena($0) && program.buffers[$0.index].home == nil }
    let types = both.map { program.buffers[$0.index].type }
    guard hasOwn, types[0].element == types[1].element, types[0].shape == types[1].shape,
      types[0].count > 0,
      !program.buffers.contains(where: { buffer in
        buffer.view.map { both.contains($0.base) } ?? false
      })
    else { return false }
    // The current value stays as it is for the whole iteration, and no inner step carries either.
    var isKept = true
    loop.body.forEachStep { step in
      if case .kernel(let number) = step {
        isKept = isKept && !program.kernels[number].writtenBuffers.contains(carry.current)
      } else {
        isKept = isKept && step.ownBuffers.allSatisfy { !both.contains($0) }
      }
    }
    var owners = 0
    program.steps.forEachStep { step in
      if step.ownBuffers.contains(where: both.contains) { owners += 1 }
    }
    return isKept && owners == 1 && loop.carries.count { both.contains($0.next) } == 1
      && loop.carries.count { both.contains($0.current) } == 1
  }

  /// Finds the copies of the loop's own body.
  private mutating func findStacks(in program: LoopProgram) -> Bool {
    for case .kernel(let number) in loop.body {
      guard let copy = program.kernels[number].wholeCopy(in: program),
        copy.source == carry.current || copy.source == carry.next
      else { continue }
      let isOfNext = copy.source == carry.next
      guard !stacks.contains(where: { $0.isOfNext == isOfNext }),
        let view = program.buffers[copy.destination.index].view,
        isStack(view, copy.destination, of: program)
      else { continue }
      stacks.append(Stack(buffer: view.base, kernel: number, isOfNext: isOfNext))
    }
    guard let base = stacks.map(\.buffer).min(), Set(stacks.map(\.buffer)).count == stacks.count
    else { return false }
    return carry.current > base && carry.next > base
  }

  /// Whether a view is the loop's row of a stack in the arena that nothing else in the loop, or before
  /// it, uses.
  private func isStack(
    _ view: Buffer.View, _ row: BufferID, of program: LoopProgram
  ) -> Bool {
    let rowType = program.buffers[carry.current.index].type
    let stack = program.buffers[view.base.index]
    guard case .arena = stack.storage, stack.home == nil, stack.type.element == rowType.element,
      stack.type.byteCount == count * rowType.byteCount, view.offset == 0,
      view.strides == [Buffer.Stride(loop.counter, byteCount: rowType.byteCount)]
    else { return false }
    var parts: Set<BufferID> = [view.base]
    for (position, buffer) in program.buffers.enumerated() {
      if let other = buffer.view, parts.contains(other.base) { parts.insert(BufferID(position)) }
    }
    // Uses in order: the copy into the row comes first, and the others behind the loop.
    var uses = 0
    var isInside = false
    var isFree = true
    func visit(_ steps: [Step]) {
      for step in steps {
        if step.ownBuffers.contains(where: parts.contains) {
          if uses == 0 || isInside { isFree = false }
        }
        if case .kernel(let number) = step {
          let slots = program.kernels[number].slots.filter(parts.contains)
          if !slots.isEmpty {
            if isInside ? uses > 0 || slots != [row] : uses == 0 { isFree = false }
            uses += 1
            let isWritten = program.kernels[number].writtenBuffers.contains(where: parts.contains)
            if !isInside, isWritten { isFree = false }
          }
        }
        var isOwn = false
        if case .loop(let other) = step, other.counter == loop.counter { isOwn = true }
        if isOwn { isInside = true }
        for list in step.lists { visit(list) }
        if isOwn { isInside = false }
      }
    }
    visit(program.steps)
    return isFree
  }

  /// Finds the kernels beside the loop that give the carry its first value and read its last one.
  private mutating func findUses(in program: LoopProgram) -> Bool {
    guard let siblings = Self.siblings(of: loop, in: program.steps),
      let place = siblings.firstIndex(where: { Self.isLoop($0, loop.counter) })
    else { return false }
    for (position, step) in siblings.enumerated() where position != place {
      guard case .kernel(let number) = step,
        program.kernels[number].slots.contains(carry.current)
      else { continue }
      if position < place { before.append(number) } else { after.append(number) }
    }
    let inside = Set(loop.body.kernelNumbers)
    let known = Set(before + after)
    for (number, kernel) in program.kernels.enumerated() where !inside.contains(number) {
      if kernel.slots.contains(carry.next) { return false }
      if kernel.slots.contains(carry.current), !known.contains(number) { return false }
    }
    // What comes before only writes, what comes behind only reads.
    return before.count == 1
      && before.allSatisfy { !program.kernels[$0].readBuffers.contains(carry.current) }
      && after.allSatisfy { !program.kernels[$0].writtenBuffers.contains(carry.current) }
  }

  private static func isLoop(_ step: Step, _ counter: CounterID) -> Bool {
    if case .loop(let loop) = step { loop.counter == counter } else { false }
  }

  /// The list of steps that a loop is one of.
  private static func siblings(of loop: StepLoop, in steps: [Step]) -> [Step]? {
    if steps.contains(where: { isLoop($0, loop.counter) }) { return steps }
    for step in steps {
      for list in step.lists {
        if let found = siblings(of: loop, in: list) { return found }
      }
    }
    return nil
  }
}

extension Kernel {
  /// The buffers from one of which the kernel copies every element into the other, and does nothing
  /// else; nil where it does.
  fileprivate func wholeCopy(
    in program: LoopProgram
  ) -> (source: BufferID, destination: BufferID)? {
    var count = 1
    var nodes = body
    while nodes.count == 1, case .loop(let loop) = nodes[0] {
      guard loop.accumulators.isEmpty, loop.carries.isEmpty else { return nil }
      guard loop.range.isCounted else { return nil }
      // The loop over a block's elements counts all of them.
      if loop.schedule != .parallel { count *= variables[loop.variable.index].extent }
      nodes = loop.body
    }
    guard nodes.count == 2,
      case .define(let scalar, .load(.slot(let source), let address, nil)) = nodes[0],
      case .store(let store) = nodes[1], store.value == scalar, store.condition == nil,
      store.combining == nil, case .slot(let destination) = store.memory,
      store.address.hasSameTerms(as: address), source != destination
    else { return nil }
    let types = [source, destination].map { program.buffers[slots[$0].index].type }
    guard types.allSatisfy({ $0.count == count && $0.element == types[0].element }) else {
      return nil
    }
    return (slots[source], slots[destination])
  }
}
