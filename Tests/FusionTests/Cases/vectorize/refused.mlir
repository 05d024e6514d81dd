// run: vectorize
// y[j] = y[j-1] + x[j] is ordered: no lane may go before the one that it takes its sum from.
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0:2 = "adjoint.scan"(%zero, %x) <{carry_count = 1 : i64, length = 64 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %y: tensor<f32>, %v: tensor<f32>):
    %1 = stablehlo.add %y, %v : tensor<f32>
    stablehlo.return %1, %1 : tensor<f32>, tensor<f32>
  }) : (tensor<f32>, tensor<64xf32>) -> (tensor<f32>, tensor<64xf32>)
  return %0#1 : tensor<64xf32>
}
