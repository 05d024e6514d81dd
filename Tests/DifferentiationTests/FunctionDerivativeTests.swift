import Differentiation
import TensorIR
import TestSupport
import Testing

/// Signatures, zeros, names, places and errors of derived functions.
@Suite struct FunctionDerivativeTests {
  private static let float = TensorType([], .f64)
  private static let three = TensorType([3], .f64)

  @Test func signatures() throws {
    let whole = TensorType([2], .i32)
    let function = try Function(Self.float, whole, Self.three) { builder, parameters in
      let wide = try builder.broadcast(parameters[0], to: [3], dimensions: [])
      let product = try builder.multiply(wide, parameters[2])
      return [parameters[0], parameters[1], product]
    }
    let jvp = try function.withJVP(of: [2, 0])
    #expect(jvp.name == "main_jvp")
    #expect(jvp.parameterTypes == [Self.float, whole, Self.three, Self.three, Self.float])
    #expect(jvp.resultTypes == [Self.float, whole, Self.three, Self.float, Self.three])
    let vjp = try function.withVJP(of: [2, 0])
    #expect(vjp.name == "main_vjp")
    #expect(vjp.parameterTypes == [Self.float, whole, Self.three, Self.float, Self.three])
    #expect(vjp.resultTypes == [Self.float, whole, Self.three, Self.three, Self.float])
    let gradient = try function.withGradient(of: [0, 2])
    #expect(gradient.name == "main_gradient")
    #expect(gradient.parameterTypes == function.parameterTypes)
    #expect(gradient.resultTypes == [Self.float, whole, Self.three, Self.float, Self.three])
    let integers = Literal(whole, integers: [8, 9])
    let found = try run(gradient, [scalar(2), integers, vector(3, 4, 5)])
    #expect(found[1] == integers)
    #expect(found[2].doubles == [6, 8, 10])
    #expect(found[3].doubles == [1])
    #expect(found[4] == Literal(Self.three, filledWith: 0))
  }

  @Test func parametersWithoutInfluenceHaveZeroDerivatives() throws {
    let function = try Function(Self.float, Self.three) { builder, parameters in
      [try builder.unary(.sine, parameters[0]), try builder.unary(.sign, parameters[1])]
    }
    let gradient = try run(function.withGradient(of: [1]), [scalar(1), vector(1, 2, 3)])
    #expect(gradient[2] == Literal(Self.three, filledWith: 0))
    let direction = vector(1, 1, 1)
    let tangents = try run(function.withJVP(of: [1]), [scalar(1), vector(1, 2, 3), direction])
    #expect(tangents[2] == scalar(0))
    #expect(tangents[3] == Literal(Self.three, filledWith: 0))
  }

  @Test func aParameterNamedTwice() throws {
    let function = try Function(Self.float) { [try $0.multiply($1[0], $1[0])] }
    let gradient = try run(function.withGradient(of: [0, 0]), [scalar(3)])
    #expect(gradient.map { $0.doubles[0] } == [9, 6, 6])
    let tangents = try run(function.withJVP(of: [0, 0]), [scalar(3), scalar(1), scalar(10)])
    #expect(tangents[1].doubles == [66])
  }

  @Test func noParametersAtAll() throws {
    let function = try Function(Self.float) { [$1[0]] }
    #expect(try run(function.withJVP(of: []), [scalar(3)]).map { $0.doubles } == [[3], [0]])
    #expect(try run(function.withGradient(of: []), [scalar(3)]).map { $0.doubles } == [[3]])
    #expect(try run(function.withVJP(of: []), [scalar(3), scalar(1)]).map { $0.doubles } == [[3]])
  }

  @Test func severalResultsAndOneUsedTwice() throws {
    let function = try Function(Self.float, Self.float) { builder, parameters in
      let product = try builder.multiply(parameters[0], parameters[1])
      return [product, try builder.unary(.square, product), product]
    }
    let seeds = [scalar(1), scalar(10), scalar(100)]
    let found = try run(function.withVJP(of: [0, 1]), [scalar(2), scalar(3)] + seeds)
    // The cotangent of the product is 1 + 100 + 2 · 6 · 10.
    let expected: [Double] = [6, 36, 6, 3 * 221, 2 * 221]
    #expect(found.map { $0.doubles[0] } == expected)
  }

  @Test func onlyTheFirstResultIsALoss() throws {
    let function = try Function(Self.float) { builder, parameters in
      [try builder.unary(.sine, parameters[0]), try builder.unary(.exponential, parameters[0])]
    }
    let gradient = try function.withGradient(of: [0])
    // sine, exponential, cosine, the seed and one product: no work for the second result.
    #expect(gradient.operations.count == 5)
  }

  @Test func derivativeOpsKeepTheirOpsPlaces() throws {
    var builder = FunctionBuilder(name: "main", location: SourceLocation(file: "f.mlir", line: 1))
    let x = builder.parameter(Self.float)
    builder.location = SourceLocation(file: "f.mlir", line: 2)
    let sine = try builder.unary(.sine, x)
    builder.location = SourceLocation(file: "f.mlir", line: 3)
    let function = builder.finish(returning: [try builder.unary(.exponential, sine)])
    let gradient = try function.withGradient(of: [0])
    let places = gradient.operations.map { "\($0.op.mnemonic.dropFirst(10)) \($0.location.line)" }
    #expect(
      places == ["sine 2", "exponential 3", "constant 1", "multiply 3", "cosine 2", "multiply 2"])
  }

  @Test func nothingIsComputedThatNoGradientNeeds() throws {
    // A dead branch, a factor's own tangent, and a value that only a piecewise constant op reads.
    let function = try Function(Self.float, Self.float) { builder, parameters in
      _ = try builder.unary(.tanh, parameters[0])
      let scaled = try builder.multiply(parameters[0], parameters[1])
      let steps = try builder.unary(.floor, builder.unary(.erf, scaled))
      return [try builder.multiply(steps, parameters[0])]
    }
    let gradient = try function.withGradient(of: [0])
    #expect(gradient.operations.count == function.operations.count + 2)
    #expect(try function.withJVP(of: [0]).operations.count == function.operations.count + 1)
  }

  @Test func gradientsGrowLinearly() throws {
    func operations(_ depth: Int) throws -> Int {
      let function = try Function(Self.float) { builder, parameters in
        var values = [parameters[0], parameters[0]]
        for _ in 0..<depth {
          let next = try builder.multiply(values[values.count - 1], values[values.count - 2])
          values.append(try builder.unary(.sine, next))
        }
        return [values[values.count - 1]]
      }
      return try function.withGradient(of: [0]).operations.count
    }
    let (short, long, longest) = (try operations(50), try operations(100), try operations(200))
    #expect(longest - long == 2 * (long - short))
  }

  // MARK: Errors

  @Test func errors() throws {
    var builder = FunctionBuilder(name: "f", location: SourceLocation(file: "f.mlir", line: 7))
    let x = builder.parameter(TensorType([3], .f32))
    let index = builder.parameter(TensorType([3], .i32))
    let vector = builder.finish(returning: [x])
    let cases: [(Function, [Int], String)] = [
      (
        vector, [0],
        "f.mlir:7: result 0 of @f is tensor<3xf32>, not a scalar float; "
          + "--grad needs a scalar loss"
      ),
      (vector, [2], "f.mlir:7: parameter 2 is out of range: @f has 2 parameters"),
      (vector, [-1], "f.mlir:7: parameter -1 is out of range: @f has 2 parameters"),
      (
        vector, [0, 1],
        "f.mlir:7: parameter 1 of @f is tensor<3xi32>; "
          + "only floats can be differentiated"
      ),
      (
        builder.finish(returning: [index]), [0],
        "f.mlir:7: result 0 of @f is tensor<3xi32>, not a scalar float; --grad needs a scalar loss"
      ),
      (
        builder.finish(returning: []), [0],
        "f.mlir:7: @f has no result; --grad needs a scalar loss"
      ),
    ]
    for (function, parameters, message) in cases {
      let error = #expect(throws: AdjointError.self) {
        try function.withGradient(of: parameters)
      }
      #expect(error?.description == message)
    }
  }

  @Test func callsMustBeInlined() throws {
    let place = SourceLocation(file: "f.mlir", line: 9, column: 5)
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(Self.float)
    let call = Op.call(Callee("relu", resultTypes: [Self.float]))
    let results = try builder.emitAll(call, [x], at: place)
    let function = builder.finish(returning: results)
    for derive in [function.withGradient, function.withVJP, function.withJVP] {
      let error = #expect(throws: AdjointError.self) { try derive([0]) }
      #expect(
        error?.description
          == "f.mlir:9:5: the call of @relu must be inlined before differentiating")
      #expect(error?.kind == .unsupported)
    }
  }
}
