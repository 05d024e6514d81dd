import Differentiation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// One function at one point, with directions to differentiate it along.
struct DerivativeCheck {
  /// The function differentiated.
  let function: Function
  /// The point.
  let arguments: [Literal]
  /// The positions of the differentiated parameters.
  let parameters: [Int]
  /// A direction for each of them.
  let directions: [Literal]
  /// A weight tensor for each float result.
  let weights: [Literal]

  /// Differentiates with respect to all float parameters along random directions.
  init(_ function: Function, _ arguments: [Literal], seed: UInt64 = 1) {
    self.function = function
    self.arguments = arguments
    var random = SplitMix64(seed: seed)
    parameters = function.parameters.indices.filter {
      function[function.parameters[$0]].element.isInexact
    }
    directions = parameters.map {
      randomLiteral(function[function.parameters[$0]], &random)
    }
    weights = function.resultTypes.filter(\.element.isInexact).map { randomLiteral($0, &random) }
  }

  /// The function's results and their tangents along the directions.
  func tangents() throws -> (values: [Literal], tangents: [Literal]) {
    let all = try run(function.withJVP(of: parameters), arguments + directions)
    return split(all)
  }

  /// The function's results and the parameters' cotangents for the weights.
  func cotangents() throws -> (values: [Literal], cotangents: [Literal]) {
    let all = try run(function.withVJP(of: parameters), arguments + weights)
    return split(all)
  }

  /// The derivative of each float result along the directions, by central differences.
  func differences(step: Double) throws -> [[Double]] {
    let (ahead, behind) = (try results(at: step), try results(at: -step))
    return zip(ahead, behind).map { pair in
      zip(pair.0.parts.doubles, pair.1.parts.doubles).map { $0 == $1 ? 0 : ($0 - $1) / (2 * step) }
    }
  }

  /// The float results after `distance` along the directions.
  private func results(at distance: Double) throws -> [Literal] {
    var moved = arguments
    for (parameter, direction) in zip(parameters, directions) {
      let place = zip(arguments[parameter].parts.doubles, direction.parts.doubles)
      let parts = Literal(direction.parts.type, doubles: place.map { $0 + distance * $1 })
      moved[parameter] = Literal(arguments[parameter].type, bytes: parts.denseBytes)
    }
    return try run(function, moved).filter(\.type.element.isInexact)
  }

  /// Splits what a derived function returns behind the function's own results.
  private func split(_ all: [Literal]) -> ([Literal], [Literal]) {
    let count = function.results.count
    return (Array(all.prefix(count)), Array(all.dropFirst(count)))
  }
}

extension DerivativeCheck {
  /// Records an issue unless forward mode agrees with central differences and reverse mode is its
  /// transpose, and both keep the function's results.
  func expectFirstOrder(
    step: Double = 1e-6, differences tolerance: Double = 1e-6, transpose: Double = 1e-10,
    _ what: String = "", sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let expected = try run(function, arguments)
    let (values, tangents) = try tangents()
    let (sameValues, cotangents) = try cotangents()
    #expect(values == expected, "\(what): JVP", sourceLocation: sourceLocation)
    #expect(sameValues == expected, "\(what): VJP", sourceLocation: sourceLocation)
    let slopes = try differences(step: step)
    for (tangent, slope) in zip(tangents, slopes) {
      expectNear(
        tangent.parts.doubles, slope, tolerance, "\(what): JVP against differences",
        sourceLocation: sourceLocation)
    }
    let (forward, backward) = (inner(tangents, weights), inner(directions, cotangents))
    expectNear(
      [forward], [backward], transpose, "\(what): transpose identity",
      sourceLocation: sourceLocation)
  }

  /// Records an issue unless the second derivative of a scalar function of the results agrees
  /// between forward over reverse, reverse over forward, reverse over reverse and differences.
  func expectSecondOrder(
    step: Double = 1e-6, differences tolerance: Double = 2e-6, _ what: String = "",
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let loss = try function.loss(weights: weights)
    let gradient = try loss.withGradient(of: parameters)
    try gradient.verify()
    let gradientCheck = DerivativeCheck(
      gradient, arguments, parameters: parameters, directions: directions)
    let slopes = try gradientCheck.differences(step: step).dropFirst(loss.results.count)
    let forwardOverReverse = try gradientCheck.tangents().tangents.dropFirst(loss.results.count)

    let forward = try loss.withJVP(of: parameters)
    let tangentSeeds = loss.resultTypes.map { Literal($0, filledWith: 0) } + [scalar(1)]
    let reverseOverForward = try run(
      forward.withVJP(of: parameters), arguments + directions + tangentSeeds
    ).dropFirst(forward.results.count)

    let gradientSeeds = loss.resultTypes.map { Literal($0, filledWith: 0) } + directions
    let reverseOverReverse = try run(
      gradient.withVJP(of: parameters), arguments + gradientSeeds
    ).dropFirst(gradient.results.count)

    for (position, slope) in slopes.enumerated() {
      let reference = Array(forwardOverReverse)[position].parts.doubles
      expectNear(
        reference, slope, tolerance, "\(what): forward over reverse against differences",
        sourceLocation: sourceLocation)
      expectNear(
        Array(reverseOverForward)[position].parts.doubles, reference, 1e-9,
        "\(what): reverse over forward", sourceLocation: sourceLocation)
      expectNear(
        Array(reverseOverReverse)[position].parts.doubles, reference, 1e-9,
        "\(what): reverse over reverse", sourceLocation: sourceLocation)
    }
  }

  /// A check with given directions.
  init(
    _ function: Function, _ arguments: [Literal], parameters: [Int], directions: [Literal]
  ) {
    self.function = function
    self.arguments = arguments
    self.parameters = parameters
    self.directions = directions
    weights = []
  }
}

// MARK: - Shorthand

/// The results of a verified function.
func run(_ function: Function, _ arguments: [Literal]) throws -> [Literal] {
  try function.verify()
  return try Interpreter().run(function, arguments)
}

/// A scalar of double precision.
func scalar(_ value: Double) -> Literal { Literal(TensorType([], .f64), filledWith: value) }

/// A vector of double precision.
func vector(_ values: Double...) -> Literal {
  Literal(TensorType([values.count], .f64), doubles: values)
}

/// A tensor of elements between −1 and 1.
func randomLiteral(_ type: TensorType, _ random: inout SplitMix64) -> Literal {
  func draw() -> [Double] { (0..<type.count).map { _ in random.double(in: -1...1) } }
  return type.element.isComplex
    ? Literal(type, real: draw(), imaginary: draw()) : Literal(type, doubles: draw())
}

/// The real part of the sum of products of the elements of two lists of tensors.
func inner(_ left: [Literal], _ right: [Literal]) -> Double {
  zip(left, right).reduce(0) { sum, pair in
    var sum = zip(pair.0.doubles, pair.1.doubles).reduce(sum) { $0 + $1.0 * $1.1 }
    if pair.0.type.element.isComplex {
      let imaginary = zip(pair.0.imaginaryParts, pair.1.imaginaryParts)
      sum = imaginary.reduce(sum) { $0 - $1.0 * $1.1 }
    }
    return sum
  }
}

/// Records an issue unless all numbers are within `tolerance` of the expected ones, absolute below
/// one and relative above.
func expectNear(
  _ actual: [Double], _ expected: [Double], _ tolerance: Double, _ what: String = "",
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(what): \(actual.count) numbers, not \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  let scale = max(1, expected.map(abs).max() ?? 1)
  for (position, pair) in zip(actual, expected).enumerated() {
    if !(abs(pair.0 - pair.1) <= tolerance * scale) {
      Issue.record(
        "\(what): element \(position) is \(pair.0), not \(pair.1)", sourceLocation: sourceLocation)
      return
    }
  }
}

extension Function {
  /// A function built with parameters of the given types.
  init(
    _ types: TensorType..., body: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
  ) throws {
    var builder = FunctionBuilder(name: "main")
    let parameters = types.map { builder.parameter($0) }
    let results = try body(&builder, parameters)
    self = builder.finish(returning: results)
  }

  /// This function with its last result alone.
  func keepingLastResult() -> Function {
    var function = self
    function.results = [results[results.count - 1]]
    return function
  }

  /// The scalar Σ w·r + r²/2 over the float results r of this function.
  func loss(weights: [Literal]) throws -> Function {
    var builder = FunctionBuilder(name: name)
    var copies = [ValueID](repeating: ValueID(0), count: types.count)
    for parameter in parameters { copies[parameter.index] = builder.parameter(self[parameter]) }
    for operation in operations {
      let results = try builder.copy(
        operation, operands: operation.operands.map { copies[$0.index] })
      for (result, copy) in zip(operation.results, results) { copies[result.index] = copy }
    }
    var total = try builder.constant(scalar(0))
    let floats = results.filter { self[$0].element.isInexact }
    for (result, weight) in zip(floats, weights) {
      let value = copies[result.index]
      let half = try builder.splat(0.5, self[result])
      let factor = try builder.add(
        builder.constant(weight), builder.multiply(half, value))
      let terms = try builder.multiply(factor, value)
      let sum = try builder.reduce(.add, terms, dimensions: Array(self[result].shape.indices))
      total = try builder.add(total, builder.convert(sum, to: .f64))
    }
    return builder.finish(returning: [total])
  }
}
