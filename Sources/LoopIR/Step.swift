/// A counter of a loop of steps, by its number in the program.
package struct CounterID: Hashable, Sendable, Comparable {
  package var index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (left: CounterID, right: CounterID) -> Bool { left.index < right.index }
  package func _rawHashValue(seed: Int) -> Int { index.scattered(by: seed) }
}

/// One step of a program.
package indirect enum Step: Sendable, Hashable {
  /// Runs a kernel, by its place in the program's kernel table.
  case kernel(Int)
  /// Repeats steps.
  case loop(StepLoop)
  /// Takes one of several ways.
  case branch(StepBranch)
  /// Calls a C function.
  case call(StepCall)
}

/// A repetition of steps.
///
/// Before each iteration every carry's `current` buffer has its value: first what is there when the
/// loop is reached, then what the iteration before left in `next`. After the loop `current` has the
/// final value.
package struct StepLoop: Sendable, Hashable {
  /// How often the steps are repeated.
  package enum Trips: Sendable, Hashable {
    /// A fixed number of times.
    case count(Int)
    /// As long as a scalar boolean, which the steps make anew before each iteration, holds.
    case condition([Step], BufferID)
  }

  /// Counts the iterations from zero, or down to zero where the loop is reversed.
  package var counter: CounterID
  package var trips: Trips
  /// Whether the counter goes down from one below the trip count.
  package var isReversed = false
  /// A scalar of 64 bits that holds the counter for kernels to read; nil where none does.
  package var index: BufferID?
  package var carries: [StepCarry] = []
  /// Whether threads take the whole loop in blocks of lanes, each all iterations by itself, instead of
  /// sharing each kernel. The kernels of the body then have as many blocks, of the same lanes.
  package var isShared = false
  package var body: [Step] = []

  package init(_ counter: CounterID, _ trips: Trips) {
    self.counter = counter
    self.trips = trips
  }
}

/// A value that a loop of steps hands from each iteration to the next.
///
/// Where both buffers stand in one memory the value is updated in place. Where both are rows of one
/// stack, which move with the loop's counter, the next value is where the next iteration finds it; steps
/// beside the loop then read and write the first and the last row. Else the two pieces of memory are
/// exchanged after each iteration, by their addresses.
package struct StepCarry: Sendable, Hashable {
  package var current: BufferID
  package var next: BufferID

  package init(_ current: BufferID, next: BufferID) {
    self.current = current
    self.next = next
  }
}

/// A choice between steps.
package struct StepBranch: Sendable, Hashable {
  /// A scalar: a boolean that chooses the first way where it holds and else the second, or an integer
  /// that numbers the way, where one out of range takes the last.
  package var selector: BufferID
  package var ways: [[Step]]

  package init(_ selector: BufferID, _ ways: [[Step]]) {
    self.selector = selector
    self.ways = ways
  }
}

extension Step {
  /// Whether the step is one kernel.
  package var isKernel: Bool { if case .kernel = self { true } else { false } }

  /// Whether the step is a loop.
  package var isLoop: Bool { if case .loop = self { true } else { false } }

  /// The steps inside, list by list, in order.
  package var lists: [[Step]] {
    switch self {
    case .kernel, .call: []
    case .loop(let loop):
      switch loop.trips {
      case .count: [loop.body]
      case .condition(let test, _): [test, loop.body]
      }
    case .branch(let branch): branch.ways
    }
  }

  /// The step with the lists of steps inside replaced.
  package func mappingLists(_ transform: ([Step]) throws -> [Step]) rethrows -> Step {
    switch self {
    case .kernel, .call: return self
    case .loop(var loop):
      if case .condition(let test, let buffer) = loop.trips {
        loop.trips = .condition(try transform(test), buffer)
      }
      loop.body = try transform(loop.body)
      return .loop(loop)
    case .branch(var branch):
      branch.ways = try branch.ways.map(transform)
      return .branch(branch)
    }
  }

  /// The buffers that the step itself, not a kernel, reads or hands on.
  package var ownBuffers: [BufferID] {
    switch self {
    case .kernel: return []
    case .loop(let loop):
      var buffers = loop.carries.flatMap { [$0.current, $0.next] }
      if let index = loop.index { buffers.append(index) }
      if case .condition(_, let condition) = loop.trips { buffers.append(condition) }
      return buffers
    case .branch(let branch): return [branch.selector]
    case .call(let call): return call.inputs + call.outputs
    }
  }

  /// The step with its own buffers replaced, without those of steps inside.
  package func mappingOwnBuffers(_ transform: (BufferID) -> BufferID) -> Step {
    switch self {
    case .kernel: return self
    case .loop(var loop):
      loop.carries = loop.carries.map {
        StepCarry(transform($0.current), next: transform($0.next))
      }
      loop.index = loop.index.map(transform)
      if case .condition(let test, let condition) = loop.trips {
        loop.trips = .condition(test, transform(condition))
      }
      return .loop(loop)
    case .branch(var branch):
      branch.selector = transform(branch.selector)
      return .branch(branch)
    case .call(let call): return .call(call.mappingBuffers(transform))
    }
  }
}

extension [Step] {
  /// Calls `body` with every step in order, loops and branches before what they hold.
  package func forEachStep(_ body: (Step) throws -> Void) rethrows {
    for step in self {
      try body(step)
      for list in step.lists { try list.forEachStep(body) }
    }
  }

  /// The steps with the buffers of loops and branches replaced.
  package func mappingBuffers(_ transform: (BufferID) -> BufferID) -> [Step] {
    map { $0.mappingOwnBuffers(transform).mappingLists { $0.mappingBuffers(transform) } }
  }

  /// The kernels in the order of the tree.
  package var kernelNumbers: [Int] {
    var numbers = [Int]()
    forEachStep { if case .kernel(let number) = $0 { numbers.append(number) } }
    return numbers
  }

  /// The steps with each kernel replaced by another, or by none; loops and branches stay.
  package func mappingKernels(_ transform: (Int) -> Int?) -> [Step] {
    compactMap { step in
      if case .kernel(let number) = step { return transform(number).map { .kernel($0) } }
      return step.mappingLists { $0.mappingKernels(transform) }
    }
  }
}
