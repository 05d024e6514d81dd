import Interpreter
import TensorIR

/// The text of `Docs/OpMatrix.md`: for each form of each op, which rules hold in the cases of its
/// rows in the op test table. A rule counts only where it does its work in every case.
///
/// - Parameter roundTrips: whether a module is the same after printing and parsing.
package func opMatrix(roundTrips: (Module) throws -> Bool) throws -> String {
  let rows = Dictionary(grouping: try opTable.map { ($0, try $0.form()) }, by: \.1)
    .mapValues { $0.map(\.0) }
  var lines = [
    "# Ops and their rules", "",
    "Generated from the op test table in `Tests/TestSupport`; a test fails when this file is stale",
    "and `ADJOINT_BLESS=1 swift test --filter OpMatrix` rewrites it.", "",
    "- typing: operands that do not fit are refused in every case;",
    "- text: every case is the same after printing and parsing;",
    "- evaluation: the interpreter runs every case, on ordinary and on special values;",
    "- derivative: the highest order checked by finite differences, zero where the op is piecewise",
    "  constant, or why there is none; integers and booleans never have one;",
    "- rows and cases: entries of the table, and these times their element types and shapes.", "",
    "| op | typing | text | evaluation | derivative | rows | cases |",
    "|---|---|---|---|---|---|---|",
  ]
  for form in Op.allForms {
    lines.append(try matrixLine(form, rows[form] ?? [], roundTrips))
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The line of one form of an op.
private func matrixLine(
  _ form: String, _ rows: [OpRow], _ roundTrips: (Module) throws -> Bool
) throws -> String {
  let functions = try rows.flatMap { row in try row.cases.map { (row, try $0.function()) } }
  func word(_ holds: Bool) -> String { functions.isEmpty ? "–" : holds ? "yes" : "**no**" }
  let isTyped = functions.allSatisfy { refusesExtraOperand($0.1) }
  let isText = try functions.allSatisfy { try roundTrips(Module(functions: [$0.1])) }
  let isEvaluated = functions.allSatisfy { evaluates($0.0, $0.1) }
  var derivatives = [String]()
  for row in rows where !derivatives.contains(row.derivative.words) {
    derivatives.append(row.derivative.words)
  }
  let cells = [
    "`\(form)`", word(isTyped), word(isText), word(isEvaluated),
    derivatives.joined(separator: "; "), "\(rows.count)", "\(functions.count)",
  ]
  return "| " + cells.joined(separator: " | ") + " |"
}

/// Whether the op that gives the function's result refuses a boolean operand too many.
private func refusesExtraOperand(_ function: Function) -> Bool {
  guard let operation = function.operations.last else { return false }
  let operands = operation.operands.map { function[$0] } + [TensorType([9, 9, 9, 9], .i1)]
  return (try? operation.op.resultTypes(operands)) == nil
}

/// Whether the interpreter gives results of the right types for ordinary and special values.
private func evaluates(_ row: OpRow, _ function: Function) -> Bool {
  [row.arguments(for: function, seed: 3), row.specialArguments(for: function, seed: 4)]
    .allSatisfy {
      (try? Interpreter().run(function, $0))?.map(\.type) == function.resultTypes
    }
}

extension Derivative {
  /// The derivative as the matrix words it.
  fileprivate var words: String {
    switch self {
    case .smooth(let order): "order \(order)"
    case .zero: "zero"
    case .none(let reason): "none: \(reason)"
    }
  }
}
