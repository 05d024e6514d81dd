// run: wavefront,cse,dce
func.func @main(%first: tensor<5xf64>, %costs: tensor<40x4xf64>, %scale: tensor<f64>) -> (tensor<5xf64>, tensor<40x4xf64>) {
  %0:2 = "adjoint.scan"(%first, %costs) <{carry_count = 1 : i64, length = 40 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %before: tensor<5xf64>, %row: tensor<4xf64>):
    %1 = stablehlo.slice %before [1:5] : (tensor<5xf64>) -> tensor<4xf64>
    %2 = stablehlo.slice %before [0:4] : (tensor<5xf64>) -> tensor<4xf64>
    %number = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
    %start = stablehlo.multiply %number, %scale : tensor<f64>
    %3:2 = "adjoint.scan"(%start, %1, %2, %row) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
    ^bb0(%j: tensor<i64>, %left: tensor<f64>, %up: tensor<f64>, %corner: tensor<f64>, %cost: tensor<f64>):
      %a = stablehlo.tanh %left : tensor<f64>
      %b = stablehlo.multiply %up, %scale : tensor<f64>
      %c = stablehlo.sine %corner : tensor<f64>
      %d = stablehlo.add %a, %b : tensor<f64>
      %e = stablehlo.add %d, %c : tensor<f64>
      %f = stablehlo.add %e, %cost : tensor<f64>
      stablehlo.return %f, %f : tensor<f64>, tensor<f64>
    }) : (tensor<f64>, tensor<4xf64>, tensor<4xf64>, tensor<4xf64>) -> (tensor<f64>, tensor<4xf64>)
    %4 = stablehlo.reshape %start : (tensor<f64>) -> tensor<1xf64>
    %5 = stablehlo.concatenate %4, %3#1, dim = 0 : (tensor<1xf64>, tensor<4xf64>) -> tensor<5xf64>
    %6 = stablehlo.multiply %3#1, %row : tensor<4xf64>
    stablehlo.return %5, %6 : tensor<5xf64>, tensor<4xf64>
  }) : (tensor<5xf64>, tensor<40x4xf64>) -> (tensor<5xf64>, tensor<40x4xf64>)
  return %0#0, %0#1 : tensor<5xf64>, tensor<40x4xf64>
}
