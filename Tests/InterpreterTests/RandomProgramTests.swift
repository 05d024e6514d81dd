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
    let others = never.filter { !$0.hasPrefix("stablehlo.reduce_window ") }
    #expect(
      others
        == Self.tabled.union(["stablehlo.reduce stablehlo.and", "stablehlo.reduce stablehlo.or"])
    )
  }

  /// Functions that lead to large values, or are like others; the op table tests them.
  private static let tabled: Set<String> = [
    "stablehlo.complex", "stablehlo.real", "stablehlo.imag", "chlo.conj", "stablehlo.fft FFT",
    "stablehlo.fft IFFT", "stablehlo.fft RFFT", "stablehlo.fft IRFFT",
    "stablehlo.ceil", "stablehlo.round_nearest_even", "stablehlo.round_nearest_afz",
    "stablehlo.cbrt", "stablehlo.tan", "stablehlo.popcnt", "stablehlo.count_leading_zeros",
    "chlo.erfc", "chlo.erf_inv", "chlo.sinh", "chlo.cosh", "chlo.asin", "chlo.acos", "chlo.atan",
    "chlo.asinh", "chlo.acosh", "chlo.atanh", "chlo.lgamma", "chlo.digamma", "chlo.is_inf",
    "chlo.is_pos_inf", "chlo.is_neg_inf", "stablehlo.remainder", "stablehlo.atan2", "stablehlo.xor",
    "stablehlo.shift_left", "stablehlo.shift_right_arithmetic", "stablehlo.shift_right_logical",
    "chlo.next_after", "chlo.polygamma", "chlo.zeta", "stablehlo.bitcast_convert",
    "stablehlo.reduce_precision", "adjoint.stop_gradient", "stablehlo.scatter multiply",
    "stablehlo.scatter minimum", "stablehlo.scatter maximum", "stablehlo.convolution",
    "adjoint.window_place", "adjoint.window_collect", "adjoint.window_scatter", "adjoint.lu",
    "adjoint.eig", "adjoint.schur", "adjoint.hessenberg", "adjoint.tridiagonalize",
    "adjoint.order",
    "adjoint.cholesky", "adjoint.eigh", "adjoint.svd", "adjoint.householder", "adjoint.reflectors",
    "adjoint.tridiagonal_solve", "stablehlo.triangular_solve",
  ]

  @Test("A program depends on its seed alone")
  func isReproducible() throws {
    #expect(try randomFunction(seed: 3) == randomFunction(seed: 3))
    #expect(try randomFunction(seed: 3) != randomFunction(seed: 4))
  }
}
