import Interpreter
import TensorIR
import TestSupport
import Testing

/// The op test table is complete and each of its rows runs.
@Suite struct OpTableTests {
  @Test("Every form of every op has a row, and no two rows share a name")
  func isComplete() throws {
    let forms = Set(try opTable.map { try $0.form() })
    #expect(Set(Op.allForms).subtracting(forms) == [])
    #expect(forms.subtracting(Op.allForms) == [])
    #expect(Set(opTable.map(\.name)).count == opTable.count)
  }

  /// The types that an op's typing rule allows, and no row of the op runs with.
  @Test func everyTypeThatAnOpAllowsHasARow() throws {
    var known: [String: Set<ElementType>] = [:]
    for row in opTable { known[try row.form(), default: []].formUnion(row.elements) }
    var holes: [String: Set<String>] = [:]
    for row in opTable {
      let form = try row.form()
      for element in ElementType.allCases where known[form]?.contains(element) == false {
        let isAllowed = row.variants.indices.contains { variant in
          let function = try? row.function(element: element, shapeVariant: variant)
          return function?.operations.last?.op.form == form
        }
        if isAllowed { holes[form, default: []].insert(element.rawValue) }
      }
    }
    let lines = holes.map { "\($0.key): \($0.value.sorted().joined(separator: " "))" }.sorted()
    #expect(lines == [])
  }

  @Test("Every case verifies and runs on ordinary and special values", arguments: opTable)
  func runs(row: OpRow) throws {
    for opCase in row.cases {
      let function = try opCase.function()
      try function.verify()
      for arguments in [
        row.arguments(for: function, seed: 1), row.specialArguments(for: function, seed: 2),
      ] {
        let results = try Interpreter().run(function, arguments)
        #expect(results.map(\.type) == function.resultTypes, "\(opCase)")
      }
    }
  }

  @Test("Ordinary arguments stay inside the domain: results are finite", arguments: opTable)
  func staysInDomain(row: OpRow) throws {
    for opCase in row.cases where opCase.element.isFloat {
      let function = try opCase.function()
      let results = try Interpreter().run(function, row.arguments(for: function, seed: 5))
      let isEmptyExtremum = row.name.hasPrefix("reduce m") && function.parameterTypes[0].count == 0
      if results[0].type.element.isFloat && !isEmptyExtremum {
        #expect(results[0].doubles.allSatisfy { $0.isFinite }, "\(opCase)")
      }
    }
  }

  @Test("Arguments depend on the seed alone")
  func isReproducible() throws {
    let row = try #require(opTable.first { $0.name == "add" })
    let function = try row.function(element: .f32, shapeVariant: 2)
    let arguments = row.arguments(for: function, seed: 9)
    #expect(arguments == row.arguments(for: function, seed: 9))
    #expect(arguments != row.arguments(for: function, seed: 10))
  }
}
