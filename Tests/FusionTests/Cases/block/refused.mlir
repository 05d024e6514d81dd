// run: block
// y[j] = y[j-1] + sin(x[j]): threads cannot take blocks of a recurrence.
func.func @main(%x: tensor<6000xf32>) -> tensor<6000xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0:2 = "adjoint.scan"(%zero, %x) <{carry_count = 1 : i64, length = 6000 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %y: tensor<f32>, %v: tensor<f32>):
    %1 = stablehlo.sine %y : tensor<f32>
    %2 = stablehlo.add %1, %v : tensor<f32>
    stablehlo.return %2, %2 : tensor<f32>, tensor<f32>
  }) : (tensor<f32>, tensor<6000xf32>) -> (tensor<f32>, tensor<6000xf32>)
  return %0#1 : tensor<6000xf32>
}
