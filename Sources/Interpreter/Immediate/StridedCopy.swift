import TensorIR

/// Elements of a packed operand at places that are affine in those of the result.
struct StridedCopy: Sendable {
  private let extents: [Int]
  /// How far apart in bytes what neighbours of the result are made of is.
  private let steps: [Int]
  /// Where the first element is, in bytes.
  private let start: Int
  private let width: Int

  /// The copy that an operation is; nil for one that joins or fills.
  init?(_ op: ShapeOp, _ operand: TensorType, _ type: TensorType) {
    let width = operand.element.byteCount
    let pitches = operand.strides.map { $0 * width }
    self.width = width
    extents = type.shape
    switch op {
    case .broadcast(_, let dimensions):
      var steps = Array(repeating: 0, count: type.rank)
      for (axis, place) in dimensions.enumerated() where operand.shape[axis] != 1 {
        steps[place] = pitches[axis]
      }
      (self.steps, start) = (steps, 0)
    case .transpose(let permutation):
      (steps, start) = (permutation.map { pitches[$0] }, 0)
    case .slice(let starts, _, let strides):
      steps = zip(pitches, strides).map { $0 * $1 }
      start = zip(pitches, starts).reduce(0) { $0 + $1.0 * $1.1 }
    case .reverse(let dimensions):
      steps = pitches.indices.map { dimensions.contains($0) ? -pitches[$0] : pitches[$0] }
      start = dimensions.reduce(0) { $0 + pitches[$1] * Swift.max(0, operand.shape[$1] - 1) }
    case .reshape, .pad, .concatenate: return nil
    }
  }

  /// Writes the elements in the order of the result.
  func run(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
    guard !extents.contains(0) else { return }
    switch width {
    case 1: run(UInt8.self, source, target)
    case 2: run(UInt16.self, source, target)
    case 4: run(UInt32.self, source, target)
    default: run(UInt64.self, source, target)
    }
  }

  /// Writes elements of one size.
  private func run<Word: BitwiseCopyable>(
    _ word: Word.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let results = target.assumingMemoryBound(to: Word.self)
    guard let count = extents.last, let step = steps.last else {
      results[0] = source.load(fromByteOffset: start, as: Word.self)
      return
    }
    var place = 0
    func level(_ axis: Int, _ offset: Int) {
      if axis < extents.count - 1 {
        for index in 0..<extents[axis] { level(axis + 1, offset + index * steps[axis]) }
        return
      }
      for index in 0..<count {
        results[place + index] = source.load(fromByteOffset: offset + index * step, as: Word.self)
      }
      place += count
    }
    level(0, start)
  }
}
