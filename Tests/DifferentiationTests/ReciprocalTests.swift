import Differentiation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// The derivative of a reciprocal is made of the reciprocal itself.
@Suite struct ReciprocalTests {
  @Test func slopesDoNotDivide() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([4], .f64)
    let x = builder.parameter(type)
    let reciprocal = try builder.divide(builder.splat(1, type), x)
    let function = builder.finish(returning: [reciprocal])
    let numbers = [0.5, -4, 1e150, -1e-150]
    let point = Literal(type, doubles: numbers)
    let weight = Literal(type, doubles: [1, 2, 3, 4])
    for derived in [try function.withVJP(of: [0]), try function.withJVP(of: [0])] {
      let divisions = derived.operations.count {
        if case .binary(.divide) = $0.op { true } else { false }
      }
      #expect(divisions == 1)
      let results = try Interpreter().run(derived, [point, weight])
      for (slope, (number, weight)) in zip(results[1].doubles, zip(numbers, weight.doubles)) {
        let expected = -weight / number / number
        #expect(abs(slope - expected) <= 1e-15 * abs(expected))
      }
    }
  }
}
