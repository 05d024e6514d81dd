import TensorIR

// Loops whose iterations compute from the next values of carries what the next one would compute again.

extension ControlProgram {
  /// Leapfrog with the force at both ends of a step, a slice that pushes, and a stacked result.
  package static func leapfrog(
    _ length: Int, isReversed: Bool = false, force: String = "%f"
  ) -> ControlProgram {
    ControlProgram(
      name: "leapfrog \(length)\(isReversed ? " reversed" : "") of \(force)",
      text: """
        func.func @main(%x0: tensor<3xf64>, %v0: tensor<3xf64>, %w: tensor<3x3xf64>, %push: tensor<\(length)x3xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<\(length)x3xf64>) {
          %0:3 = "adjoint.scan"(%x0, %v0, %push) <{carry_count = 2 : i64, length = \(length) : i64, reverse = \(isReversed)}> ({
          ^bb0(%i: tensor<i64>, %x: tensor<3xf64>, %v: tensor<3xf64>, %p: tensor<3xf64>):
            %1 = stablehlo.dot_general %w, %x, contracting_dims = [1] x [0] : (tensor<3x3xf64>, tensor<3xf64>) -> tensor<3xf64>
            %f = stablehlo.sine %1 : tensor<3xf64>
            %e = stablehlo.multiply %f, %p : tensor<3xf64>
            %2 = stablehlo.add %v, \(force) : tensor<3xf64>
            %y = stablehlo.add %x, %2 : tensor<3xf64>
            %3 = stablehlo.dot_general %w, %y, contracting_dims = [1] x [0] : (tensor<3x3xf64>, tensor<3xf64>) -> tensor<3xf64>
            %f2 = stablehlo.sine %3 : tensor<3xf64>
            %e2 = stablehlo.multiply %f2, %p : tensor<3xf64>
            %4 = stablehlo.add %2, \(force)2 : tensor<3xf64>
            %5 = stablehlo.multiply %4, %p : tensor<3xf64>
            stablehlo.return %y, %5, %e2 : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>
          }) : (tensor<3xf64>, tensor<3xf64>, tensor<\(length)x3xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<\(length)x3xf64>)
          return %0#0, %0#1, %0#2 : tensor<3xf64>, tensor<3xf64>, tensor<\(length)x3xf64>
        }
        """)
  }

  /// Steps with a repeated force, and one with a force that also depends on the step.
  static let repeats = [
    leapfrog(1), leapfrog(9), leapfrog(40), leapfrog(40, isReversed: true),
    leapfrog(20, force: "%e"),
  ]
}
