import Adjoint
import Foundation

/// How far results are from what is expected of them.
struct Comparison: CustomStringConvertible {
  /// The largest distance of one result's elements, as a part of the largest expected element;
  /// infinite where only one of both is NaN or infinite.
  let distance: Double
  /// The largest distance that agrees.
  let tolerance: Double

  /// Whether the result is what was expected.
  var agrees: Bool { distance <= tolerance }

  /// Such as `agrees, within 2.1e-07`.
  var description: String {
    let words = distance == 0 ? "equal" : String(format: "within %.1e", distance)
    return agrees ? "agrees, \(words)" : "DIFFERS, \(words), not \(tolerance)"
  }

  /// Compares `result` with `expected`, within `tolerance` or what its element type allows.
  ///
  /// - Requires: both are of one type.
  init(_ result: TensorData, _ expected: TensorData, tolerance: Double?) {
    let largest = expected.parts.lazy.map(abs).filter(\.isFinite).max() ?? 0
    distance = zip(result.parts, expected.parts).reduce(0) { worst, pair in
      max(worst, Self.distance(pair.0, pair.1) / (largest > 0 ? largest : 1))
    }
    self.tolerance = tolerance ?? Self.tolerance(of: expected.type.element)
  }

  /// The distance of two numbers: none between equal infinities and between two that are NaN.
  private static func distance(_ number: Double, _ expected: Double) -> Double {
    if number == expected || number.isNaN && expected.isNaN { return 0 }
    return number.isFinite && expected.isFinite ? abs(number - expected) : .infinity
  }

  /// What operations in another order may change: parts of 10⁻¹⁰ in double precision, 10⁻⁵ in single,
  /// 0.02 in half, nothing for integers and booleans.
  static func tolerance(of element: ElementType) -> Double {
    guard element.isInexact else { return 0 }
    switch element.byteCount / (element.isComplex ? 2 : 1) {
    case 8: return 1e-10
    case 4: return 1e-5
    default: return 0.02
    }
  }
}
