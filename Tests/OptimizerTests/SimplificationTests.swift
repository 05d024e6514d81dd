import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Simplification of programs as they come from JAX or an adjoint.
@Suite struct SimplificationTests {
  @Test func passNamesAreUnique() {
    #expect(Set(pipeline.map(\.name)).count == pipeline.count)
  }

  @Test func longChainsStayCheap() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([8], .f64))
    var values: [ValueID] = []
    for index in 0..<8 {
      let piece = try builder.emit(
        .shape(.slice(starts: [index], limits: [index + 1], strides: [1])), [x])
      values.append(try builder.reshape(piece, to: []))
    }
    var random = SplitMix64(seed: 7)
    for _ in 0..<3000 {
      let left = values[values.count - 1 - random.int(in: 0...7)]
      let right = values[values.count - 1 - random.int(in: 0...7)]
      let op = random.pick([BinaryOp.add, .multiply, .subtract, .divide])
      var value = try builder.binary(op, left, right)
      if random.oneIn(3) { value = try builder.unary(.sine, value) }
      if random.oneIn(4) {
        value = try builder.add(value, try builder.splat(1, TensorType([], .f64)))
      }
      values.append(value)
    }
    let function = builder.finish(returning: [values[values.count - 1]])
    var report: SimplificationReport? = SimplificationReport()
    let clock = ContinuousClock()
    let start = clock.now
    let simple = try function.simplified(report: &report)
    print(function.operations.count, simple.operations.count, clock.now - start)
    for row in report!.rows { print(row) }
    print(report!.sweeps)
    let start2 = clock.now
    for _ in 0..<1 { _ = try function.simplified() }
    print(clock.now - start2)
    try simple.verify()
  }
}
