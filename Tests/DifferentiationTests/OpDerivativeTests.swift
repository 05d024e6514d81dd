import Differentiation
import TensorIR
import TestSupport
import Testing

/// Every row of the op table that has a derivative, against differences and against itself.
@Suite struct OpDerivativeTests {
  /// The rows of double precision that finite differences can check, without those that round to
  /// short floats.
  static let cases = opCases.filter { row in
    guard row.element.partType == .f64, row.isDifferentiable else { return false }
    return (try? row.function())?.types.allSatisfy { !$0.element.isNarrow } ?? true
  }

  @Test(arguments: cases) func firstOrder(_ row: OpCase) throws {
    let function = try row.function()
    let check = DerivativeCheck(function, row.row.arguments(for: function, seed: 11))
    // Differences of results in single precision need long steps; those ops are linear.
    let isExact = function.types.allSatisfy { $0.element.partType != .f32 }
    try check.expectFirstOrder(
      step: isExact ? 1e-6 : 0.125, differences: isExact ? 1e-6 : 1e-5,
      transpose: isExact ? 1e-10 : 1e-5, row.description)
  }

  @Test(arguments: cases.filter { $0.row.derivative.order >= 2 })
  func secondOrder(_ row: OpCase) throws {
    let function = try row.function()
    guard function.types.allSatisfy({ $0.element.partType != .f32 }) else { return }
    let check = DerivativeCheck(function, row.row.arguments(for: function, seed: 12))
    try check.expectSecondOrder(row.description)
  }

  @Test(arguments: opCases.filter { $0.element.partType == .f32 && $0.isDifferentiable })
  func singlePrecision(_ row: OpCase) throws {
    let function = try row.function()
    guard function.types.allSatisfy({ !$0.element.isNarrow }) else { return }
    let check = DerivativeCheck(function, row.row.arguments(for: function, seed: 13))
    let forward = inner(try check.tangents().tangents, check.weights)
    let backward = inner(check.directions, try check.cotangents().cotangents)
    expectNear([forward], [backward], 1e-4, row.description)
  }

  @Test func everyFloatOpHasARow() throws {
    let forms = try Set(Self.cases.map { try $0.row.form() })
    let without = Op.allForms.filter { !forms.contains($0) }
    #expect(
      without.filter { !$0.contains("compare") && !$0.contains("convert to i") } == [
        "stablehlo.constant", "stablehlo.iota", "stablehlo.is_finite", "stablehlo.not",
        "stablehlo.popcnt", "stablehlo.count_leading_zeros", "adjoint.stop_gradient", "chlo.is_inf",
        "chlo.is_pos_inf", "chlo.is_neg_inf", "stablehlo.and", "stablehlo.or", "stablehlo.xor",
        "stablehlo.shift_left", "stablehlo.shift_right_arithmetic",
        "stablehlo.shift_right_logical", "chlo.polygamma", "chlo.zeta",
        "stablehlo.bitcast_convert", "stablehlo.reduce_precision", "stablehlo.reduce stablehlo.and",
        "stablehlo.reduce stablehlo.or", "stablehlo.reduce_window stablehlo.and",
        "stablehlo.reduce_window stablehlo.or",
        "adjoint.window_place", "adjoint.schur", "adjoint.hessenberg", "adjoint.tridiagonalize",
        "adjoint.order",
      ])
  }
}
