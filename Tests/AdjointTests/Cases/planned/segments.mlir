// budget: 1500  gradient: 0,1
func.func @main(%a: tensor<16xf32>, %w: tensor<16xf32>) -> tensor<f32> {
  %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 36 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %h: tensor<16xf32>):
    %1 = stablehlo.multiply %h, %w : tensor<16xf32>
    %2 = stablehlo.sine %1 : tensor<16xf32>
    stablehlo.return %2 : tensor<16xf32>
  }) : (tensor<16xf32>) -> tensor<16xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %3 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<16xf32>, tensor<f32>) -> tensor<f32>
  return %3 : tensor<f32>
}
