import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// Machine code against the interpreter, for every row of the op table.
@Suite struct NativeOpTests {
  @Test(arguments: opTable)
  func agreesWithTheInterpreter(_ row: OpRow) throws {
    let cases = row.cases
    let functions = try cases.map { try $0.function() }
    let executable = try Executable(combination(of: functions))
    let arguments = functions.map { row.arguments(for: $0, seed: 11) }
    let results = try call(executable, arguments.flatMap { $0 })
    for (position, function) in functions.enumerated() {
      let expected = try Interpreter().run(function, arguments[position])
      expectClose(results[position], expected[0], row.tolerance, "\(cases[position])")
    }
  }

  /// Sums and products of special values depend on the order, so reductions and products are left
  /// out; everything else must treat NaN, infinities, zeros and subnormal numbers alike.
  @Test(arguments: opTable.filter { !$0.name.hasPrefix("reduce") && !$0.name.hasPrefix("dot") })
  func agreesOnSpecialValues(_ row: OpRow) throws {
    let cases = row.cases
    let functions = try cases.map { try $0.function() }
    let executable = try Executable(combination(of: functions))
    let arguments = functions.map { row.specialArguments(for: $0, seed: 3) }
    let results = try call(executable, arguments.flatMap { $0 })
    for (position, function) in functions.enumerated() {
      let expected = try Interpreter().run(function, arguments[position])
      expectClose(results[position], expected[0], row.tolerance, "\(cases[position])")
    }
  }
}
