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

  /// Sums and products of special values depend on the order, so reductions, products, windows,
  /// transforms and decompositions are left out; everything else must treat NaN, infinities, zeros and
  /// subnormal numbers alike.
  private static func takesSpecialValues(_ row: OpRow) -> Bool {
    ![
      "reduce", "dot", "matrix", "fft", "window_scatter", "multiply of complex",
      "square of complex",
    ].contains { row.name.hasPrefix($0) }
  }

  /// Code that is made quickly gives the same to the bit.
  @Test(arguments: opTable, TargetDescription.runnable)
  func agreesWithTheInterpreter(_ row: OpRow, _ target: TargetDescription) throws {
    let cases = Self.cases(row, target)
    let functions = try cases.map { try $0.function() }
    let combined = try combination(of: functions)
    let best = try executable(combined, target: target)
    let quick = try target == .host ? executable(combined, policy: .immediate) : nil
    var inputs = [functions.map { row.arguments(for: $0, seed: 11) }]
    if Self.takesSpecialValues(row) {
      inputs.append(functions.map { row.specialArguments(for: $0, seed: 3) })
    }
    for arguments in inputs {
      let results = try call(best, arguments.flatMap { $0 })
      if let quick { #expect(try call(quick, arguments.flatMap { $0 }) == results) }
      for (position, function) in functions.enumerated() {
        let expected = try Interpreter().run(function, arguments[position])
        expectClose(results[position], expected[0], row.tolerance, "\(cases[position])")
      }
    }
  }
}
