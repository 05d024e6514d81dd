internal import TensorIR

/// Compares machine code with the interpreter.
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
    let largest = expected.map { Self.largest($0) }.max() ?? 0
    let precision = try subject.elementTypes().map(Self.bound).max() ?? 0
    var worst = 0.0
    var failed: Int?
    for (index, pair) in zip(native, expected).enumerated() {
      let difference = Self.difference(pair.0, pair.1, floor: largest * 1e-3)
      worst = max(worst, difference)
      let bound = pair.1.type.element.isInexact ? precision : 0
      if !(difference <= bound), failed == nil { failed = index }
    }
    let place = failed.map { ", first beyond its bound in result \($0)" } ?? ""
    line = Verification.Check(
      name: "engines", outcome: failed == nil ? .ok : .failed,
      detail: "largest relative difference \(worst.short) in \(native.count) results\(place)")
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
