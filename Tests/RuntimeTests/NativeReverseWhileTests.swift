import Differentiation
import Interpreter
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Gradients of loops whose number of iterations is an argument: snapshots, segments between them, and segments that
/// are longer than the ring that holds their states.
@Suite struct NativeReverseWhileTests {
  /// x ← x − c·x³, so many times as the last argument says; the sum of x.
  private func decay(_ count: Int) throws -> Function {
    let lanes = "tensor<\(count)xf64>"
    let module = try Module(
      parsing: """
        func.func @main(%x: \(lanes), %c: tensor<f64>, %n: tensor<i64>) -> tensor<f64> {
          %zero = stablehlo.constant dense<0> : tensor<i64>
          %w:2 = stablehlo.while(%i = %zero, %y = %x) : tensor<i64>, \(lanes)
            cond {
              %more = stablehlo.compare LT, %i, %n : (tensor<i64>, tensor<i64>) -> tensor<i1>
              stablehlo.return %more : tensor<i1>
            } do {
              %one = stablehlo.constant dense<1> : tensor<i64>
              %next = stablehlo.add %i, %one : tensor<i64>
              %square = stablehlo.multiply %y, %y : \(lanes)
              %cube = stablehlo.multiply %square, %y : \(lanes)
              %slope = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f64>) -> \(lanes)
              %change = stablehlo.multiply %slope, %cube : \(lanes)
              %z = stablehlo.subtract %y, %change : \(lanes)
              stablehlo.return %next, %z : tensor<i64>, \(lanes)
            }
          %init = stablehlo.constant dense<0.0> : tensor<f64>
          %sum = stablehlo.reduce(%w#1 init: %init) applies stablehlo.add across dimensions = [0]
            : (\(lanes), tensor<f64>) -> tensor<f64>
          return %sum : tensor<f64>
        }
        """, file: "decay.mlir")
    return try #require(module.entry)
  }

  private func gradient(_ count: Int) throws -> Function {
    try decay(count).simplified().withGradient(of: [0, 1]).simplified()
  }

  /// The value, ∂/∂x and ∂/∂c by hand.
  private func expected(_ start: [Double], _ slope: Double, _ steps: Int) -> [[Double]] {
    var (states, tangents, slopes) = (start, start.map { _ in 1.0 }, start.map { _ in 0.0 })
    for _ in 0..<steps {
      for lane in states.indices {
        let state = states[lane]
        let factor = 1 - 3 * slope * state * state
        slopes[lane] = factor * slopes[lane] - state * state * state
        tangents[lane] *= factor
        states[lane] = state - slope * state * state * state
      }
    }
    return [[states.reduce(0, +)], tangents, [slopes.reduce(0, +)]]
  }

  private func arguments(_ start: [Double], _ slope: Double, _ steps: Int) -> [Literal] {
    [
      Literal(TensorType([start.count], .f64), doubles: start),
      Literal(TensorType([], .f64), doubles: [slope]),
      Literal(TensorType([], .i64), integers: [Int64(steps)]),
    ]
  }

  @Test(
    "Any number of steps",
    arguments: [0, 1, 2, 63, 64, 65, 127, 128, 129, 200, 1000, 4096, 4097, 9000])
  func anyNumberOfSteps(_ steps: Int) throws {
    for count in [3, 50] {
      let start = (0..<count).map { 0.5 + Double($0) / Double(count) }
      let expected = expected(start, 0.01, steps)
      let function = try gradient(count)
      let arguments = arguments(start, 0.01, steps)
      for (result, expected) in zip(try runNatively(function, arguments, threads: 2), expected) {
        expectClose(
          result, Literal(result.type, doubles: expected), relative: 1e-9,
          "\(steps) steps of \(count) lanes")
      }
      guard steps <= 200, count == 3 else { continue }
      for (result, expected) in zip(try Interpreter().run(function, arguments), expected) {
        expectClose(
          result, Literal(result.type, doubles: expected), relative: 1e-9,
          "\(steps) interpreted steps")
      }
    }
  }

  @Test("Fewer snapshots give the same bits", arguments: [40, 1000])
  func fewerSnapshots(_ steps: Int) throws {
    let start = (0..<50).map { 0.5 + Double($0) / 50 }
    let arguments = arguments(start, 0.02, steps)
    let whole = try runNatively(try gradient(50), arguments, threads: 2)
    for rows in [1, 20, 100] {
      let small = try SnapshotBudget.$byteCount.withValue(rows * 400) { try gradient(50) }
      #expect(try runNatively(small, arguments, threads: 2) == whole, "\(rows) rows")
    }
  }

  @Test("There is one table, and a few states beside it")
  func oneTable() throws {
    let row = 8 * 20_000
    let report = try Executable(try gradient(20_000)).report
    #expect(report.arenaByteCount < (2 * 64 + 1 + 6) * row)
    // The loop of values fills the table: there is no second one.
    let loops = try gradient(20_000).operations.count { operation in
      if case .whileLoop = operation.op { true } else { false }
    }
    #expect(loops == 2)
  }

  @Test("Gradients of gradients go through the table")
  func secondOrder() throws {
    let start = [0.7, 0.9]
    let (slope, step) = (0.05, 1e-6)
    let function = try decay(2).simplified().withGradient(of: [1])
    let second = try function.withJVP(of: [1]).simplified()
    for steps in [3, 100] {
      let one = Literal(TensorType([], .f64), doubles: [1])
      let found = try runNatively(second, arguments(start, slope, steps) + [one], threads: 1)
      let ends = [slope + step, slope - step].map { expected(start, $0, steps)[2][0] }
      let difference = Literal(found[3].type, doubles: [(ends[0] - ends[1]) / (2 * step)])
      expectClose(found[3], difference, relative: 1e-6, "\(steps) steps")
    }
  }
}
