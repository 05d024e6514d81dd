internal import TensorIR

/// Compares machine code with the interpreter.
///
/// They round differently. Where a result depends on its arguments so much that changing each in its last bit
/// changes the result more than the bound allows, as an ill-conditioned equation's does, or where nothing but
/// rounding is left of it, the engines may differ by as much.
package struct EngineCheck {
  /// The bounds in words, for help texts.
  package static let bounds = """
    2e-4 (f32), 1e-10 (f64), 8e-3 (f16) or 6e-2 (bf16), by the least precise floats of the program, of a \
    result's largest element, integers exactly
    """

  /// The outcome.
  package let line: Verification.Check

  /// Runs a function, or its gradient, on both engines.
  package init(_ subject: CheckSubject, grad: [Int]?) throws {
    let transform = grad.map { Transform.gradient($0) } ?? .none
    let arguments = try subject.arguments()
    let native = try subject.compile(transform).call(arguments)
    let expected = try subject.compile(transform, .interpreter).call(arguments)
    let floor = 1e-3 * (expected.map { Self.largest($0) }.max() ?? 0)
    let precision = try subject.elementTypes().map(Self.bound).max() ?? 0
    var worst = 0.0
    var failed: Int?
    var noise: [Double]?
    for (index, pair) in zip(native, expected).enumerated() {
      let difference = Self.difference(pair.0, pair.1, floor: floor)
      worst = max(worst, difference)
      let bound = pair.1.type.element.isInexact ? precision : 0
      guard !(difference <= bound), failed == nil else { continue }
      let changes = try noise ?? Self.noise(subject, transform, arguments, expected, floor: floor)
      noise = changes
      if !(difference <= Self.noiseBound * changes[index]) { failed = index }
    }
    let place = failed.map { ", first beyond its bound in result \($0)" } ?? ""
    line = Verification.Check(
      name: "engines", outcome: failed == nil ? .ok : .failed,
      detail: "largest relative difference \(worst.short) in \(native.count) results\(place)")
  }

  /// How far engines may differ, relative to what the last bits of the arguments change.
  private static let noiseBound = 64.0

  /// How much each result of the interpreter changes where each argument's element is moved to one of its
  /// neighbours, at most in three tries; not what becomes infinite or undefined so.
  private static func noise(
    _ subject: CheckSubject, _ transform: Transform, _ arguments: [TensorData],
    _ expected: [TensorData], floor: Double
  ) throws -> [Double] {
    let program = try subject.compile(transform, .interpreter)
    var drawing = InputDrawing(seed: subject.seed &+ 3)
    var noise = expected.map { _ in 0.0 }
    for _ in 0..<3 {
      let moved = try arguments.map { argument in
        let ulp = argument.type.element.lastBit
        let signs = drawing.drawSigns(argument.type)
        return try TensorData(
          argument.type, parts: zip(argument.parts, signs).map { $0 + $0 * $1 * ulp })
      }
      for (index, pair) in zip(try program.call(moved), expected).enumerated() {
        let change = difference(pair.0, pair.1, floor: floor)
        if change.isFinite { noise[index] = max(noise[index], change) }
      }
    }
    return noise
  }

  /// How far elements may differ, relative to the largest, where numbers of a type are computed.
  private static func bound(_ element: ElementType) -> Double {
    switch element {
    case .f32, .c64: 2e-4
    case .f64, .c128: 1e-10
    case .f16: 8e-3
    case .bf16: 6e-2
    case .i1, .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64: 0
    }
  }

  /// The largest finite magnitude.
  private static func largest(_ tensor: TensorData) -> Double {
    tensor.parts.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  }

  /// The largest difference relative to the largest element, or to `floor` where that is more;
  /// infinite where only one is NaN or infinite. Integers are compared bit by bit.
  private static func difference(
    _ actual: TensorData, _ expected: TensorData, floor: Double
  ) -> Double {
    guard actual.type.element.isInexact else {
      return actual.withUnsafeBytes { left in
        expected.withUnsafeBytes { left.elementsEqual($0) ? 0 : .infinity }
      }
    }
    let scale = max(largest(expected), floor, .leastNormalMagnitude)
    return zip(actual.parts, expected.parts).reduce(0) { worst, pair in
      if pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) { return worst }
      let difference = abs(pair.0 - pair.1) / scale
      return difference.isFinite ? max(worst, difference) : .infinity
    }
  }
}

extension ElementType {
  /// What the last bit of a float's significand is worth beside the first; 0 for other types.
  fileprivate var lastBit: Double {
    partType.floatFormat.map { Double(sign: .plus, exponent: -$0.fractionBits, significand: 1) }
      ?? 0
  }
}
