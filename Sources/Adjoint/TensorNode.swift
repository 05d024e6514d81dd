internal import Runtime
internal import Synchronization
internal import TensorIR

/// A tensor value without its element type in Swift's type system: what `Tensor` refers to.
///
/// A node is born known, deferred, traced or failed. Deferred nodes become known when a value is
/// asked for; nothing else ever changes, so nodes are shared freely between tasks.
@usableFromInline
final class TensorNode: @unchecked Sendable {
  /// Where a value comes from while its elements are not there.
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

  /// Shape and element type.
  let type: TensorType
  /// The number of bytes of the elements.
  private let byteCount: Int
  /// The number of bytes of the block of memory that they are in.
  private let blockByteCount: Int
  /// Whether the value was written as a literal in source code, and so may become a constant.
  let isLiteral: Bool
  /// The elements, packed and row-major, once they are known.
  private let address: Atomic<UnsafeMutableRawPointer?>
  /// Read and written under `originLock`.
  private var guardedOrigin: Origin

  /// Guards every node's origin; held for a copy or an assignment only.
  private static let originLock = Mutex<Void>(())

  /// Creates a known value that takes over `bytes`, a block of the buffer pool, of the type's size or of
  /// `blockByteCount` bytes.
  init(
    _ type: TensorType, byteCount: Int, adopting bytes: UnsafeMutableRawPointer,
    ofBlock blockByteCount: Int? = nil, isLiteral: Bool = false
  ) {
    self.type = type
    self.byteCount = byteCount
    self.blockByteCount = blockByteCount ?? byteCount
    self.isLiteral = isLiteral
    address = Atomic(bytes)
    guardedOrigin = .known
  }

  /// Creates a value that is deferred, traced or failed.
  init(_ type: TensorType, _ origin: Origin) {
    self.type = type
    // Wraps around for types too large to ever become known, which are legal until then.
    byteCount = type.shape.reduce(type.element.byteCount, &*)
    blockByteCount = byteCount
    isLiteral = false
    address = Atomic(nil)
    guardedOrigin = origin
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
      BufferPool.deallocate(bytes, byteCount: blockByteCount)
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
      try body(UnsafeRawBufferPointer(start: knownAddress, count: byteCount))
    }
  }

  /// Where the value comes from, now.
  var origin: Origin {
    if knownAddress != nil { return .known }
    return Self.originLock.withLock { _ in guardedOrigin }
  }

  /// Makes a deferred value known; of two tasks that computed it, the first one's bytes stay.
  func publish(_ bytes: UnsafeMutableRawPointer) {
    let (isFirst, _) = address.compareExchange(
      expected: nil, desired: bytes, ordering: .acquiringAndReleasing)
    guard isFirst else { return BufferPool.deallocate(bytes, byteCount: byteCount) }
    let former = Self.originLock.withLock { _ in
      let former = guardedOrigin
      guardedOrigin = .known
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
