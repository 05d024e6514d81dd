import TensorIR

// Loops whose lanes do not meet, of enough work that threads share them as a whole.

extension ControlProgram {
  /// Pendulums by symplectic Euler, pushed at the step's number, with a stacked result.
  package static func pendulums(
    _ count: Int, _ length: Int, isReversed: Bool = false
  ) -> ControlProgram {
    let type = "tensor<\(count)xf64>"
    return ControlProgram(
      name: "\(count) pendulums, \(length) steps\(isReversed ? " reversed" : "")",
      text: """
        func.func @main(%a: \(type), %w: \(type), %l: \(type)) -> (\(type), \(type), tensor<\(length)x\(count)xf64>) {
          %0:3 = "adjoint.scan"(%a, %w) <{carry_count = 2 : i64, length = \(length) : i64, reverse = \(isReversed)}> ({
          ^bb0(%i: tensor<i64>, %x: \(type), %v: \(type)):
            %n = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
            %c = stablehlo.constant dense<1.000000e-04> : tensor<f64>
            %p = stablehlo.multiply %n, %c : tensor<f64>
            %q = stablehlo.broadcast_in_dim %p, dims = [] : (tensor<f64>) -> \(type)
            %s = stablehlo.constant dense<5.000000e-02> : \(type)
            %m = stablehlo.multiply %l, %s : \(type)
            %1 = stablehlo.sine %x : \(type)
            %2 = stablehlo.multiply %1, %m : \(type)
            %3 = stablehlo.subtract %v, %2 : \(type)
            %4 = stablehlo.add %3, %q : \(type)
            %5 = stablehlo.multiply %4, %m : \(type)
            %6 = stablehlo.add %x, %5 : \(type)
            stablehlo.return %4, %6, %1 : \(type), \(type), \(type)
          }) : (\(type), \(type)) -> (\(type), \(type), tensor<\(length)x\(count)xf64>)
          return %0#0, %0#1, %0#2 : \(type), \(type), tensor<\(length)x\(count)xf64>
        }
        """)
  }

  /// A recurrent net on many rows.
  package static func rows(_ count: Int, _ length: Int) -> ControlProgram {
    ControlProgram(
      name: "\(count) rows, \(length) steps",
      text: """
        func.func @main(%w: tensor<16x16xf32>, %h0: tensor<\(count)x16xf32>, %x: tensor<\(length)x\(count)x16xf32>) -> (tensor<\(count)x16xf32>, tensor<\(length)x\(count)x16xf32>) {
          %0:2 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = \(length) : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %h: tensor<\(count)x16xf32>, %xt: tensor<\(count)x16xf32>):
            %1 = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0] : (tensor<\(count)x16xf32>, tensor<16x16xf32>) -> tensor<\(count)x16xf32>
            %s = stablehlo.constant dense<1.000000e-01> : tensor<\(count)x16xf32>
            %0 = stablehlo.multiply %1, %s : tensor<\(count)x16xf32>
            %2 = stablehlo.add %0, %xt : tensor<\(count)x16xf32>
            %3 = stablehlo.tanh %2 : tensor<\(count)x16xf32>
            stablehlo.return %3, %2 : tensor<\(count)x16xf32>, tensor<\(count)x16xf32>
          }) : (tensor<\(count)x16xf32>, tensor<\(length)x\(count)x16xf32>) -> (tensor<\(count)x16xf32>, tensor<\(length)x\(count)x16xf32>)
          return %0#0, %0#1 : tensor<\(count)x16xf32>, tensor<\(length)x\(count)x16xf32>
        }
        """)
  }

  /// Loops that threads share as a whole, of odd and even lengths.
  package static let lanes = [
    pendulums(600, 91), pendulums(599, 90, isReversed: true), rows(240, 61),
  ]
}
