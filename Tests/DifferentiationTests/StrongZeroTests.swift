import Differentiation
import TensorIR
import TestSupport
import Testing

/// Zeros that a choice made stay zero, whatever slopes are on the side that was not chosen.
@Suite struct StrongZeroTests {
  /// How a program leaves out the elements where a function has no derivative.
  enum Choice: CaseIterable {
    /// select(x > 0, f(x), 0)
    case select
    /// select(x ≤ 0, 0, f(x))
    case selectOnFalse
    /// select(x > 0, select(x > −5, f(x), 0), 0)
    case nested
    /// f(max(x, 0))
    case maximum
    /// f(select(x > 0, x, 0))
    case inside
    /// The choice among reversed elements.
    case reversed
    /// The choice behind a negation, a transposition, a reshape and a reversal.
    case rearranged
    /// The choice behind a matrix of copies, whose rows are summed.
    case repeated
  }

  private static let three = TensorType([3], .f64)

  /// Functions with an infinite or undefined slope at zero, and their first two derivatives at 4.
  static let functions: [(String, Double, Double)] = [
    ("sqrt", 0.25, -0.03125), ("rsqrt", -0.0625, 0.0234375), ("log", 0.25, -0.0625),
    ("reciprocal", -0.0625, 0.03125), ("power", 0.25, -0.03125),
    ("entropy", 2.386294361119891, 0.25),
    ("cube", 0.13228342099734997, -0.02204723683289166),
  ]

  /// Emits a function by name.
  private static func emit(
    _ name: String, _ x: ValueID, _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let type = builder[x]
    switch name {
    case "sqrt": return try builder.unary(.sqrt, x)
    case "rsqrt": return try builder.unary(.rsqrt, x)
    case "log": return try builder.unary(.log, x)
    case "reciprocal": return try builder.divide(builder.splat(1, type), x)
    case "power": return try builder.binary(.power, x, builder.splat(0.5, type))
    case "entropy": return try builder.multiply(x, builder.unary(.log, x))
    case "cube":
      let third = try builder.splat(1.0 / 3, type)
      return try builder.unary(.exponential, builder.multiply(third, builder.unary(.log, x)))
    default: fatalError("no function \(name)")
    }
  }

  /// The sum of a function of the elements above zero.
  private static func function(_ name: String, _ choice: Choice) throws -> Function {
    try Function(three) { builder, parameters in
      let x = parameters[0]
      let zero = try builder.splat(0, three)
      let isAbove = try builder.compare(.greater, x, zero)
      var axes = [0]
      let value: ValueID
      switch choice {
      case .select: value = try builder.select(isAbove, emit(name, x, &builder), zero)
      case .selectOnFalse:
        let isCut = try builder.compare(.lessOrEqual, x, zero)
        value = try builder.select(isCut, zero, emit(name, x, &builder))
      case .nested:
        let isFar = try builder.compare(.greater, x, builder.splat(-5, three))
        let inner = try builder.select(isFar, emit(name, x, &builder), zero)
        value = try builder.select(isAbove, inner, zero)
      case .maximum: value = try emit(name, builder.binary(.maximum, x, zero), &builder)
      case .inside: value = try emit(name, builder.select(isAbove, x, zero), &builder)
      case .reversed:
        let reversed = try builder.emit(.shape(.reverse(dimensions: [0])), [isAbove])
        let flipped = try builder.emit(.shape(.reverse(dimensions: [0])), [emit(name, x, &builder)])
        value = try builder.select(reversed, flipped, zero)
      case .rearranged:
        let column = try builder.reshape(builder.negate(emit(name, x, &builder)), to: [3, 1])
        let row = try builder.transpose(column, permutation: [1, 0])
        let predicate = try builder.reshape(isAbove, to: [1, 3])
        let none = try builder.splat(0, TensorType([1, 3], .f64))
        value = try builder.negate(builder.select(predicate, row, none))
        axes = [0, 1]
      case .repeated:
        let quarter = try builder.splat(0.25, three)
        let term = try builder.multiply(emit(name, x, &builder), quarter)
        let rows = try builder.broadcast(term, to: [4, 3], dimensions: [1])
        let predicate = try builder.broadcast(isAbove, to: [4, 3], dimensions: [1])
        let none = try builder.splat(0, TensorType([4, 3], .f64))
        value = try builder.select(predicate, rows, none)
        axes = [0, 1]
      }
      return [try builder.reduce(.add, value, dimensions: axes)]
    }
  }

  @Test(arguments: functions, Choice.allCases)
  func theSideNotChosenHasNoSlope(_ row: (String, Double, Double), _ choice: Choice) throws {
    let function = try Self.function(row.0, choice)
    // A maximum passes half its slope, infinite here, where it is met.
    let point = choice == .maximum ? vector(-1, -2, 4) : vector(0, -2, 4)
    let expected: [Double] = [0, 0, row.1]
    let gradient = try function.withGradient(of: [0])
    expectNear(try run(gradient, [point])[1].doubles, expected, 1e-12, "gradient")
    let ones = vector(1, 1, 1)
    let tangents = try run(function.withJVP(of: [0]), [point, ones])
    expectNear(tangents[1].doubles, [row.1], 1e-12, "tangent")

    let second: [Double] = [0, 0, row.2]
    let forward = try run(gradient.withJVP(of: [0]), [point, ones])
    expectNear(forward[3].doubles, second, 1e-12, "forward over reverse")
    let backward = try run(gradient.withVJP(of: [0]), [point, scalar(0), ones])
    expectNear(backward[2].doubles, second, 1e-12, "reverse over reverse")
    let nested = try function.withJVP(of: [0]).withVJP(of: [0])
    let mixed = try run(nested, [point, ones, scalar(0), scalar(1)])
    expectNear(mixed[2].doubles, second, 1e-12, "reverse over forward")
  }

  @Test func missingDataHasNoInfluence() throws {
    // Σ where(isfinite(x), (x − m)², 0) in m, and in x.
    let function = try Function(Self.three, TensorType([], .f64)) { builder, parameters in
      let mean = try builder.broadcast(parameters[1], to: [3], dimensions: [])
      let gap = try builder.subtract(parameters[0], mean)
      let isKnown = try builder.unary(.isFinite, parameters[0])
      let square = try builder.multiply(gap, gap)
      let kept = try builder.select(isKnown, square, builder.splat(0, Self.three))
      return [try builder.reduce(.add, kept, dimensions: [0])]
    }
    let found = try run(
      function.withGradient(of: [0, 1]), [vector(.nan, .infinity, 3), scalar(1)])
    #expect(found.map(\.doubles) == [[4], [0, 0, 4], [-4]])
  }

  @Test func flagsThatMultiplyAreMasks() throws {
    // Σ convert(x > 0) · sqrt(x) at 0 and 4.
    let function = try Function(Self.three) { builder, parameters in
      let isAbove = try builder.compare(.greater, parameters[0], builder.splat(0, Self.three))
      let flags = try builder.convert(isAbove, to: .f64)
      let value = try builder.multiply(flags, builder.unary(.sqrt, parameters[0]))
      return [try builder.reduce(.add, value, dimensions: [0])]
    }
    let found = try run(function.withGradient(of: [0]), [vector(0, 4, 16)])
    #expect(found[1].doubles == [0, 0.25, 0.125])
  }

  @Test func whatIsNotReadHasNoSlope() throws {
    // Slices, a gather and a padding that read past the zero, whose root has an infinite slope.
    typealias Body = (inout FunctionBuilder, ValueID) throws -> ValueID
    let bodies: [Body] = [
      { try $0.emit(.shape(.slice(starts: [1], limits: [3], strides: [1])), [$1]) },
      { try $0.emit(.shape(.slice(starts: [1], limits: [3], strides: [2])), [$1]) },
      { builder, root in
        let indices = try builder.constant(
          Literal(TensorType([2, 1], .i32), integers: [1, 1]))
        let gather = GatherDimensions(
          offsetDims: [], collapsedSliceDims: [0], operandBatchingDims: [],
          startIndicesBatchingDims: [], startIndexMap: [0], indexVectorDim: 1, sliceSizes: [1])
        return try builder.emit(.gather(gather), [root, indices])
      },
      { builder, root in
        let zero = try builder.splat(0, TensorType([], .f64))
        return try builder.emit(.shape(.pad(low: [-1], high: [2], interior: [1])), [root, zero])
      },
    ]
    let expected: [[Double]] = [[0, 0.25, 0.125], [0, 0.25, 0], [0, 0.5, 0], [0, 0.25, 0.125]]
    for (body, slopes) in zip(bodies, expected) {
      let function = try Function(Self.three) { builder, parameters in
        let part = try body(&builder, builder.unary(.sqrt, parameters[0]))
        return [try builder.reduce(.add, part, dimensions: [0])]
      }
      let found = try run(function.withGradient(of: [0]), [vector(0, 4, 16)])
      #expect(found[1].doubles == slopes)
    }
  }

  @Test func aNormBehindAChoiceHasSlopeZeroAtZero() throws {
    // where(n > 0, sqrt(n), 0) for n = Σ x², and the same for rows of a matrix, kept and repeated.
    let rows = TensorType([2, 2], .f64)
    let function = try Function(rows) { builder, parameters in
      let square = try builder.multiply(parameters[0], parameters[0])
      let sums = try builder.reduce(.add, square, dimensions: [1])
      let zero = try builder.splat(0, TensorType([2], .f64))
      let isAbove = try builder.compare(.greater, sums, zero)
      let wide = try builder.broadcast(
        builder.unary(.sqrt, sums), to: [2, 2], dimensions: [0])
      let choice = try builder.broadcast(isAbove, to: [2, 2], dimensions: [0])
      let unit = try builder.divide(parameters[0], wide)
      let safe = try builder.select(choice, unit, builder.splat(0, rows))
      let norm = try builder.select(isAbove, builder.unary(.sqrt, sums), zero)
      let total = try builder.reduce(.add, norm, dimensions: [0])
      return [try builder.add(total, builder.reduce(.add, safe, dimensions: [0, 1]))]
    }
    let point = Literal(rows, doubles: [0, 0, 3, 4])
    let gradient = try function.withGradient(of: [0])
    // The norm's slope is x/|x|; that of x₁/|x| + x₂/|x| is (1, 1)/|x| − x (x₁ + x₂)/|x|³.
    let expected: [Double] = [0, 0, 0.6 + 0.2 - 0.168, 0.8 + 0.2 - 0.224]
    expectNear(try run(gradient, [point])[1].doubles, expected, 1e-12)
    let second = try run(gradient.withVJP(of: [0]), [point, scalar(0), point])
    #expect(second[2].doubles.allSatisfy { $0.isFinite })
  }

  @Test func polynomialsBehindNestedChoicesHaveNoSlope() throws {
    // where(x < 4, 2 x, where(x < 8, p(u) / q(u), p(u) · q(u))) with u = 1 / x², at x = 0.
    let type = TensorType([], .f64)
    let function = try Function(type) { builder, parameters in
      let x = parameters[0]
      let u = try builder.divide(builder.splat(1, type), builder.multiply(x, x))
      let polynomials = try [1.0, 2].map { first in
        var value = try builder.splat(first, type)
        for power in 1...9 {
          let term = try builder.splat(first + Double(power) / 8, type)
          value = try builder.add(builder.multiply(value, u), term)
        }
        return value
      }
      let quotient = try builder.divide(polynomials[0], polynomials[1])
      let product = try builder.multiply(polynomials[0], polynomials[1])
      let isNear = try builder.compare(.less, x, builder.splat(8, type))
      let far = try builder.select(isNear, quotient, product)
      let isSmall = try builder.compare(.less, x, builder.splat(4, type))
      return [try builder.select(isSmall, builder.add(x, x), far)]
    }
    let gradient = try function.withGradient(of: [0])
    #expect(try run(gradient, [scalar(0)])[1].doubles == [2])
    for point in [5.0, 9] { try DerivativeCheck(function, [scalar(point)]).expectFirstOrder() }
  }

  @Test func aDerivativeThatHappensToBeZeroKeepsItsOwn() throws {
    // (x − 1)² · sqrt(x) at x = 1: the cotangent of the root is zero, its derivative is not.
    let function = try Function(TensorType([], .f64)) { builder, parameters in
      let gap = try builder.subtract(parameters[0], builder.splat(1, TensorType([], .f64)))
      let square = try builder.multiply(gap, gap)
      return [try builder.multiply(square, builder.unary(.sqrt, parameters[0]))]
    }
    let second = try function.withGradient(of: [0]).withGradientOfResult(1)
    let found = try run(second, [scalar(1)])
    #expect(found[2].doubles == [2])
  }
}

extension Function {
  /// This function and the gradient of one of its scalar results.
  func withGradientOfResult(_ result: Int) throws -> Function {
    var function = self
    function.results.swapAt(0, result)
    return try function.withGradient(of: [0])
  }
}
