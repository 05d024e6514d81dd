// run: register-sums
// Sums of few columns, and of all elements on the way.
func.func @main(%x: tensor<2000x4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<f32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<4xf32>) -> tensor<2000x4xf32>
  %1 = stablehlo.add %x, %0 : tensor<2000x4xf32>
  %2 = stablehlo.tanh %1 : tensor<2000x4xf32>
  %3 = stablehlo.multiply %2, %2 : tensor<2000x4xf32>
  %4 = stablehlo.reduce(%3 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2000x4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = stablehlo.reduce(%2 init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<2000x4xf32>, tensor<f32>) -> tensor<f32>
  return %4, %5 : tensor<4xf32>, tensor<f32>
}
