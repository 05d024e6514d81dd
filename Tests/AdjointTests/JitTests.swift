@testable import Adjoint
import Testing

/// Tracing, signatures, captures and nesting.
struct JitTests {
  @Test func compilesOncePerSignature() throws {
    let calls = CallCounter()
    let double = jit { (x: Tensor<Float>) in
      calls.count += 1
      return 2 * x
    }
    #expect(try double(Tensor([1, 2])).scalars() == [2, 4])
    #expect(try double(Tensor([3, 4])).scalars() == [6, 8])
    #expect(calls.count == 1)
    #expect(try double(Tensor([1, 2, 3])).scalars() == [2, 4, 6])
    #expect(try double(Tensor([5, 6])).scalars() == [10, 12])
    #expect(calls.count == 2)
    #expect(
      double.explain() == """
        1. (tensor<2xf32>): first call
        2. (tensor<3xf32>): tensor 0 is tensor<3xf32> instead of tensor<2xf32>
        """)
    let lines = double.explain(costs: true).split(separator: "\n")
    #expect(lines.count == 2)
    for line in lines {
      for stage in ["trace", "transform", "plan", "codegen", "link"] {
        #expect(line.contains(" \(stage) "))
      }
    }
  }

  @Test func deferredArgumentsAreEvaluated() throws {
    let double = jit { (x: Tensor<Float>) in 2 * x }
    let deferred = Tensor<Float>([1, 2]) + 1
    #expect(try double(deferred).scalars() == [4, 6])
    #expect(try double(double(deferred)).scalars() == [8, 12])
  }

  @Test func capturedTensorsAreArguments() throws {
    let table = Tensor<Double>([1, 2, 3])
    let deferred = table * 10
    let scale = Tensor<Double>(7)
    let function = jit { (x: Tensor<Double>) in x * table + deferred * scale + table }
    #expect(try function(Tensor([1, 1, 2])).scalars() == [72, 144, 219])
    #expect(try function(1).scalars() == [72, 144, 216])
  }

  @Test func severalResults() throws {
    let both = jit { (x: Tensor<Double>, y: Tensor<Double>) in (x + y, x * y, y) }
    let (sum, product, same) = try both(3, 4)
    #expect(try [sum, product, same].map { try $0.item() } == [7, 12, 4])
  }

  @Test func compiledFunctionsNest() throws {
    let square = jit { (x: Tensor<Double>) in x * x }
    let outer = jit { (x: Tensor<Double>) in
      let scaled = jit { (y: Tensor<Double>) in y * x }
      return try square(x) + scaled(3) + square(2)
    }
    #expect(try outer(5).item() == 25 + 15 + 4)
    #expect(try gradient(of: { (x: Tensor<Double>) in try outer(x) })(5).item() == 10 + 3)
    #expect(try jit(gradient(of: { (x: Tensor<Double>) in try square(x) }))(5).item() == 10)
  }

  @Test func nestedGradientsSeeOuterValues() throws {
    // d/dx [x · d/dy (x·y²)|y=x] = d/dx 2x³ = 6x².
    let function = { @Sendable (x: Tensor<Double>) in
      let inner = try gradient(of: { (y: Tensor<Double>) in x * y * y })(x)
      return x * inner
    }
    #expect(try gradient(of: function)(3).item() == 54)
    #expect(try jit(gradient(of: function))(3).item() == 54)
    // The inner derivative does not see the outer one: d/dx [x · d/dy (x + y)] = 1.
    let confusing = { @Sendable (x: Tensor<Double>) in
      x * (try gradient(of: { (y: Tensor<Double>) in x + y })(1))
    }
    #expect(try gradient(of: confusing)(1).item() == 1)
    #expect(try jit(gradient(of: confusing))(1).item() == 1)
  }

  @Test func mixedModes() throws {
    // f(x) = sin(x)·x: f' = cos(x)·x + sin(x), f'' = 2cos(x) − x·sin(x).
    let function = { @Sendable (x: Tensor<Double>) in sin(x) * x }
    let slope = { @Sendable (x: Tensor<Double>) in try gradient(of: function)(x) }
    let second = 2 * 0.5403023058681398 - 0.8414709848078965
    let forwardOverReverse = try differential(at: Tensor(1.0), of: slope)(1)
    #expect(abs(try forwardOverReverse.item() - second) < 1e-14)
    let reverseOverForward = try gradient(of: { (x: Tensor<Double>) in
      try differential(at: x, of: function)(1)
    })(1)
    #expect(abs(try reverseOverForward.item() - second) < 1e-14)
    let compiled = jit { (x: Tensor<Double>) in
      let back = try pullback(at: x, of: slope)
      return try back(1)
    }
    #expect(abs(try compiled(1).item() - second) < 1e-14)
  }

  @Test func callsFromSeveralTasks() async throws {
    let function = jit { (x: Tensor<Double>) in (x * x).sum() }
    let values = try await withThrowingTaskGroup(of: (Int, Double).self) { group in
      for count in 1...16 {
        group.addTask {
          (count, try function(Tensor<Double>.full([count % 4 + 1], Double(count))).item())
        }
      }
      var values = [Int: Double]()
      for try await (count, value) in group { values[count] = value }
      return values
    }
    for count in 1...16 {
      #expect(values[count] == Double(count * count * (count % 4 + 1)))
    }
  }
}

/// How often a closure ran.
final class CallCounter: @unchecked Sendable {
  var count = 0
}
