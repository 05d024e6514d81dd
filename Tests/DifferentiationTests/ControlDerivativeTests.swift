import Differentiation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Derivatives of loops and branches against differences and against themselves.
@Suite struct ControlDerivativeTests {
  private func arguments(_ function: Function, seed: UInt64, selector: Double) -> [Literal] {
    var random = SplitMix64(seed: seed)
    return function.parameterTypes.map { type in
      type.element.isFloat
        ? Literal(type, doubles: (0..<type.count).map { _ in random.double(in: 0.3...1) })
        : Literal(type, filledWith: selector)
    }
  }

  @Test(arguments: ControlProgram.allCases, [0.0, 1, 2])
  func firstOrder(_ program: ControlProgram, selector: Double) throws {
    let function = try program.function()
    let check = DerivativeCheck(function, arguments(function, seed: 5, selector: selector))
    try check.expectFirstOrder(program.rawValue)
  }

  @Test(arguments: ControlProgram.allCases)
  func secondOrder(_ program: ControlProgram) throws {
    let function = try program.function()
    let check = DerivativeCheck(function, arguments(function, seed: 6, selector: 1))
    try check.expectSecondOrder(program.rawValue)
  }

  @Test("Simplified derivatives are the same", arguments: ControlProgram.allCases)
  func simplified(_ program: ControlProgram) throws {
    let function = try program.function().simplified()
    let check = DerivativeCheck(function, arguments(function, seed: 7, selector: 2))
    let plain = try function.withVJP(of: check.parameters)
    let simple = try plain.simplified()
    for (left, right) in zip(
      try run(plain, check.arguments + check.weights),
      try run(simple, check.arguments + check.weights))
    {
      expectNear(left.doubles, right.doubles, 1e-12, program.rawValue)
    }
  }

  @Test("Only the carry that cuts all ways is saved")
  func savedBytes() throws {
    let text = ControlProgram.recurrence.text.replacing("3xf64", with: "32xf64")
    let function = try Module(parsing: text, file: "recurrence").functions[0]
    let derived = try function.withVJP(of: [0, 1, 2])
    let scans = derived.operations.filter { if case .scan = $0.op { true } else { false } }
    #expect(scans.count == 2)
    // The carry, the stacked result, and a stack of carries: sines and products are computed again.
    #expect(scans[0].results.map { derived[$0].shape } == [[32], [4], [4, 32]])
  }
}
