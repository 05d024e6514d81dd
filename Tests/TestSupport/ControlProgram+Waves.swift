import TensorIR

// Tables whose cells read cells of the row before and of their own row.

extension ControlProgram {
  /// Costs of paths through a table: each cell adds its own to a soft least of three before it.
  package static func paths(_ rows: Int, _ columns: Int, isReversed: Bool = false) -> ControlProgram
  {
    ControlProgram(
      name: "paths \(rows)×\(columns)\(isReversed ? " reversed" : "")",
      text: """
        func.func @main(%first: tensor<\(columns + 1)xf64>, %costs: tensor<\(rows)x\(columns)xf64>, %scale: tensor<f64>) -> (tensor<\(columns + 1)xf64>, tensor<\(rows)x\(columns)xf64>) {
          %0:2 = "adjoint.scan"(%first, %costs) <{carry_count = 1 : i64, length = \(rows) : i64, reverse = \(isReversed)}> ({
          ^bb0(%i: tensor<i64>, %before: tensor<\(columns + 1)xf64>, %row: tensor<\(columns)xf64>):
            %1 = stablehlo.slice %before [1:\(columns + 1)] : (tensor<\(columns + 1)xf64>) -> tensor<\(columns)xf64>
            %2 = stablehlo.slice %before [0:\(columns)] : (tensor<\(columns + 1)xf64>) -> tensor<\(columns)xf64>
            %number = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
            %start = stablehlo.multiply %number, %scale : tensor<f64>
            %3:2 = "adjoint.scan"(%start, %1, %2, %row) <{carry_count = 1 : i64, length = \(columns) : i64, reverse = false}> ({
            ^bb0(%j: tensor<i64>, %left: tensor<f64>, %up: tensor<f64>, %corner: tensor<f64>, %cost: tensor<f64>):
              %a = stablehlo.tanh %left : tensor<f64>
              %b = stablehlo.multiply %up, %scale : tensor<f64>
              %c = stablehlo.sine %corner : tensor<f64>
              %d = stablehlo.add %a, %b : tensor<f64>
              %e = stablehlo.add %d, %c : tensor<f64>
              %f = stablehlo.add %e, %cost : tensor<f64>
              stablehlo.return %f, %f : tensor<f64>, tensor<f64>
            }) : (tensor<f64>, tensor<\(columns)xf64>, tensor<\(columns)xf64>, tensor<\(columns)xf64>) -> (tensor<f64>, tensor<\(columns)xf64>)
            %4 = stablehlo.reshape %start : (tensor<f64>) -> tensor<1xf64>
            %5 = stablehlo.concatenate %4, %3#1, dim = 0 : (tensor<1xf64>, tensor<\(columns)xf64>) -> tensor<\(columns + 1)xf64>
            %6 = stablehlo.multiply %3#1, %row : tensor<\(columns)xf64>
            stablehlo.return %5, %6 : tensor<\(columns + 1)xf64>, tensor<\(columns)xf64>
          }) : (tensor<\(columns + 1)xf64>, tensor<\(rows)x\(columns)xf64>) -> (tensor<\(columns + 1)xf64>, tensor<\(rows)x\(columns)xf64>)
          return %0#0, %0#1 : tensor<\(columns + 1)xf64>, tensor<\(rows)x\(columns)xf64>
        }
        """)
  }

  /// A table of pairs whose cells read two columns ahead in the row before, and nothing beyond it.
  private static let ahead = ControlProgram(
    name: "columns ahead",
    text: """
      func.func @main(%first: tensor<7x2xf64>, %rows: tensor<5x7xf64>) -> tensor<7x2xf64> {
        %zero = stablehlo.constant dense<0.000000e+00> : tensor<2x2xf64>
        %0 = "adjoint.scan"(%first, %rows) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %before: tensor<7x2xf64>, %row: tensor<7xf64>):
          %1 = stablehlo.slice %before [2:7, 0:2] : (tensor<7x2xf64>) -> tensor<5x2xf64>
          %2 = stablehlo.concatenate %1, %zero, dim = 0 : (tensor<5x2xf64>, tensor<2x2xf64>) -> tensor<7x2xf64>
          %3 = stablehlo.slice %zero [0:1, 0:2] : (tensor<2x2xf64>) -> tensor<1x2xf64>
          %4 = stablehlo.reshape %3 : (tensor<1x2xf64>) -> tensor<2xf64>
          %5 = stablehlo.maximum %before, %2 : tensor<7x2xf64>
          %6:2 = "adjoint.scan"(%4, %5, %row) <{carry_count = 1 : i64, length = 7 : i64, reverse = false}> ({
          ^bb0(%j: tensor<i64>, %left: tensor<2xf64>, %far: tensor<2xf64>, %x: tensor<f64>):
            %a = stablehlo.broadcast_in_dim %x, dims = [] : (tensor<f64>) -> tensor<2xf64>
            %s = stablehlo.sine %left : tensor<2xf64>
            %b = stablehlo.subtract %far, %s : tensor<2xf64>
            %c = stablehlo.add %b, %a : tensor<2xf64>
            stablehlo.return %c, %c : tensor<2xf64>, tensor<2xf64>
          }) : (tensor<2xf64>, tensor<7x2xf64>, tensor<7xf64>) -> (tensor<2xf64>, tensor<7x2xf64>)
          stablehlo.return %6#1 : tensor<7x2xf64>
        }) : (tensor<7x2xf64>, tensor<5x7xf64>) -> tensor<7x2xf64>
        return %0 : tensor<7x2xf64>
      }
      """)

  /// Tables of several sizes, some too small to be worth waves.
  static let waves = [
    paths(3, 4), paths(4, 4), paths(9, 12), paths(12, 9), paths(9, 12, isReversed: true), ahead,
  ]
}
