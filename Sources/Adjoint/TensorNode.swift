internal import Runtime
internal import Synchronization
internal import TensorIR

/// A tensor value without its element type in Swift's type system: what `Tensor` refers to.
///
/// A node is born known, deferred, traced or failed. Deferred nodes become known when a value is
/// asked for; nothing else ever changes, so nodes are shared freely between tasks.
@usableFromInline
final class TensorNode: @unchecked Sendable {
  /// Where a value comes from.
  enum Origin {
    /// The elements are there.
    case known
    /// An operation that runs when a value is needed.
    case deferred(DeferredOperation)
    /// A value of a function being traced.
    case traced(Trace, ValueID)
    /// A mistake made on the way; it is thrown where a value is asked for.
    indirect case failed(AdjointError)
  }

  /// Where a value comes from while its elements are not there, for what is not traced.
  private enum Source {
    case known
    case deferred(DeferredOperation)
    indirect case failed(AdjointError)
  }

  /// Shape and element type.
  let type: TensorType
  /// Whether the value was written as a literal in source code, and so may become a constant.
  let isLiteral: Bool
  /// The number of bytes of the block of memory that the elements are in; of a traced value its number in
  /// the function.
  private let number: Int
  /// The trace that the value belongs to, which stays, so that nothing has to be locked to ask for it.
  private let trace: Trace?
  /// The elements, packed and row-major, once they are known.
  private let address: Atomic<UnsafeMutableRawPointer?>
  /// Read and written under `sourceLock`.
  private var guardedSource: Source

  /// Guards every node's source; held for a copy or an assignment only.
  private static let sourceLock = Mutex<Void>(())

  /// Creates a known value that takes over `bytes`, a block of the buffer pool, of the type's size or of
  /// `blockByteCount` bytes.
  init(
    _ type: TensorType, byteCount: Int, adopting bytes: UnsafeMutableRawPointer,
    ofBlock blockByteCount: Int? = nil, isLiteral: Bool = false
  ) {
    self.type = type
    self.isLiteral = isLiteral
    number = blockByteCount ?? byteCount
    trace = nil
    address = Atomic(bytes)
    guardedSource = .known
  }

  /// Creates a value of a function being traced.
  init(_ type: TensorType, tracedBy trace: Trace, _ value: ValueID) {
    self.type = type
    self.trace = trace
    isLiteral = false
    number = value.index
    address = Atomic(nil)
    guardedSource = .known
  }

  /// Creates a value that is deferred.
  convenience init(_ type: TensorType, _ operation: DeferredOperation) {
    self.init(type, .deferred(operation))
  }

  /// Creates a failed value.
  convenience init(_ type: TensorType, failing error: AdjointError) {
    self.init(type, .failed(error))
  }

  private init(_ type: TensorType, _ source: Source) {
    self.type = type
    trace = nil
    isLiteral = false
    // Wraps around for types too large to ever become known, which are legal until then.
    number = type.shape.reduce(type.element.byteCount, &*)
    address = Atomic(nil)
    guardedSource = source
  }

  /// Creates a known value whose elements `initialize` writes.
  ///
  /// - Throws: `AdjointError` where there is no memory, and what `initialize` throws.
  convenience init(
    _ type: TensorType, isLiteral: Bool = false,
    initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let byteCount = type.byteCount
    let bytes = try BufferPool.allocate(byteCount: byteCount)
    do {
      try initialize(UnsafeMutableRawBufferPointer(start: bytes, count: byteCount))
    } catch {
      BufferPool.deallocate(bytes, byteCount: byteCount)
      throw error
    }
    self.init(type, byteCount: byteCount, adopting: bytes, isLiteral: isLiteral)
  }

  deinit {
    if let bytes = address.load(ordering: .acquiring) {
      BufferPool.deallocate(bytes, byteCount: number)
    }
  }

  /// Leaves the elements' memory to whoever knows its address.
  ///
  /// - Requires: nobody else refers to the value, which has no elements from here on.
  func surrenderMemory() { address.store(nil, ordering: .releasing) }

  /// The elements where they are known already.
  var knownAddress: UnsafeMutableRawPointer? { address.load(ordering: .acquiring) }

  /// Whether the value has a type.
  func hasType(_ other: TensorType) -> Bool {
    other.shape.withUnsafeBufferPointer { hasType(other.element, extents: $0) }
  }

  /// Whether the value has an element type and a shape.
  @inline(__always)
  func hasType(_ element: ElementType, extents: UnsafeBufferPointer<Int>) -> Bool {
    guard type.element == element, type.shape.count == extents.count else { return false }
    for axis in extents.indices where type.shape[axis] != extents[axis] { return false }
    return true
  }

  /// Calls `body` with the elements' bytes.
  ///
  /// - Requires: the value is known.
  func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) {
      try body(UnsafeRawBufferPointer(start: knownAddress, count: type.byteCount))
    }
  }

  /// Where the value comes from, now.
  var origin: Origin {
    if knownAddress != nil { return .known }
    if let trace { return .traced(trace, ValueID(number)) }
    return switch Self.sourceLock.withLock({ _ in guardedSource }) {
    case .known: .known
    case .deferred(let operation): .deferred(operation)
    case .failed(let error): .failed(error)
    }
  }

  /// The name of the value in the function that `trace` records; nil for values of others.
  @inline(__always)
  func name(in trace: Trace) -> ValueID? { self.trace === trace ? ValueID(number) : nil }

  /// The trace that the value belongs to, where that is the innermost one.
  @inline(__always)
  var innermostTrace: Trace? {
    guard let trace, trace.isInnermost else { return nil }
    return trace
  }

  /// Makes a deferred value known; of two tasks that computed it, the first one's bytes stay.
  func publish(_ bytes: UnsafeMutableRawPointer) {
    let (isFirst, _) = address.compareExchange(
      expected: nil, desired: bytes, ordering: .acquiringAndReleasing)
    guard isFirst else { return BufferPool.deallocate(bytes, byteCount: number) }
    let former = Self.sourceLock.withLock { _ in
      let former = guardedSource
      guardedSource = .known
      return former
    }
    withExtendedLifetime(former) {}
  }
}

/// An operation outside any trace that has not run yet.
final class DeferredOperation: Sendable {
  /// What is computed.
  let op: Op
  /// What it reads.
  let operands: [TensorNode]
  /// Where it was written.
  let location: SourceLocation
  /// The longest chain of deferred operations that ends here, this one included.
  let depth: Int
  /// How many evaluations computed it on the way to something else.
  let passes = Atomic<Int>(0)

  init(_ op: Op, _ operands: [TensorNode], depth: Int, at location: SourceLocation) {
    self.op = op
    self.operands = operands
    self.depth = depth
    self.location = location
  }
}
