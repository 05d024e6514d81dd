internal import TensorIR

extension Function {
  /// The function without operations and parameters that have no part in a result or an effect, its values
  /// numbered in order of definition, and which parameters stayed.
  func pruned() -> (function: Function, isKept: [Bool]) {
    var isUsed = [Bool](repeating: false, count: types.count)
    for result in results { isUsed[result.index] = true }
    var needed = [Operation]()
    for operation in operations.reversed() {
      guard
        operation.results.contains(where: { isUsed[$0.index] }) || operation.op.effect == .state
      else { continue }
      for operand in operation.operands { isUsed[operand.index] = true }
      needed.append(operation)
    }
    let isKept = parameters.map { isUsed[$0.index] }
    return (renumbered(zip(parameters, isKept).filter(\.1).map(\.0), needed.reversed()), isKept)
  }

  /// The function of some of its parameters and operations.
  private func renumbered(
    _ parameters: [ValueID], _ operations: some Sequence<Operation>
  ) -> Function {
    var function = Function(name: name, isPrivate: isPrivate, location: location)
    var names = [ValueID](repeating: ValueID(0), count: types.count)
    func define(_ value: ValueID) -> ValueID {
      names[value.index] = ValueID(function.types.count)
      function.types.append(self[value])
      return names[value.index]
    }
    function.parameters = parameters.map(define)
    for operation in operations {
      var copy = operation
      copy.operands = operation.operands.map { names[$0.index] }
      copy.results = operation.results.map(define)
      function.operations.append(copy)
    }
    function.results = results.map { names[$0.index] }
    return function
  }
}

/// A function as what it computes: without its name and places.
struct FunctionIdentity: Hashable {
  let function: Function

  static func == (left: FunctionIdentity, right: FunctionIdentity) -> Bool {
    let (left, right) = (left.function, right.function)
    return left.types == right.types && left.parameters == right.parameters
      && left.results == right.results
      && left.operations.elementsEqual(right.operations) {
        $0.op == $1.op && $0.operands == $1.operands && $0.results == $1.results
          && $0.location.trail == $1.location.trail
      }
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(function.parameterTypes)
    hasher.combine(function.results)
    for operation in function.operations {
      hasher.combine(operation.op)
      hasher.combine(operation.operands)
    }
  }
}
