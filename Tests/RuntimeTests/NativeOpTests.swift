import Foundation
import Interpreter
import Targets
import TensorIR
import TestSupport
import Testing

/// Machine code against the interpreter, for every row of the op table.
@Suite struct NativeOpTests {
  /// The cases to run a processor's code for: for others than this one without integers that differ from
  /// others in their width alone.
  private static func cases(_ row: OpRow, _ target: TargetDescription) -> [OpCase] {
    guard target != .host, !isExhaustive else { return row.cases }
    return row.cases.filter { !ElementType.rareIntegers.contains($0.element) }
  }

  @Test(arguments: opTable, TargetDescription.runnable)
  func agreesWithTheInterpreter(_ row: OpRow, _ target: TargetDescription) throws {
    let cases = Self.cases(row, target)
    let functions = try cases.map { try $0.function() }
    let arguments = functions.map { row.arguments(for: $0, seed: 11) }
    let results = try runNatively(
      combination(of: functions), arguments.flatMap { $0 }, target: target)
    for (position, function) in functions.enumerated() {
      let expected = try Interpreter().run(function, arguments[position])
      expectClose(results[position], expected[0], row.tolerance, "\(cases[position])")
    }
  }

  /// Sums and products of special values depend on the order, so reductions, products, windows,
  /// transforms and decompositions are left out; everything else must treat NaN, infinities, zeros and
  /// subnormal numbers alike.
  @Test(
    arguments: opTable.filter { row in
      ![
        "reduce", "dot", "matrix", "fft", "window_scatter", "multiply of complex",
        "square of complex",
      ].contains { row.name.hasPrefix($0) }
    },
    TargetDescription.runnable)
  func agreesOnSpecialValues(_ row: OpRow, _ target: TargetDescription) throws {
    let cases = Self.cases(row, target)
    let functions = try cases.map { try $0.function() }
    let arguments = functions.map { row.specialArguments(for: $0, seed: 3) }
    let results = try runNatively(
      combination(of: functions), arguments.flatMap { $0 }, target: target)
    for (position, function) in functions.enumerated() {
      let expected = try Interpreter().run(function, arguments[position])
      expectClose(results[position], expected[0], row.tolerance, "\(cases[position])")
    }
  }
}
