import Batching
import Interpreter
import TensorIR
import TestSupport
import Testing

/// A function for many examples gives what a loop over the examples gives, on every row of the op
/// table, whichever of its parameters have examples.
@Suite struct OpTableTests {
  /// The number of examples.
  private let size = 3

  @Test(arguments: opTable)
  func equalsALoop(row: OpRow) throws {
    for element in row.elements {
      for variant in row.variants.indices {
        let function = try row.function(element: element, shapeVariant: variant)
        let count = function.parameters.count
        guard count > 0, (function.types.map(\.count).max() ?? 0) <= 200 else { continue }
        let what = "\(row.name) \(element.rawValue) \(row.variants[variant].name)"
        // All parameters together, each alone, and all but each.
        var choices = [Array(repeating: true, count: count)]
        if count > 1 {
          for index in 0..<count {
            choices.append((0..<count).map { $0 == index })
            if count > 2 { choices.append((0..<count).map { $0 != index }) }
          }
        }
        for flags in choices { try check(row, function, flags, what) }
      }
    }
  }

  /// Compares a function for many examples with the loop.
  private func check(
    _ row: OpRow, _ function: Function, _ flags: [Bool], _ what: String
  ) throws {
    let examples = (0..<size).map { row.arguments(for: function, seed: UInt64(7 + $0)) }
    let batched = try function.batched(size: size, flags)
    try batched.verify()
    let arguments = flags.indices.map { index in
      flags[index] ? stacked(examples.map { $0[index] }) : examples[0][index]
    }
    let results = try Interpreter().run(batched, arguments)
    let loop = try examples.map { example in
      let own = flags.indices.map { flags[$0] ? example[$0] : examples[0][$0] }
      return try Interpreter().run(function, own)
    }
    for (index, result) in results.enumerated() {
      let expected = stacked(loop.map { $0[index] })
      #expect(result.type == expected.type, "\(what) \(flags)")
      expectClose(result, expected, row.tolerance, "\(what) \(flags)")
    }
  }

  /// Literals one after the other along a new first axis.
  private func stacked(_ literals: [Literal]) -> Literal {
    let type = literals[0].type
    return Literal(
      TensorType([literals.count] + type.shape, type.element),
      bytes: literals.flatMap(\.denseBytes))
  }
}
