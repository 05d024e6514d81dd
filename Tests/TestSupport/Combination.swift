import TensorIR

/// One function that computes what several functions compute, each on its own parameters, so that
/// a test compiles once instead of once per function.
package func combination(of functions: [Function]) throws -> Function {
  var builder = FunctionBuilder(name: "main")
  var translations = [[Int: ValueID]](repeating: [:], count: functions.count)
  for (position, function) in functions.enumerated() {
    for parameter in function.parameters {
      translations[position][parameter.index] = builder.parameter(function[parameter])
    }
  }
  var results = [ValueID]()
  for (position, function) in functions.enumerated() {
    for operation in function.operations {
      let operands = operation.operands.compactMap { translations[position][$0.index] }
      let copies = try builder.copy(operation, operands: operands)
      for (result, copy) in zip(operation.results, copies) {
        translations[position][result.index] = copy
      }
    }
    results += function.results.compactMap { translations[position][$0.index] }
  }
  return builder.finish(returning: results)
}
