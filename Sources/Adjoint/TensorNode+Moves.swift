internal import Runtime
internal import TensorIR

// Slices of known values are copied at once: where they start does not become part of a program, so a
// loop over rows or elements compiles nothing.

extension TensorNode {
  /// Slices of more bytes are left to compiled code, which may not need them in memory.
  private static let movedByteLimit = 1 << 16
  /// Values of at most this many bytes are computed whole to look at a slice of them.
  private static let baseByteLimit = 1 << 20

  /// The result of an operation that only takes a small slice of a known value or gives it another
  /// shape; nil for others.
  static func moved(
    by op: Op, _ operands: [TensorNode], as type: TensorType
  ) throws -> TensorNode? {
    guard type.byteCount <= movedByteLimit, op.isMove, let operand = operands.first,
      operand.knownAddress != nil
    else { return nil }
    return try TensorNode(type, isLiteral: operand.isLiteral) { bytes in
      operand.withUnsafeBytes { op.move($0, of: operand.type, to: bytes) }
    }
  }

  /// Makes a value known that is a slice of another one, which is computed first; nil where it is not.
  fileprivate func movedFromBase() throws -> UnsafeMutableRawPointer? {
    guard case .deferred(let operation) = origin, operation.op.isMove,
      type.byteCount <= Self.movedByteLimit
    else { return nil }
    let base = operation.operands[0]
    guard base.type.byteCount <= Self.baseByteLimit else { return nil }
    let known = try base.known(at: operation.location)
    let block = try BufferPool.allocate(byteCount: type.byteCount)
    let bytes = UnsafeMutableRawBufferPointer(start: block, count: type.byteCount)
    known.withUnsafeBytes { operation.op.move($0, of: base.type, to: bytes) }
    return block
  }
}

extension Evaluation {
  /// Computes what is a slice of a value of moderate size, and takes it out of the list.
  static func moveSlices(of nodes: inout [TensorNode]) throws {
    var rest: [TensorNode] = []
    for node in nodes {
      if let block = try node.movedFromBase() {
        node.publish(block)
      } else {
        rest.append(node)
      }
    }
    nodes = rest
  }
}

extension Op {
  /// Whether the result has elements of the operand in their order, those of a slice or all.
  fileprivate var isMove: Bool {
    if case .shape(let op) = self { op.isMove } else { false }
  }

  /// Copies the elements that the result has.
  fileprivate func move(
    _ source: UnsafeRawBufferPointer, of type: TensorType, to target: UnsafeMutableRawBufferPointer
  ) {
    guard case .shape(.slice(let starts, let limits, let strides)) = self else {
      return target.copyMemory(from: source)
    }
    StridedSlice(type, starts, limits, strides).copy(source, to: target)
  }
}

extension ShapeOp {
  /// Whether the result has elements of the operand in their order.
  fileprivate var isMove: Bool {
    switch self {
    case .slice, .reshape: true
    case .broadcast, .transpose, .pad, .concatenate, .reverse: false
    }
  }
}

/// A slice of a packed row-major tensor, as the loops that copy it.
private struct StridedSlice {
  /// The extents of the loops, outermost first.
  private var extents: [Int] = []
  /// How far apart in bytes what neighbouring iterations read is.
  private var steps: [Int] = []
  /// Where the first run starts, in bytes.
  private var start = 0
  /// The bytes of a run, which are copied at once.
  private var run: Int

  /// The loops of a slice; inner axes that are taken whole belong to the runs.
  init(_ type: TensorType, _ starts: [Int], _ limits: [Int], _ strides: [Int]) {
    run = type.element.byteCount
    var pitch = run
    var isPacked = true
    for axis in type.shape.indices.reversed() {
      let count = max(0, (limits[axis] - starts[axis] + strides[axis] - 1) / strides[axis])
      start += starts[axis] * pitch
      if isPacked, strides[axis] == 1 || count == 1 {
        run *= count
        isPacked = count == type.shape[axis]
      } else {
        isPacked = false
        extents.insert(count, at: 0)
        steps.insert(strides[axis] * pitch, at: 0)
      }
      pitch *= type.shape[axis]
    }
  }

  /// Copies the elements in order.
  func copy(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard run > 0, target.count > 0, let from = source.baseAddress, let to = target.baseAddress
    else { return }
    var place = 0
    func level(_ axis: Int, _ offset: Int) {
      guard axis < extents.count else {
        (to + place).copyMemory(from: from + offset, byteCount: run)
        place += run
        return
      }
      for index in 0..<extents[axis] { level(axis + 1, offset + index * steps[axis]) }
    }
    level(0, start)
  }
}
