// run: fold-sums
// A sum of as many terms as a float holds without much loss, and a maximum, which loses nothing.
func.func @main(%x: tensor<900x3xf32>, %y: tensor<5000x3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %m = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<900x3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = stablehlo.reduce(%y init: %m) applies stablehlo.maximum across dimensions = [0] : (tensor<5000x3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}
