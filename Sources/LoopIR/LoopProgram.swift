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
    /// The caller's, read only, by parameter.
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
}
