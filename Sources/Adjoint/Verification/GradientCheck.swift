internal import TensorIR

/// Compares a gradient with central differences of the function, in double precision.
///
/// Up to `coordinateLimit` elements each is tested by itself. Beyond that the derivative is
/// tested along directions that are partly random and partly the gradient's own, so that the
/// tested number is not lost in rounding. Central differences cannot see what happens at a point
/// where the function has a kink; the drawn inputs avoid such points almost surely. Nor do they say
/// anything of a function that turns between their two points: where differences over half the
/// distance are others, the check is unsure, as it is where the function's value is not finite.
package struct GradientCheck {
  /// How many elements are tested one by one.
  private static let coordinateLimit = 64
  /// How many directions are tested otherwise.
  private static let directionCount = 4
  /// Half the distance of the two points of a difference.
  private static let step = 1e-5
  /// How far the two numbers may differ, relative to the gradient's size along the direction,
  /// besides what rounding of the function's value makes of the difference.
  private static let bound = 1e-5

  /// How far a difference may change with the distance, relative to itself, and still be a witness.
  private static let steadiness = 0.01

  /// The outcome.
  package let line: Verification.Check

  /// Tests the gradient for some arguments of a subject without f32.
  package init(_ subject: CheckSubject, indices: [Int]) throws {
    let arguments = try subject.arguments()
    let function = try subject.compile(.none)
    let results = try subject.compile(.gradient(indices)).call(arguments)
    let gradient = results.suffix(indices.count).flatMap(\.dualParts)
    let value = abs(results[0].doubles[0])
    guard value.isFinite else {
      line = Verification.Check(
        name: "gradient", outcome: .unsure,
        detail: "the value at these arguments is \(results[0].doubles[0])")
      return
    }
    var drawing = InputDrawing(seed: subject.seed &+ 1)
    let directions = Self.directions(gradient, using: &drawing)
    let rounding = 1e-14 / Self.step * max(value, 1)
    var worst = 0.0
    var outcome = Verification.Outcome.ok
    for direction in directions {
      let slope = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      let size = zip(gradient, direction).reduce(0) { $0 + abs($1.0 * $1.1) }
      func difference(over step: Double) throws -> Double {
        let ends = try [step, -step].map { step in
          try function.call(
            Self.moved(arguments, indices, along: direction, by: step))[0].doubles[0]
        }
        return (ends[0] - ends[1]) / (2 * step)
      }
      let limit = Self.bound * size + rounding
      let wide = try difference(over: Self.step)
      guard wide.isFinite else {
        // The function ends close by, as a root does at zero.
        outcome = max(outcome, .unsure)
        continue
      }
      var error = abs(wide - slope)
      if !(error <= limit) {
        let narrow = try difference(over: Self.step / 2)
        // Richardson's extrapolation has no error of the second order in the distance.
        error = min(error, abs((4 * narrow - wide) / 3 - slope))
        let isSteady = !(abs(narrow - wide) > Self.steadiness * abs(wide) + rounding)
        if !(error <= limit) { outcome = isSteady ? .failed : max(outcome, .unsure) }
      }
      // Relative to the size at which the bound alone would allow as much as the limit.
      let relative = error / limit * Self.bound
      worst = max(worst, relative.isNaN ? .infinity : relative)
    }
    line = Verification.Check(
      name: "gradient", outcome: outcome,
      detail: "largest relative difference \(worst.short) from central differences along "
        + "\(directions.count) directions"
        + (outcome == .unsure
          ? ", which change with the distance or are not finite: no test of this function" : ""))
  }

  /// The directions to test along.
  private static func directions(
    _ gradient: [Double], using drawing: inout InputDrawing
  ) -> [[Double]] {
    if gradient.count <= coordinateLimit {
      return gradient.indices.map { index in gradient.indices.map { $0 == index ? 1 : 0 } }
    }
    let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let type = TensorType([gradient.count], .f64)
    let root = Double(gradient.count).squareRoot()
    return (0..<directionCount).map { _ in
      zip(drawing.drawSigns(type), gradient).map { sign, entry in
        sign / root + (norm > 0 ? entry / norm : 0)
      }
    }
  }

  /// The arguments with the differentiated ones moved along a direction.
  private static func moved(
    _ arguments: [TensorData], _ indices: [Int], along direction: [Double], by step: Double
  ) throws -> [TensorData] {
    var moved = arguments
    var rest = direction[...]
    for index in indices {
      let type = moved[index].type
      let parts = moved[index].parts
      let part = rest.prefix(parts.count)
      rest = rest.dropFirst(parts.count)
      moved[index] = try TensorData(type, parts: zip(parts, part).map { $0 + step * $1 })
    }
    return moved
  }
}
