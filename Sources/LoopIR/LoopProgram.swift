package import TensorIR

/// A buffer of a program, by its place in the program's buffer table.
package struct BufferID: Hashable, Sendable, Comparable {
  package var index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (left: BufferID, right: BufferID) -> Bool { left.index < right.index }
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
  }

  package var name: String
  package var type: TensorType
  package var storage: Storage
  /// The buffer in whose memory this one stands instead of memory of its own; nil for its own.
  ///
  /// The two are of one size, and where one is written the other is dead or dies element by element.
  /// A result that stands in an argument's memory updates it in place: the argument was donated.
  package var home: BufferID?

  package init(name: String, type: TensorType, storage: Storage) {
    self.name = name
    self.type = type
    self.storage = storage
  }
}

/// A whole executable: kernels in execution order over buffers.
package struct LoopProgram: Sendable, Hashable {
  package var name: String
  package var buffers: [Buffer]
  package var kernels: [Kernel]
  /// The bytes of arena one call needs.
  package var arenaByteCount: Int

  package init(name: String) {
    self.name = name
    buffers = []
    kernels = []
    arenaByteCount = 0
  }

  /// The storage that a buffer's elements stand in: its home's, if it has one.
  package func place(of buffer: BufferID) -> Buffer.Storage {
    buffers[(buffers[buffer.index].home ?? buffer).index].storage
  }

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
