/// What the memory plan of a program came to, and why.
package struct MemoryReport: Hashable, Sendable {
  /// What became of a value that stands in temporary memory.
  package struct Value: Hashable, Sendable {
    /// The name in the loop program.
    package var name: String
    /// The type.
    package var type: TensorType
    /// The place of the operation that makes it.
    package var location: SourceLocation
    /// Whether the backward computation reads what the forward one made.
    package var isCrossing: Bool
    /// How often it is computed again; zero for a value that is kept.
    package var recomputations = 0
    /// Why it is kept or computed again.
    package var reason = ""
    /// Nanoseconds that computing it again is reckoned to take, all times together.
    package var addedNanoseconds = 0.0
    /// Arithmetic operations that computing it again takes, all times together.
    package var addedFlops = 0

    package init(name: String, type: TensorType, location: SourceLocation, isCrossing: Bool) {
      self.name = name
      self.type = type
      self.location = location
      self.isCrossing = isCrossing
    }
  }

  /// What is in use at one step of the execution.
  package struct Point: Hashable, Sendable {
    /// The step's name: what it makes.
    package var step: String
    /// Bytes in use while it runs.
    package var bytes: Int
    /// The largest value in use then.
    package var owner: String

    package init(step: String, bytes: Int, owner: String) {
      self.step = step
      self.bytes = bytes
      self.owner = owner
    }
  }

  /// Values in temporary memory, in order of definition.
  package var values: [Value] = []
  /// The bytes in use over the execution, step by step.
  package var curve: [Point] = []
  /// The same without any value computed again.
  package var saveAllCurve: [Point] = []
  /// Bytes of the arena.
  package var arenaByteCount = 0
  /// Bytes of the arena without any value computed again.
  package var saveAllByteCount = 0
  /// Bytes of values that are kept from the forward to the backward computation.
  package var savedByteCount = 0
  /// Bytes of values that are computed again, each counted once.
  package var recomputedByteCount = 0
  /// Arithmetic operations of computing again.
  package var addedFlops = 0

  package init() {}

  /// The point of greatest use; nil without any.
  package var peak: Point? { curve.max { $0.bytes < $1.bytes } }
}
