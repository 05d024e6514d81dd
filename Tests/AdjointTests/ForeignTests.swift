import Adjoint
import Foundation
import Synchronization
import Testing

/// C functions and closures as operations on tensors, and compiled functions as C functions.
struct ForeignTests {
  private let x = Tensor<Double>([1, 2, 3])

  /// memcpy(out, in, bytes) of the C library: linear, so its own derivative.
  private func copy(_ count: Int, from operand: Int = 0) -> ForeignFunction {
    foreign("memcpy", [.output(0), .input(operand), .integer(8 * count)])
  }

  @Test func functionsOfTheProcess() throws {
    let power = foreign("pow", [.value(0), .value(1)], returning: .output(0))
    let result: Tensor<Double> = power(Tensor<Double>(2), Tensor<Double>(10), shape: [])
    #expect(try result.scalars() == [1024])
    let same: Tensor<Double> = copy(3)(x, shape: [3])
    #expect(try same.scalars() == [1, 2, 3])
    let step = jit { (x: Tensor<Double>) -> Tensor<Double> in
      let y: Tensor<Double> = copy(3)(x * 2, shape: [3])
      return y + 1
    }
    #expect(try step(x).scalars() == [3, 5, 7])
  }

  @Test func derivativesByFunctionsAndRules() throws {
    let twin = copy(3).differentiated(forward: copy(3, from: 1), reverse: copy(3, from: 1))
    let found = try gradient(at: x) { x in
      let y: Tensor<Double> = twin(x * x, shape: [3])
      return (y * y).sum()
    }
    #expect(try found.scalars() == [4, 32, 108])
    let exponential = foreign("exp", [.value(0)], returning: .output(0)).differentiated {
      (operands: [Tensor<Double>], tangents: [Tensor<Double>]) in
      [
        exp(operands[0]) * tangents[0]
      ]
    }
    let slope = try gradient(at: Tensor<Double>(0.5)) { x -> Tensor<Double> in
      exponential(x, shape: [])
    }
    let expected: Double = Foundation.exp(0.5)
    let error = abs(try slope.scalars()[0] - expected)
    #expect(error < 1e-15)
    #expect(throws: AdjointError.self) {
      try gradient(at: x) { x in
        let y: Tensor<Double> = copy(3)(x, shape: [3])
        return y.sum()
      }
    }
    let oneWay = copy(3).differentiated(reverse: copy(3, from: 1))
    #expect(throws: AdjointError.self) {
      try differential(at: x) { x -> Tensor<Double> in oneWay(x, shape: [3]) }(x)
    }
  }

  @Test func manyExamplesAreALoop() throws {
    let power = foreign("pow", [.value(0), .value(1)], returning: .output(0))
    let bases = Tensor<Double>([2, 3, 4])
    let squares = try vmap { (base: Tensor<Double>) -> Tensor<Double> in
      power(base, Tensor<Double>(2), shape: [])
    }(bases)
    #expect(try squares.scalars() == [4, 9, 16])
  }

  @Test func mistakesAreErrors() throws {
    let missing = foreign("adjoint_no_such_function", [.input(0), .output(0)])
    let absent = foreign("f", in: "libadjoint_no_such_library.so", [.input(0), .output(0)])
    for function in [missing, absent] {
      let result: Tensor<Double> = function(x, shape: [3])
      let error = #expect(throws: AdjointError.self) { try result.scalars() }
      #expect(error?.location.isKnown == true)
    }
    let wrong = foreign("memcpy", [.output(0), .input(4), .integer(8)])
    let result: Tensor<Double> = wrong(x, shape: [3])
    #expect(throws: AdjointError.self) { try result.scalars() }
    // abs(3) is a status other than zero.
    let failing = foreign("abs", [.integer32(3), .output(0)], returning: .status, effects: true)
    let never: Tensor<Double> = failing(x, shape: [3])
    do {
      _ = try never.scalars()
      Issue.record("the function fails")
    } catch let error as AdjointError {
      #expect(error.message.contains("abs failed with status 3"))
      #expect(error.location.isKnown)
    }
  }

  // MARK: Closures

  private struct Stop: Error {}

  @Test func closuresAreCalledEachTime() throws {
    let calls = Mutex(0)
    let log = foreign(closure: "log", effects: true) { values in
      calls.withLock { $0 += 1 }
      return values
    }
    let step = jit { (x: Tensor<Double>) -> Tensor<Double> in
      let unused: Tensor<Double> = log(x, shape: [3])
      _ = unused
      return x * 2
    }
    for _ in 0..<3 { _ = try step(x) }
    #expect(calls.withLock { $0 } == 3)
  }

  /// Loops and branches stay that are there for an effect only, in functions that are computed at once too.
  @Test func effectsWithoutResultsStay() throws {
    let calls = Mutex(0)
    let log = foreign(closure: "log", effects: true) { values in
      calls.withLock { $0 += 1 }
      return values
    }
    let branch = jit { (x: Tensor<Double>) -> Tensor<Double> in
      _ = try cond(
        x.sum() .> 0, { () -> Tensor<Double> in log(x, shape: [3]) }, { () -> Tensor<Double> in x })
      return x * 2
    }
    for _ in 0..<3 { _ = try branch(x) }
    #expect(calls.withLock { $0 } == 3)
    _ = try branch(-x)
    #expect(calls.withLock { $0 } == 3)
    let loop = jit { (x: Tensor<Double>) -> Tensor<Double> in
      _ = try scan(Tensor<Double>(0), over: x) { state, element in
        let unused: Tensor<Double> = log(element, shape: [])
        return (state, unused)
      }
      return x * 2
    }
    _ = try loop(x)
    #expect(calls.withLock { $0 } == 6)
    _ = try gradient(at: x) { x -> Tensor<Double> in
      let unused: Tensor<Double> = log(withoutDerivative(at: x), shape: [3])
      _ = unused
      return x.sum()
    }
    #expect(calls.withLock { $0 } == 7)
  }

  @Test func closuresThatThrowEndTheCall() throws {
    let calls = Mutex(0)
    let check = foreign(closure: "check", effects: true) { values in
      let count = calls.withLock { calls in
        calls += 1
        return calls
      }
      if count == 5 { throw Stop() }
      return values
    }
    let loop = jit { (x: Tensor<Double>) throws -> Tensor<Double> in
      try scan(x, count: 100) { state, _ in
        let next: Tensor<Double> = check(state * 1.5, shape: [3])
        return (next, next.sum())
      }.0
    }
    #expect(throws: Stop.self) { try loop(x) }
    #expect(calls.withLock { $0 } == 5)
    // The next call starts anew.
    #expect(try loop(x).scalars()[0].isFinite)
  }

  @Test func closuresMayCallCompiledFunctions() async throws {
    let inner = jit { (x: Tensor<Double>) in (x * x).sum() }
    let nested = foreign(closure: "nested") { values in
      [try inner(Tensor<Double>(values[0])).data()]
    }
    let outer = jit { (x: Tensor<Double>) -> Tensor<Double> in nested(x + 1, shape: []) }
    let results = try await withThrowingTaskGroup(of: Double.self) { group in
      for number in 0..<16 {
        group.addTask {
          let argument = Tensor<Double>([Double(number), 0, 0])
          return try outer(argument).scalars()[0]
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let expected = (0..<16).map { number -> Double in Double((number + 1) * (number + 1) + 2) }
    #expect(results.sorted() == expected)
  }

  // MARK: C functions

  private typealias Objective =
    @convention(c) (
      UInt32, UnsafePointer<Double>?, UnsafeMutablePointer<Double>?, UnsafeMutableRawPointer?
    ) -> Double

  private func rosenbrock() throws -> CFunction {
    try CFunction(
      shapes: [[2]],
      [.ignored(.i32), .argument(0), .result(1), .ignoredPointer], returning: .result(0)
    ) { (values: [Tensor<Double>]) in
      let (value, slope) = try valueWithGradient(at: values[0]) { x in
        let (first, second) = (x[0], x[1])
        return square(1 - first) + 100 * square(second - square(first))
      }
      return [value, slope]
    }
  }

  @Test func aCFunctionGivesValueAndGradient() throws {
    let function = try rosenbrock()
    let objective = unsafeBitCast(function.address, to: Objective.self)
    let point = [-1.0, 2.0]
    var slope = [0.0, 0.0]
    #expect(objective(2, point, &slope, nil) == 104)
    #expect(slope == [396, 200])
    // A null pointer where the gradient is not wanted.
    #expect(objective(2, point, nil, nil) == 104)
    #expect(function.takeError() == nil)
    #expect(objective(2, nil, nil, nil).isNaN)
    #expect(function.takeError() is AdjointError)
  }

  /// A small solver that takes a C function: steps along the gradient, halved until the value falls.
  private func minimized(_ objective: Objective, from start: [Double]) -> [Double] {
    var point = start
    var slope = [0.0, 0.0]
    for _ in 0..<20_000 {
      let value = objective(2, point, &slope, nil)
      var length = 1.0
      while length > 1e-16 {
        let next = zip(point, slope).map { $0 - length * $1 }
        if objective(2, next, nil, nil) < value {
          point = next
          break
        }
        length /= 2
      }
      if length <= 1e-16 { break }
    }
    return point
  }

  @Test func aSolverMinimizes() throws {
    let function = try rosenbrock()
    let objective = unsafeBitCast(function.address, to: Objective.self)
    let found = minimized(objective, from: [-1, 1.5])
    #expect(abs(found[0] - 1) < 1e-2 && abs(found[1] - 1) < 2e-2)
  }

  /// NLopt, where it is installed.
  @Test(.enabled(if: dlopen("libnlopt.so.0", RTLD_NOW) != nil))
  func nloptMinimizes() throws {
    typealias Create = @convention(c) (Int32, UInt32) -> OpaquePointer?
    typealias Named = @convention(c) (UnsafePointer<CChar>) -> Int32
    typealias SetObjective =
      @convention(c) (OpaquePointer?, UnsafeRawPointer, UnsafeMutableRawPointer?) -> Int32
    typealias SetTolerance = @convention(c) (OpaquePointer?, Double) -> Int32
    typealias Optimize =
      @convention(c) (OpaquePointer?, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>)
      -> Int32
    typealias Destroy = @convention(c) (OpaquePointer?) -> Void
    let library = try #require(dlopen("libnlopt.so.0", RTLD_NOW))
    func function<Function>(_ name: String, as _: Function.Type) throws -> Function {
      unsafeBitCast(try #require(dlsym(library, name)), to: Function.self)
    }
    let algorithm = try function("nlopt_algorithm_from_string", as: Named.self)("LD_LBFGS")
    let solver = try function("nlopt_create", as: Create.self)(algorithm, 2)
    let objective = try rosenbrock()
    let setObjective = try function("nlopt_set_min_objective", as: SetObjective.self)
    #expect(setObjective(solver, objective.address, nil) > 0)
    let setTolerance = try function("nlopt_set_xtol_rel", as: SetTolerance.self)
    #expect(setTolerance(solver, 1e-10) > 0)
    var point = [-1.0, 1.5]
    var value = 0.0
    let status = try function("nlopt_optimize", as: Optimize.self)(solver, &point, &value)
    #expect(status > 0)
    #expect(abs(point[0] - 1) < 1e-6 && abs(point[1] - 1) < 1e-6 && value < 1e-12)
    try function("nlopt_destroy", as: Destroy.self)(solver)
    #expect(objective.takeError() == nil)
  }

  // MARK: Text

  @Test func customCallsNameForeignFunctions() throws {
    let text = """
      func.func @main(%arg0: tensor<4xf64>) -> tensor<4xf64> {
        %0 = stablehlo.custom_call @same(%arg0) : (tensor<4xf64>) -> tensor<4xf64>
        return %0 : tensor<4xf64>
      }
      """
    #expect(throws: AdjointError.self) { try Program(parsing: text, file: "f.mlir") }
    let program = try Program(
      parsing: text, file: "f.mlir", foreign: ["same": ":memcpy:out0,in0,32->void"])
    let argument = try Tensor<Double>([1, 2, 3, 4]).data()
    for engine in [Engine.native, .interpreter] {
      #expect(try program.compile(engine: engine).call([argument])[0].doubles == [1, 2, 3, 4])
    }
    for signature in ["memcpy", ":memcpy:out0", ":memcpy:zebra->void", ":memcpy:in0->nowhere"] {
      #expect(throws: AdjointError.self) {
        try Program(parsing: text, file: "f.mlir", foreign: ["same": signature])
      }
    }
  }
}
