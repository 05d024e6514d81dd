internal import TensorIR

/// Checks that reverse mode is the transpose of forward mode: ⟨Jv, w⟩ = ⟨v, Jᵀw⟩.
///
/// Both sides are rounded, and where the derivative is zero by cancellation nothing else is left of them. How
/// much rounding there is shows where vectors are scaled: J(3v)/3 is Jv but for its rounding.
package struct TransposeCheck {
  /// How far the two sides may differ, relative to the sizes of their terms.
  private static let bound = 1e-10
  /// How far they may differ, relative to the rounding that was seen.
  private static let roundingBound = 64.0
  /// What vectors are scaled by to see the rounding: no powers of two, which round alike.
  private static let scales = [3.0, 5, 7]

  /// The outcome.
  package let line: Verification.Check

  /// Tests the identity for one random pair of vectors, for a subject without f32.
  package init(_ subject: CheckSubject, indices: [Int]) throws {
    let arguments = try subject.arguments()
    var drawing = InputDrawing(seed: subject.seed &+ 2)
    let forward = try subject.compile(.jvp(indices))
    let backward = try subject.compile(.vjp(indices))
    let count = arguments.count
    let tangents = forward.parameterTypes[count...].map { drawing.drawSigns($0) }
    let cotangents = backward.parameterTypes[count...].map { drawing.drawSigns($0) }
    let results = try Self.results(of: forward, arguments, tangents)
    guard Self.areFinite(results.dropLast(cotangents.count)) else {
      line = Verification.Check(
        name: "transpose", outcome: .unsure, detail: "some value at these arguments is not finite")
      return
    }
    let dualTangents = { (pulled: ArraySlice<TensorData>) in
      Self.products(tangents, pulled.map(\.dualParts))
    }
    let dualCotangents = { (pushed: ArraySlice<TensorData>) in
      Self.products(pushed.map(\.dualParts), cotangents)
    }
    let left = dualCotangents(results.suffix(cotangents.count))
    let right = dualTangents(
      try Self.results(of: backward, arguments, cotangents).suffix(indices.count))
    let size = max(left.magnitude, right.magnitude, .leastNormalMagnitude)
    let difference = abs(left.sum - right.sum)
    var rounding = 0.0
    if !(difference <= Self.bound * size) {
      for scale in Self.scales {
        let pushed = try Self.results(of: forward, arguments, Self.scaled(tangents, by: scale))
        let pulled = try Self.results(of: backward, arguments, Self.scaled(cotangents, by: scale))
        rounding = max(
          rounding,
          abs(dualCotangents(pushed.suffix(cotangents.count)).sum / scale - left.sum),
          abs(dualTangents(pulled.suffix(indices.count)).sum / scale - right.sum))
      }
    }
    let limit = Self.bound * size + Self.roundingBound * rounding
    line = Verification.Check(
      name: "transpose", outcome: difference <= limit ? .ok : .failed,
      detail: "<Jv, w> = \(left.sum.short), relative difference "
        + (difference / limit * Self.bound).short)
  }

  /// Vectors with all parts multiplied.
  private static func scaled(_ vectors: [[Double]], by scale: Double) -> [[Double]] {
    vectors.map { $0.map { $0 * scale } }
  }

  /// Whether all floats are finite.
  private static func areFinite(_ results: some Sequence<TensorData>) -> Bool {
    results.allSatisfy { !$0.type.element.isInexact || $0.parts.allSatisfy(\.isFinite) }
  }

  /// The results of a derivative's call: the function's own, then the derivatives.
  private static func results(
    of program: CompiledProgram, _ arguments: [TensorData], _ vectors: [[Double]]
  ) throws -> [TensorData] {
    let types = program.parameterTypes[arguments.count...]
    let extra = try zip(types, vectors).map { try TensorData($0, parts: $1) }
    return try program.call(arguments + extra)
  }

  /// The inner product of two lists of tensors, and the sum of its terms' magnitudes.
  private static func products(
    _ left: [[Double]], _ right: [[Double]]
  ) -> (sum: Double, magnitude: Double) {
    var sum = 0.0
    var magnitude = 0.0
    for (a, b) in zip(left.joined(), right.joined()) {
      sum += a * b
      magnitude += abs(a * b)
    }
    return (sum, magnitude)
  }
}
