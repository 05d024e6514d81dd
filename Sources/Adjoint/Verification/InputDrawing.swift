internal import TensorIR

/// Draws arguments for programs that come without any.
///
/// The values suit most programs: matrices are centred and scaled like freshly initialized
/// weights, so chains of products neither vanish nor saturate; scalars and vectors are positive
/// and away from zero, so logarithms, roots and divisions are defined.
package struct InputDrawing {
  /// The rule in words, for help texts.
  package static let rule = """
    Without --inputs, arguments are drawn from the seed: scalars and vectors of floats from \
    0.5 to 1.5; matrices and higher ranks of floats from -a to a, where a is one over the square \
    root of the second to last extent; integers from 0 to 3; booleans either.
    """

  /// Where the numbers come from.
  private var generator: SplitMix64

  /// Starts a drawing; equal seeds give equal arguments.
  package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// One tensor of each type.
  package mutating func draw(_ types: [TensorType]) throws -> [TensorData] {
    try types.map { try draw($0) }
  }

  /// How many numbers are drawn at a time: a large tensor needs no memory besides its own.
  private static let chunk = 1 << 16

  /// A tensor whose elements follow the rule.
  ///
  /// - Throws: `AdjointError` where there is no memory for it.
  package mutating func draw(_ type: TensorType) throws -> TensorData {
    guard type.partCount > Self.chunk else {
      return try TensorData(type, parts: (0..<type.partCount).map { _ in element(of: type) })
    }
    return try TensorData(type) { target in
      var offset = 0
      for start in stride(from: 0, to: type.partCount, by: Self.chunk) {
        let numbers = (start..<min(start + Self.chunk, type.partCount)).map { _ in element(of: type)
        }
        let part = try TensorData(
          TensorType([numbers.count], type.element.partType), doubles: numbers)
        part.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: bytes)
          offset += bytes.count
        }
      }
    }
  }

  /// ±1 for each part of an element where elements are floats or complex, and 0 elsewhere.
  package mutating func drawSigns(_ type: TensorType) -> [Double] {
    (0..<type.partCount).map { _ in
      type.element.isInexact ? (Bool.random(using: &generator) ? 1 : -1) : 0
    }
  }

  /// One element.
  private mutating func element(of type: TensorType) -> Double {
    switch type.element.kind {
    case .boolean: return Bool.random(using: &generator) ? 1 : 0
    case .signed, .unsigned: return Double(Int.random(in: 0...3, using: &generator))
    case .float, .complex: break
    }
    guard type.rank >= 2 else { return Double.random(in: 0.5..<1.5, using: &generator) }
    let bound = 1 / Double(type.shape[type.rank - 2]).squareRoot()
    return Double.random(in: -bound..<bound, using: &generator)
  }
}

extension TensorType {
  /// The number of elements, complex ones counted twice.
  fileprivate var partCount: Int { element.isComplex ? 2 * count : count }
}

extension TensorData {
  /// The parts of elements with the sign of imaginary ones turned: a gradient g pairs with a direction
  /// v as the real part of g·v.
  var dualParts: [Double] {
    guard type.element.isComplex else { return parts }
    return parts.enumerated().map { $0.offset % 2 == 0 ? $0.element : -$0.element }
  }
}
