import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Records an issue unless a function, simplified, is verified, idempotent, and returns the same
/// bits for the arguments; sums may differ by rounding and in the sign of zero.
func expectSimplificationKeeps(
  _ function: Function, _ arguments: [Literal], _ what: String,
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
  let simple = try function.simplified()
  try simple.verify()
  #expect(
    simple.parameterTypes == function.parameterTypes, "\(what)", sourceLocation: sourceLocation)
  #expect(
    try simple.simplified() == simple, "\(what): simplified twice", sourceLocation: sourceLocation)
  try expectSameResults(simple, function, arguments, what, sourceLocation: sourceLocation)
}

/// Records an issue unless two functions return the same bits; where `expected` sums, results may
/// differ by rounding and in the sign of zero.
func expectSameResults(
  _ actual: Function, _ expected: Function, _ arguments: [Literal], _ what: String,
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
  let before = try Interpreter().run(expected, arguments)
  let after = try Interpreter().run(actual, arguments)
  func logistics(_ function: Function) -> Int {
    function.operations.count { $0.op == .unary(.logistic) }
  }
  // Ladders that became scans add up in another order.
  func scans(_ function: Function) -> Int {
    function.operations.count { if case .scan = $0.op { true } else { false } }
  }
  let sums =
    expected.operations.contains { $0.op.mayRound } || logistics(actual) > logistics(expected)
    || scans(actual) > scans(expected)
  for (old, new) in zip(before, after) {
    guard sums else {
      expectClose(new, old, .exact, what, sourceLocation: sourceLocation)
      continue
    }
    expectClose(
      new, old, relative: old.type.element == .f32 ? 1e-5 : 1e-12, what,
      sourceLocation: sourceLocation)
  }
}

extension Op {
  /// Whether simplification may change the rounding of the op's result.
  fileprivate var mayRound: Bool {
    switch self {
    case .reduce, .dot, .convolution, .window, .binary(.power): true
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .gather,
      .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier,
      .call:
      false
    case .whileLoop, .branch, .scan, .custom: true
    }
  }
}

extension Function {
  /// The function without parameters that works on these constants.
  func binding(_ arguments: [Literal]) -> Function {
    var bound = self
    bound.parameters = []
    let constants = zip(parameters, arguments).map { parameter, argument in
      Operation(.constant(argument), [], results: [parameter])
    }
    bound.operations = constants + operations
    return bound
  }
}
