import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Machine code of kernels that take rows through several steps.
@Suite struct RowChainTests {
  /// With one thread and with two, to the bit; rows that no tile and no block divides.
  @Test(arguments: [ElementType.f32, .f64], TargetDescription.runnable)
  func randomChainsAgreeWithTheInterpreter(
    _ element: ElementType, _ target: TargetDescription
  ) throws {
    for (number, rows) in [5, 33, 700, 1201].enumerated() {
      let seed = UInt64(40 + number)
      let function = try randomChainFunction(
        seed: seed, element: element, rows: rows, steps: rows > 100 ? 2...4 : 3...7
      ).simplified()
      let arguments = randomArguments(for: function, seed: seed)
      let results = try runNatively(function, arguments, threads: 1, target: target)
      #expect(
        try runNatively(function, arguments, threads: 2, target: target) == results,
        "seed \(seed)")
      for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
        expectClose(
          result, expected, relative: element == .f32 ? 2e-4 : 1e-10, "seed \(seed)")
      }
    }
  }
}
