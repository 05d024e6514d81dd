// run: captures,dce
func.func @main(%p: tensor<i1>, %x: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) {
  %c = stablehlo.constant dense<2.0> : tensor<f64>
  %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f64>) -> tensor<3xf64>
  %1 = stablehlo.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf64>
  %2 = "stablehlo.if"(%p) ({
    %3 = stablehlo.multiply %x, %0 : tensor<3xf64>
    stablehlo.return %3 : tensor<3xf64>
  }, {
    %3 = stablehlo.add %x, %1 : tensor<3xf64>
    stablehlo.return %3 : tensor<3xf64>
  }) : (tensor<i1>) -> tensor<3xf64>
  %4 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<3xf64>):
    %5 = stablehlo.multiply %s, %0 : tensor<3xf64>
    %6 = stablehlo.add %5, %x : tensor<3xf64>
    stablehlo.return %6 : tensor<3xf64>
  }) : (tensor<3xf64>) -> tensor<3xf64>
  return %2, %4 : tensor<3xf64>, tensor<3xf64>
}
