import Differentiation
import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Machine code of programs on short rows, over sizes around vectors and squares.
@Suite struct NativeShortRowTests {
  @Test(arguments: ShortRows.allCases, TargetDescription.runnable)
  func agreeWithTheInterpreter(_ rows: ShortRows, _ target: TargetDescription) throws {
    let elements = [ElementType.f32, .f64] + (rows == .spread ? [.i32, .i64] : [])
    for element in elements {
      let functions = try ShortRows.sizes.map {
        try rows.function(rows: $0.rows, columns: $0.columns, element)
      }
      let arguments = functions.map { randomArguments(for: $0, seed: 6) }
      let results = try runNatively(
        combination(of: functions), arguments.flatMap { $0 }, target: target)
      var position = 0
      for (number, function) in functions.enumerated() {
        for expected in try Interpreter().run(function, arguments[number]) {
          expectClose(
            results[position], expected, element, "\(element) of \(ShortRows.sizes[number])")
          position += 1
        }
      }
    }
  }

  /// Enough rows for several blocks, the last one cut off.
  @Test(arguments: [ElementType.f32, .f64], TargetDescription.runnable)
  func blocksAreTheSameForAllThreads(
    _ element: ElementType, _ target: TargetDescription
  ) throws {
    for rows in ShortRows.allCases {
      let function = try rows.function(rows: 4011, columns: 10, element)
      let arguments = randomArguments(for: function, seed: 7)
      let results = try runNatively(function, arguments, threads: 1, target: target)
      for threads in [2, 3, 4] {
        #expect(
          try runNatively(function, arguments, threads: threads, target: target) == results,
          "\(rows)")
      }
      for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
        expectClose(result, expected, element, "\(rows)")
      }
    }
  }

  /// Memory taken over from operands that die, and from donated arguments, changes no bit.
  @Test(arguments: ShortRows.allCases)
  func donationChangesNoBit(_ rows: ShortRows) throws {
    for size in [(40, 10), (35, 16)] {
      let function = try rows.function(rows: size.0, columns: size.1, .f32)
      let arguments = randomArguments(for: function, seed: 8)
      #expect(
        try runNatively(function, arguments, donated: [0, 1, 2])
          == runNatively(function, arguments), "\(size)")
    }
  }

  private func expectClose(
    _ result: Literal, _ expected: Literal, _ element: ElementType, _ comment: String
  ) {
    let tolerance = element == .f64 ? 1e-11 : element == .f32 ? 1e-4 : 0
    TestSupport.expectClose(result, expected, relative: tolerance, "\(comment)")
  }
}
