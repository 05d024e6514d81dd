import Fusion
import Interpreter
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

/// Sums that are found as negatives of others.
@Suite struct MirroredSumTests {
  /// A function of one vector with two sums over all pairs: of `left`'s rows and of `right`'s.
  ///
  /// - Parameter before: what both may use.
  private func program(
    _ left: String, _ right: String, after before: String = ""
  ) throws -> (Function, LoopProgram) {
    let text = """
      func.func @main(%x: tensor<40xf64>) -> (tensor<40xf64>, tensor<40xf64>) {
        %zero = stablehlo.constant dense<0.0> : tensor<f64>
        %a = stablehlo.broadcast_in_dim %x, dims = [0] : (tensor<40xf64>) -> tensor<40x40xf64>
        %b = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<40xf64>) -> tensor<40x40xf64>
        %p = stablehlo.multiply %a, %b : tensor<40x40xf64>
        \(before)
        %l = \(left) : tensor<40x40xf64>
        %lp = stablehlo.multiply %p, %l : tensor<40x40xf64>
        %r = \(right) : tensor<40x40xf64>
        %rp = stablehlo.multiply %r, %p : tensor<40x40xf64>
        %0 = stablehlo.reduce(%lp init: %zero) applies stablehlo.add across dimensions = [1]
          : (tensor<40x40xf64>, tensor<f64>) -> tensor<40xf64>
        %1 = stablehlo.reduce(%rp init: %zero) applies stablehlo.add across dimensions = [1]
          : (tensor<40x40xf64>, tensor<f64>) -> tensor<40xf64>
        return %0, %1 : tensor<40xf64>, tensor<40xf64>
      }
      """
    let module = try Module(parsing: text, file: "sums.mlir")
    let function = try #require(module.entry)
    return (function, try LoopProgram(lowering: function, for: .x86_64v4))
  }

  /// Expects a program of so many sums that gives what the function gives.
  private func check(_ lowered: (Function, LoopProgram), _ sums: Int) throws {
    let (function, program) = lowered
    try program.verify()
    #expect(sumCount(program) == sums)
    let arguments = randomArguments(for: function, seed: 3)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-13)
    }
  }

  private func sumCount(_ program: LoopProgram) -> Int {
    var count = 0
    for kernel in program.kernels {
      kernel.body.forEachNode { if case .accumulate = $0 { count += 1 } }
    }
    return count
  }

  @Test(arguments: [
    ("stablehlo.subtract %a, %b", "stablehlo.subtract %b, %a", 1),
    ("stablehlo.subtract %a, %b", "stablehlo.subtract %a, %b", 2),
    ("stablehlo.subtract %a, %b", "stablehlo.add %b, %a", 2),
    ("stablehlo.negate %a", "stablehlo.subtract %a, %b", 2),
  ])
  func pairs(_ left: String, _ right: String, _ sums: Int) throws {
    try check(program(left, right), sums)
  }

  /// Odd functions of a difference are negatives of those of the other, even ones are equal.
  @Test(arguments: [
    // The nearest image of a periodic box, and its force by the square of the distance.
    ("stablehlo.subtract %d, %dr", "stablehlo.subtract %e, %er", 1),
    ("stablehlo.multiply %dd, %d", "stablehlo.multiply %e, %ee", 1),
    ("stablehlo.divide %d, %dd", "stablehlo.divide %e, %ee", 1),
    ("stablehlo.add %cut, %d", "stablehlo.add %e, %left", 2),
    ("stablehlo.add %one, %d", "stablehlo.add %e, %other", 1),
    ("stablehlo.floor %d", "stablehlo.floor %e", 2),
    ("stablehlo.add %d, %dd", "stablehlo.add %e, %ee", 2),
  ])
  func functionsOfDifferences(_ left: String, _ right: String, _ sums: Int) throws {
    let type = "tensor<40x40xf64>"
    let comparison = "(\(type), \(type)) -> tensor<40x40xi1>"
    let before = """
      %zeros = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f64>) -> \(type)
      %d = stablehlo.subtract %a, %b : \(type)
      %e = stablehlo.subtract %b, %a : \(type)
      %dr = stablehlo.round_nearest_even %d : \(type)
      %er = stablehlo.round_nearest_even %e : \(type)
      %dd = stablehlo.multiply %d, %d : \(type)
      %ee = stablehlo.multiply %e, %e : \(type)
      %near = stablehlo.compare LT, %d, %dd, FLOAT : \(comparison)
      %close = stablehlo.compare LT, %e, %ee, FLOAT : \(comparison)
      %same = stablehlo.compare EQ, %a, %b, FLOAT : \(comparison)
      %equal = stablehlo.compare EQ, %b, %a, FLOAT : \(comparison)
      %cut = stablehlo.select %near, %d, %zeros : tensor<40x40xi1>, \(type)
      %left = stablehlo.select %close, %e, %zeros : tensor<40x40xi1>, \(type)
      %one = stablehlo.select %same, %d, %zeros : tensor<40x40xi1>, \(type)
      %other = stablehlo.select %equal, %e, %zeros : tensor<40x40xi1>, \(type)
      """
    try check(program(left, right, after: before), sums)
  }

  /// Where all terms are zero, both sums are plus zero.
  @Test func zeroKeepsItsSign() throws {
    let (_, program) = try program("stablehlo.subtract %a, %b", "stablehlo.subtract %b, %a")
    let ones = Literal(TensorType([40], .f64), filledWith: 1)
    for result in try LoopInterpreter.run(program, arguments: [ones]) {
      #expect(result.doubles.allSatisfy { $0 == 0 && $0.sign == .plus })
    }
  }
}
