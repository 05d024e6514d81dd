internal import TensorIR

/// What of each piece of memory belongs to which lane of a loop of steps.
///
/// Memory is rows of `lanes` places, one for each lane, of `laneByteCount` bytes each; a lane owns its
/// place in every row.
private struct LaneLayouts {
  let lanes: Int
  private var laneByteCounts: [BufferID: Int] = [:]

  init(lanes: Int) { self.lanes = lanes }

  /// Notes that a lane's place in some memory has so many bytes; false where it has others.
  mutating func note(_ laneByteCount: Int, of memory: BufferID) -> Bool {
    if let known = laneByteCounts[memory] { return known == laneByteCount }
    laneByteCounts[memory] = laneByteCount
    return true
  }

  /// Whether the places in two pieces of memory have the same bytes, as far as anything is known.
  func agree(_ left: BufferID, _ right: BufferID) -> Bool {
    guard let left = laneByteCounts[left], let right = laneByteCounts[right] else { return true }
    return left == right
  }
}

extension LoopProgram {
  /// Whether lanes of a loop of steps may go through all its iterations by themselves, at any time: each
  /// reads of what the loop writes only what it wrote itself.
  ///
  /// Such a loop is shared by threads as a whole, each of which takes blocks of lanes through all
  /// iterations (batch outside, time inside).
  ///
  /// - Parameter lanes: a number of which the rows of each kernel are a multiple.
  package func mayShareLanes(of loop: StepLoop, lanes: Int) -> Permission {
    guard case .count = loop.trips, lanes > 1 else { return .refused(.shape) }
    var numbers = [Int]()
    for step in loop.body {
      guard case .kernel(let number) = step else { return .refused(.shape) }
      numbers.append(number)
    }
    var written = Set(numbers.flatMap { kernels[$0].writtenBuffers.map { memory(of: $0) } })
    for carry in loop.carries {
      // What one iteration writes the next one finds in the other memory.
      let pair = [memory(of: carry.current), memory(of: carry.next)]
      if !written.isDisjoint(with: pair) { written.formUnion(pair) }
    }
    var layouts = LaneLayouts(lanes: lanes)
    for number in numbers {
      let permission = notePlaces(of: kernels[number], written, in: &layouts)
      guard permission.isGranted else { return permission }
    }
    for carry in loop.carries where isExchanged(carry) {
      guard layouts.agree(memory(of: carry.current), memory(of: carry.next)) else {
        return .refused(.carry)
      }
    }
    if let index = loop.index, written.contains(memory(of: index)) { return .refused(.carry) }
    return .granted
  }

  /// The memory that a buffer stands in, or is part of; that of the buffer which it trails.
  private func memory(of buffer: BufferID) -> BufferID { trailed(by: buffer).memory }

  /// The memory of a buffer, and how far behind the next one each starts of those that trail another.
  private func trailed(by buffer: BufferID) -> (memory: BufferID, offsets: [Int]) {
    var (memory, offsets) = (home(of: root(of: buffer)), [Int]())
    while let trail = buffers[memory.index].trail {
      memory = home(of: root(of: trail.leader))
      offsets.append(trail.offset)
    }
    return (memory, offsets)
  }

  /// Notes which places the rows of a kernel own of memory that the loop writes.
  private func notePlaces(
    of kernel: Kernel, _ written: Set<BufferID>, in layouts: inout LaneLayouts
  ) -> Permission {
    guard let steps = kernel.rowSteps, !kernel.hasUnboundedLoops else { return .refused(.shape) }
    let analysis = DependenceAnalysis(kernel, in: self)
    for node in kernel.rowNodes {
      guard case .define = node, case .slot(let slot)? = node.access?.memory,
        written.contains(memory(of: kernel.slots[slot]))
      else { continue }
      return .refused(.meeting(.slot(slot)))
    }
    for (row, node) in steps {
      guard kernel.variables[row.index].extent % layouts.lanes == 0 else {
        return .refused(.shape)
      }
      for access in [node].accesses {
        guard case .slot(let slot) = access.memory else { continue }
        let buffer = kernel.slots[slot]
        let memory = memory(of: buffer)
        guard written.contains(memory) else { continue }
        guard let place = place(of: access, row, analysis, lanes: layouts.lanes),
          isAtRow(buffer, of: place * layouts.lanes), layouts.note(place, of: memory)
        else { return .refused(.meeting(access.memory)) }
      }
    }
    return .granted
  }

  /// The bytes of a lane's place in the memory that an access touches only at its own lane; nil where it
  /// may touch another's.
  private func place(
    of access: Access, _ row: VariableID, _ analysis: DependenceAnalysis, lanes: Int
  ) -> Int? {
    let kernel = analysis.kernel
    guard case .slot(let slot) = access.memory,
      let stride = access.address.coefficient(of: row), stride > 0
    else { return nil }
    let element = buffers[kernel.slots[slot].index].type.element.byteCount
    let rowsOfLane = kernel.variables[row.index].extent / lanes
    let whole = stride * rowsOfLane * lanes
    // Without the row and whole rows of lanes, what is left stays below the stride.
    var rest = access.address.constant % whole
    guard rest >= 0 else { return nil }
    for term in access.address.terms {
      guard case .variable(let variable) = term.atom else { return nil }
      if variable == row || term.coefficient % whole == 0 { continue }
      guard term.coefficient > 0 else { return nil }
      rest += term.coefficient * (kernel.variables[variable.index].extent - 1)
    }
    return rest < stride ? stride * rowsOfLane * element : nil
  }

  /// Whether a buffer starts at the start of a row of so many bytes of its memory, in all iterations.
  private func isAtRow(_ buffer: BufferID, of byteCount: Int) -> Bool {
    guard trailed(by: buffer).offsets.allSatisfy({ $0 % byteCount == 0 }) else { return false }
    return ([buffer] + bases(of: buffer)).allSatisfy { part in
      guard let view = buffers[part.index].view else { return true }
      return view.offset % byteCount == 0
        && view.strides.allSatisfy { $0.byteCount % byteCount == 0 }
    }
  }
}

extension LoopProgram {
  /// The lanes that the kernels of a loop of steps have in common: the fewest rows of one.
  package func commonLanes(of loop: StepLoop) -> Int? {
    let rows = loop.body.map { step -> Int? in
      guard case .kernel(let number) = step, let steps = kernels[number].rowSteps else {
        return nil
      }
      let extents = Set(steps.map { kernels[number].variables[$0.row.index].extent })
      return extents.count == 1 ? extents.first : nil
    }
    let known = rows.compactMap { $0 }
    return known.count == rows.count ? known.min() : nil
  }

  /// In how many blocks of lanes threads take a loop, as its kernels' blocks say; nil where threads share
  /// each kernel.
  package func sharedBlocks(of loop: StepLoop) -> Int? {
    guard loop.isShared, case .kernel(let number)? = loop.body.first else { return nil }
    return kernels[number].rowBlock?.count
  }

  /// Whether a loop of steps that says so may be shared by threads as a whole, in blocks of the same
  /// lanes for each kernel.
  func verifySharing(of loop: StepLoop) -> Bool {
    guard loop.isShared else { return true }
    guard let lanes = commonLanes(of: loop), mayShareLanes(of: loop, lanes: lanes).isGranted else {
      return false
    }
    let blocks = loop.body.map { step -> (count: Int, lanes: Int)? in
      guard case .kernel(let number) = step, let block = kernels[number].rowBlock,
        let row = kernels[number].rowSteps?.first?.row
      else { return nil }
      let rowsOfLane = kernels[number].variables[row.index].extent / lanes
      return block.rows % rowsOfLane == 0 ? (block.count, block.rows / rowsOfLane) : nil
    }
    guard let first = blocks.first ?? nil else { return false }
    return blocks.allSatisfy { $0?.count == first.count && $0?.lanes == first.lanes }
  }
}

extension Kernel {
  /// What a kernel, or each of its blocks, does in order.
  package var rowNodes: [Node] {
    guard case .loop(let outer)? = body.last, outer.schedule == .parallel else { return body }
    return body.dropLast() + outer.body
  }

  /// The loops and products that a kernel, or each of its blocks, goes through, with their rows; nil
  /// where it does something else than define scalars besides, or sums up over rows.
  package var rowSteps: [(row: VariableID, node: Node)]? {
    var steps: [(VariableID, Node)] = []
    for node in rowNodes {
      switch node {
      case .define: break
      case .loop(let loop):
        guard loop.accumulators.isEmpty, loop.carries.isEmpty else { return nil }
        steps.append((loop.variable, node))
      case .contract(let contract): steps.append((contract.row, node))
      case .store, .accumulate: return nil
      }
    }
    return steps.isEmpty ? nil : steps
  }

  /// How many blocks the kernel is cut into, and the rows of each, where these are those of all steps.
  package var rowBlock: (count: Int, rows: Int)? {
    guard case .loop(let outer)? = body.last, outer.schedule == .parallel else { return nil }
    var sizes = Set<Int>()
    for node in outer.body {
      switch node {
      case .define: break
      case .loop(let loop):
        guard case .block(outer.variable, let size) = loop.range else { return nil }
        sizes.insert(size)
      case .contract(let contract):
        guard let block = contract.block, block.variable == outer.variable,
          block.columns >= variables[contract.column.index].extent
        else { return nil }
        sizes.insert(block.rows)
      case .store, .accumulate: return nil
      }
    }
    guard sizes.count == 1, let size = sizes.first else { return nil }
    return (variables[outer.variable.index].extent, size)
  }
}
