import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Every row of the op table keeps its results through simplification.
@Suite struct OpTableTests {
  @Test(arguments: opTable)
  func keepsResults(row: OpRow) throws {
    for element in row.elements {
      for variant in row.variants.indices {
        let function = try row.function(element: element, shapeVariant: variant)
        let what = "\(row.name) \(element.rawValue) \(row.variants[variant].name)"
        var samples = [row.specialArguments(for: function, seed: 5)]
        if !row.values.isEmpty { samples.append(row.arguments(for: function, seed: 3)) }
        for (number, arguments) in samples.enumerated() {
          try expectSimplificationKeeps(function, arguments, what)
          // Constants that mean most to folding are the special ones.
          if number > 0, !isExhaustive { continue }
          try expectSimplificationKeeps(function.binding(arguments), [], what)
        }
      }
    }
  }
}
