package import TensorIR

/// A buffer of a program, by its place in the program's buffer table.
package struct BufferID: Hashable, Sendable, Comparable {
  package var index: Int

  @inlinable
  package init(_ index: Int) { self.index = index }

  @inlinable
  package static func == (left: BufferID, right: BufferID) -> Bool { left.index == right.index }

  @inlinable
  package static func < (left: BufferID, right: BufferID) -> Bool { left.index < right.index }

  @inlinable
  package func _rawHashValue(seed: Int) -> Int { index.scattered(by: seed) }
}

/// A tensor in memory, packed in row-major order.
package struct Buffer: Sendable, Hashable {
  /// Whose memory it is.
  package enum Storage: Sendable, Hashable {
    /// The caller's, by parameter; kernels write it only where a result stands in its memory.
    case argument(Int)
    /// The caller's, written, by result.
    case result(Int)
    /// The arena's, at a byte offset that the memory plan assigned.
    case arena(offset: Int)
    /// Part of the code.
    case constant(Literal)
    /// Part of another buffer.
    case view(View)
  }

  /// A contiguous part of another buffer, which moves with the counters of the loops around.
  package struct View: Sendable, Hashable {
    /// The buffer that the part is of; it may be a view itself.
    package var base: BufferID
    /// Where the part starts in the base where all counters are zero, in bytes.
    package var offset: Int
    /// How many bytes further it starts for each count of a counter.
    package var strides: [Stride]

    package init(of base: BufferID, offset: Int = 0, strides: [Stride] = []) {
      self.base = base
      self.offset = offset
      self.strides = strides
    }
  }

  /// What a view moves by with a counter.
  package struct Stride: Sendable, Hashable {
    package var counter: CounterID
    package var byteCount: Int

    package init(_ counter: CounterID, byteCount: Int) {
      self.counter = counter
      self.byteCount = byteCount
    }
  }

  /// The value of the function lowered that a buffer holds.
  package struct Origin: Sendable, Hashable {
    /// The value's index.
    package var value: Int
    /// The place of the operation that defines it.
    package var location: SourceLocation
    /// The name by which it is kept; empty for none.
    package var savedName = ""

    package init(value: Int, location: SourceLocation) {
      self.value = value
      self.location = location
    }
  }

  /// Where a buffer of the arena stands beside another one.
  package struct Trail: Sendable, Hashable {
    /// The buffer that it stands beside.
    package var leader: BufferID
    /// How many bytes behind the leader's start it starts; it may be less than zero.
    package var offset: Int

    package init(leader: BufferID, offset: Int) {
      self.leader = leader
      self.offset = offset
    }
  }

  package var name: String
  package var type: TensorType
  package var storage: Storage
  /// The value it holds, for values of the function itself; nil for all else.
  package var origin: Origin?
  /// The buffer in whose memory this one stands instead of memory of its own; nil for its own.
  ///
  /// The two are of one size, and where one is written the other is dead or dies element by element.
  /// A result that stands in an argument's memory updates it in place: the argument was donated.
  package var home: BufferID?
  /// Where the buffer has to be placed because its rows take the memory of rows of others that a loop has
  /// read for the last time; nil where it may stand anywhere.
  package var trail: Trail?

  /// What the buffer is part of; nil where it has memory of its own.
  package var view: View? {
    if case .view(let view) = storage { view } else { nil }
  }

  package init(name: String, type: TensorType, storage: Storage) {
    self.name = name
    self.type = type
    self.storage = storage
  }
}

/// A whole executable: kernels over buffers, and a tree of steps that says when each runs.
package struct LoopProgram: Sendable, Hashable {
  package var name: String
  package var buffers: [Buffer]
  /// The kernels, each of which is one step.
  package var kernels: [Kernel]
  /// What a call does, in order.
  package var steps: [Step]
  /// How many counters the loops of steps have.
  package var counterCount: Int
  /// The bytes of arena one call needs.
  package var arenaByteCount: Int

  package init(name: String) {
    self.name = name
    buffers = []
    kernels = []
    steps = []
    counterCount = 0
    arenaByteCount = 0
  }

  /// Adds a kernel that runs after all other steps.
  package mutating func append(_ kernel: Kernel) {
    steps.append(.kernel(kernels.count))
    kernels.append(kernel)
  }

  /// Removes kernels, and brings the table into the order of the steps.
  package mutating func removeKernels(where isRemoved: (Kernel) -> Bool) {
    let kept = steps.kernelNumbers.filter { !isRemoved(kernels[$0]) }
    guard kept != Array(kernels.indices) else { return }
    let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    kernels = kept.map { kernels[$0] }
    steps = steps.mappingKernels { places[$0] }
  }

  /// Whether a loop's number of iterations is known to nobody before it ends.
  package var hasUnboundedLoops: Bool {
    var isFound = kernels.contains(where: \.hasUnboundedLoops)
    steps.forEachStep { step in
      if case .loop(let loop) = step, case .condition = loop.trips { isFound = true }
    }
    return isFound
  }

  /// Whether a buffer is memory of the arena by itself.
  package func isArena(_ buffer: BufferID) -> Bool {
    if case .arena = buffers[buffer.index].storage { true } else { false }
  }

  /// The storage that a buffer's elements stand in: its home's, if it has one.
  package func place(of buffer: BufferID) -> Buffer.Storage {
    buffers[(buffers[buffer.index].home ?? buffer).index].storage
  }

  /// The buffer that a view is part of in the end; a buffer that is no view is its own root.
  package func root(of buffer: BufferID) -> BufferID {
    bases(of: buffer).last ?? buffer
  }

  /// What a view is part of, what that is part of, up to the root.
  package func bases(of buffer: BufferID) -> [BufferID] {
    var bases = [BufferID]()
    while let view = buffers[(bases.last ?? buffer).index].view { bases.append(view.base) }
    return bases
  }

  /// Whether a carry's next value stands where the current one stands.
  package func isInPlace(_ carry: StepCarry) -> Bool {
    home(of: carry.current) == home(of: carry.next)
  }

  /// Whether a carry's next value is where the current one is in the next iteration: both are parts of
  /// one stack that move with the loop's counter.
  package func movesAlong(_ carry: StepCarry) -> Bool {
    guard carry.current != carry.next, let current = buffers[carry.current.index].view,
      let next = buffers[carry.next.index].view
    else { return false }
    return current.base == next.base && current.strides == next.strides
  }

  /// Whether the two buffers of a carry exchange their memory after each iteration.
  package func isExchanged(_ carry: StepCarry) -> Bool {
    !isInPlace(carry) && !movesAlong(carry)
  }

  /// The buffer whose memory a buffer stands in; itself, if it has its own.
  package func home(of buffer: BufferID) -> BufferID { buffers[buffer.index].home ?? buffer }

  /// For each result that stands in an argument's memory, the argument, by number.
  package var donations: [Int: Int] {
    var donations: [Int: Int] = [:]
    for buffer in buffers {
      guard case .result(let result) = buffer.storage, let home = buffer.home,
        case .argument(let argument) = buffers[home.index].storage
      else { continue }
      donations[result] = argument
    }
    return donations
  }
}
