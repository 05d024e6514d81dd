import Interpreter
import TensorIR
import TestSupport
import Testing

/// What random programs promise to the tests that are driven by them.
@Suite struct RandomProgramTests {
  @Test("Programs verify, run, and keep values small")
  func runs() throws {
    for seed in 0..<150 as Range<UInt64> {
      let element = ElementType.floats[Int(seed % 2)]
      let function = try randomFunction(seed: seed, element: element)
      try function.verify()
      let results = try Interpreter().run(function, randomArguments(for: function, seed: seed))
      for result in results {
        #expect(result.type.element == element)
        #expect(result.doubles.allSatisfy { abs($0) <= 6 }, "seed \(seed)")
      }
    }
  }

  @Test("Differentiable programs give one f64 scalar that depends on every parameter smoothly")
  func differentiable() throws {
    for seed in 0..<100 as Range<UInt64> {
      let function = try randomFunction(seed: seed, differentiable: true)
      try function.verify()
      #expect(function.resultTypes == [TensorType([], .f64)])
      #expect(function.parameterTypes.allSatisfy { $0.element == .f64 })
      let arguments = randomArguments(for: function, seed: seed)
      func value(_ step: Double) throws -> Double {
        let moved = arguments.map { Literal($0.type, doubles: $0.doubles.map { $0 + step }) }
        return try Interpreter().run(function, moved)[0].doubles[0]
      }
      // Central differences of two steps agree where the function is smooth.
      let (near, far) = try (value(1e-5) - value(-1e-5), value(2e-5) - value(-2e-5))
      #expect(abs(far - 2 * near) <= 1e-8 + 1e-3 * abs(far), "seed \(seed): \(near), \(far)")
    }
  }

  @Test("Together, programs use every family of ops")
  func coversOps() throws {
    var forms = Set<String>()
    for seed in 0..<300 as Range<UInt64> {
      let function = try randomFunction(seed: seed, element: ElementType.floats[Int(seed % 2)])
      for operation in function.operations { forms.insert(operation.op.form) }
    }
    let never = Set(Op.allForms).subtracting(forms)
    #expect(never == ["stablehlo.reduce stablehlo.and", "stablehlo.reduce stablehlo.or"])
  }

  @Test("A program depends on its seed alone")
  func isReproducible() throws {
    #expect(try randomFunction(seed: 3) == randomFunction(seed: 3))
    #expect(try randomFunction(seed: 3) != randomFunction(seed: 4))
  }
}
