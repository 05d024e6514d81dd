import TensorIR

extension Function {
  /// For each value whether it depends on one of some values.
  func dependents(on values: [ValueID]) -> [Bool] {
    var depends = [Bool](repeating: false, count: types.count)
    for value in values { depends[value.index] = true }
    for operation in operations {
      let operands = operation.operands.map { depends[$0.index] }
      guard operands.contains(true) else { continue }
      let results = operation.op.variedResults(operands, count: operation.results.count)
      for (result, isDependent) in zip(operation.results, results)
      where isDependent && self[result].element.isInexact {
        depends[result.index] = true
      }
    }
    return depends
  }
}
