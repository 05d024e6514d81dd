internal import LoopIR
internal import TensorIR

/// Operations by what they compute of operands of which types, as numbers: those of equal layers are
/// one, and have one formula.
final class OperationForms {
  /// An op with the types that it takes and gives, by number.
  private struct Form: Hashable {
    var op: Op
    var operands: [Int]
    var result: Int
  }

  @exclusivity(unchecked) private var numbers: [Form: Int] = [:]
  @exclusivity(unchecked) private var formulas: [Comprehension?] = []
  @exclusivity(unchecked) private var typeNumbers: [TensorType: Int] = [:]

  /// The number of an operation's form; nil for structured ones, which have no formula.
  func number(of operation: Operation, in function: Function) -> Int? {
    guard operation.op.hasFormula else { return nil }
    let form = Form(
      op: operation.op, operands: operation.operands.map { number(of: function[$0]) },
      result: number(of: function[operation.result]))
    if let known = numbers[form] { return known }
    numbers[form] = formulas.count
    formulas.append(operation.comprehension(in: function))
    return formulas.count - 1
  }

  /// The number of a type.
  func number(of type: TensorType) -> Int { typeNumbers.number(of: type) }

  /// The formula of operations of a form.
  func formula(_ number: Int) -> Comprehension? { formulas[number] }
}
