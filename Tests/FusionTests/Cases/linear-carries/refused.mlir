// run: linear-carries
// A step's square is not linear in what it carries, and the second scan's factor waits for its own carry.
func.func @main(%a: tensor<21xf64>, %b: tensor<21xf64>) -> (tensor<f64>, tensor<f64>) {
  %0 = stablehlo.constant dense<0.0> : tensor<f64>
  %1 = "adjoint.scan"(%0, %a, %b) <{carry_count = 1 : i64, length = 21 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<f64>, %ai: tensor<f64>, %bi: tensor<f64>):
    %5 = stablehlo.multiply %x, %x : tensor<f64>
    %6 = stablehlo.multiply %ai, %5 : tensor<f64>
    %7 = stablehlo.add %6, %bi : tensor<f64>
    stablehlo.return %7 : tensor<f64>
  }) : (tensor<f64>, tensor<21xf64>, tensor<21xf64>) -> tensor<f64>
  %2 = "adjoint.scan"(%0, %a, %b) <{carry_count = 1 : i64, length = 21 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<f64>, %ai: tensor<f64>, %bi: tensor<f64>):
    %5 = stablehlo.tanh %x : tensor<f64>
    %6 = stablehlo.multiply %ai, %5 : tensor<f64>
    %7 = stablehlo.subtract %bi, %6 : tensor<f64>
    stablehlo.return %7 : tensor<f64>
  }) : (tensor<f64>, tensor<21xf64>, tensor<21xf64>) -> tensor<f64>
  return %1, %2 : tensor<f64>, tensor<f64>
}
