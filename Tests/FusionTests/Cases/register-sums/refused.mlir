// run: register-sums
// More columns than there are registers for sums.
func.func @main(%x: tensor<300x400xf32>) -> tensor<400xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<300x400xf32>, tensor<f32>) -> tensor<400xf32>
  return %0 : tensor<400xf32>
}
