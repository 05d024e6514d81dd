internal import LoopIR

extension LoopProgram {
  /// Lets the next value of each carry that can take the place of the current one, so that a step
  /// costs what it changes, not what it keeps.
  ///
  /// That is where every use of the current value in the loop comes before the first of the next one,
  /// after kernels that write next values have waited for those that read current ones; or where
  /// kernels replace the one by the other element by element.
  ///
  /// - Parameter answers: what is known of equal kernels.
  /// - Returns: The buffers that stand in another's memory, and that other one.
  mutating func carriesInPlace(knowing answers: ReplacementAnswers) -> [BufferID: BufferID] {
    var homes: [BufferID: BufferID] = [:]
    steps = steps.mappingLoops { loop in
      guard loop.carries.contains(where: { $0.current != $0.next }) else { return }
      var uses = loop.body.map { buffersUsed(by: $0) }
      for carry in loop.carries where carry.current != carry.next {
        guard let body = postponed(carry.next, behind: carry.current, in: loop.body, uses) else {
          continue
        }
        loop.body = body
        uses = body.map { buffersUsed(by: $0) }
      }
      for carry in loop.carries where isReplaceable(carry, in: loop, homes, uses, answers) {
        homes[carry.next] = carry.current
      }
      for carry in loop.carries where homes[carry.next] == carry.current {
        for buffer in intermediates(of: carry, in: loop, homes, uses, answers) {
          homes[buffer] = carry.current
        }
      }
    }
    return homes
  }

  private func isReplaceable(
    _ carry: StepCarry, in loop: StepLoop, _ homes: [BufferID: BufferID],
    _ uses: [Set<BufferID>], _ answers: ReplacementAnswers
  ) -> Bool {
    let (old, new) = (carry.current, carry.next)
    guard old != new, [old, new].allSatisfy({ isArena($0) && homes[$0] == nil }),
      !homes.values.contains(new),
      loop.carries.count(where: { $0.next == new }) == 1,
      buffers[old.index].type == buffers[new.index].type
    else { return false }
    return comesFirst(old, before: new, in: loop.body, uses, answers)
  }

  /// What a carry is before it is the next value in its memory, and so can be there, too: all that is
  /// made of the current value by kernels that replace it, and replaced so itself.
  ///
  ///     Before:  repeat a <- c { b = a; b[0] = x; c = b + y }
  ///     After:   the same with b in the memory of a
  private func intermediates(
    of carry: StepCarry, in loop: StepLoop, _ homes: [BufferID: BufferID],
    _ uses: [Set<BufferID>], _ answers: ReplacementAnswers
  ) -> [BufferID] {
    var carried = Set<BufferID>()
    [Step.loop(loop)].forEachStep { step in
      guard case .loop(let loop) = step else { return }
      for carry in loop.carries { carried.formUnion([carry.current, carry.next]) }
    }
    var chain = [carry.current]
    while let last = uses.lastIndex(where: { $0.contains(chain[chain.count - 1]) }),
      case .kernel(let number) = loop.body[last],
      let heir = kernels[number].writtenBuffers.sorted().first(where: { buffer in
        isArena(buffer) && homes[buffer] == nil && !carried.contains(buffer)
          && !chain.contains(buffer)
          && buffers[buffer.index].type == buffers[carry.current.index].type
          && chain.allSatisfy { comesFirst($0, before: buffer, in: loop.body, uses, answers) }
          && comesFirst(buffer, before: carry.next, in: loop.body, uses, answers)
      })
    { chain.append(heir) }
    return Array(chain.dropFirst())
  }

  /// Whether every use of one buffer comes before every use of another in a list of steps, or both
  /// meet in kernels that replace the one by the other element by element, a part of it each.
  ///
  /// - Parameter uses: what each step uses.
  private func comesFirst(
    _ old: BufferID, before new: BufferID, in steps: [Step], _ uses: [Set<BufferID>],
    _ answers: ReplacementAnswers
  ) -> Bool {
    guard let first = uses.firstIndex(where: { $0.contains(new) }),
      let last = uses.lastIndex(where: { $0.contains(old) })
    else { return true }
    if last < first { return true }
    if last > first {
      let meeting = (first...last).filter { uses[$0].contains(old) || uses[$0].contains(new) }
      return mayMeet(old, new, in: meeting.map { steps[$0] }, answers)
        && steps[first...last].allSatisfy { $0.isKernel }
    }
    switch steps[first] {
    case .kernel(let number):
      return mayReplace(old, with: new, in: kernels[number], answers)
    case .loop, .call: return false
    case .branch(let branch):
      return branch.ways.allSatisfy { way in
        comesFirst(old, before: new, in: way, way.map { buffersUsed(by: $0) }, answers)
      }
    }
  }

  /// Whether a kernel may replace a buffer by another one, and does not wait for its own stores then.
  private func mayReplace(
    _ old: BufferID, with new: BufferID, in kernel: Kernel, _ answers: ReplacementAnswers
  ) -> Bool {
    var asker = answers.asker(kernel, in: self)
    return asker.mayReplace(old, with: new)
      && (!kernel.storesReachNextRow(of: new) || !kernel.reads(old, besidesCopiesTo: new))
  }

  /// Whether kernels one behind the other may replace a buffer by another one, each an own part: none
  /// touches what of the old one kernels before it have overwritten.
  ///
  ///     k1: new[0,j] = old[0,j]
  ///     k2: new[i+1,j] = old[i+1,j] + x[i+1,j]
  private func mayMeet(
    _ old: BufferID, _ new: BufferID, in steps: [Step], _ answers: ReplacementAnswers
  ) -> Bool {
    guard steps.count <= DependenceAnalysis.meetingLimit else { return false }
    var writers: [(analysis: DependenceAnalysis, slot: Int)] = []
    for step in steps {
      guard case .kernel(let number) = step else { return false }
      let kernel = kernels[number]
      let slots = [old, new].map { kernel.slots.firstIndex(of: $0) }
      // Parts of buffers are not looked at.
      for (buffer, slot) in zip([old, new], slots) where slot == nil {
        if buffersUsed(by: step).contains(buffer) { return false }
      }
      let analysis = DependenceAnalysis(kernel, in: self)
      if let slot = slots[0] {
        guard writers.allSatisfy({ analysis.isApart(slot, from: $0.slot, of: $0.analysis) }) else {
          return false
        }
        guard mayReplace(old, with: new, in: kernel, answers) else { return false }
      }
      if let slot = slots[1], kernel.writtenBuffers.contains(new) {
        writers.append((analysis, slot))
      }
    }
    return true
  }

  /// The buffers that a step and the steps in it use, with what views are parts of.
  func buffersUsed(by step: Step) -> Set<BufferID> {
    var used = Set<BufferID>()
    [step].forEachStep { step in
      var buffers = step.ownBuffers
      if case .kernel(let number) = step { buffers += kernels[number].slots }
      for buffer in buffers { used.formUnion([buffer, root(of: buffer)]) }
    }
    return used
  }

  /// The buffers that a step and the steps in it write, with what views are parts of.
  func buffersWritten(by step: Step) -> Set<BufferID> {
    var written = Set<BufferID>()
    [step].forEachStep { step in
      switch step {
      case .kernel(let number):
        for buffer in kernels[number].writtenBuffers {
          written.formUnion([buffer, root(of: buffer)])
        }
      case .loop, .branch: written.formUnion(step.ownBuffers)
      case .call(let call):
        for buffer in call.outputs { written.formUnion([buffer, root(of: buffer)]) }
      }
    }
    return written
  }

  /// The steps with those that make a buffer, and all that need it, behind the last other step that
  /// uses another buffer; nil where they stay.
  ///
  /// - Parameter used: what each step uses.
  private func postponed(
    _ new: BufferID, behind old: BufferID, in steps: [Step], _ used: [Set<BufferID>]
  ) -> [Step]? {
    guard let first = used.firstIndex(where: { $0.contains(new) }),
      let last = used.lastIndex(where: { $0.contains(old) }), first < last
    else { return nil }
    var written = buffersWritten(by: steps[first])
    var needed = used[first]
    var waiting = [first]
    for position in (first + 1)...last {
      let writes = buffersWritten(by: steps[position])
      guard !used[position].isDisjoint(with: written) || !writes.isDisjoint(with: needed) else {
        continue
      }
      // What needs the new value and the old one cannot come both before and after.
      if used[position].contains(old) { return nil }
      waiting.append(position)
      written.formUnion(writes)
      needed.formUnion(used[position])
    }
    let others = (first...last).filter { !waiting.contains($0) }
    return Array(steps[..<first]) + (others + waiting).map { steps[$0] }
      + Array(steps[(last + 1)...])
  }
}

extension Kernel {
  /// Whether something but copies to the same place of another buffer reads a buffer.
  fileprivate func reads(_ old: BufferID, besidesCopiesTo new: BufferID) -> Bool {
    var rest = self
    _ = rest.dropCopies { $0 == old && $1 == new }
    return rest.body.accesses.contains { access in
      guard case .slot(let slot) = access.memory else { return false }
      return rest.slots[slot] == old && access.isRead
    }
  }
}

extension [Step] {
  /// The steps with every loop changed, inner loops before those around.
  func mappingLoops(_ change: (inout StepLoop) -> Void) -> [Step] {
    map { step in
      let inner = step.mappingLists { $0.mappingLoops(change) }
      guard case .loop(var loop) = inner else { return inner }
      change(&loop)
      return .loop(loop)
    }
  }
}
