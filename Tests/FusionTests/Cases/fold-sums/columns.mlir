// run: fold-sums
// More terms than a sum of floats should have, one after the other for each column.
func.func @main(%x: tensor<1100x32xf32>) -> tensor<32xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %1 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<1100x32xf32>, tensor<f32>) -> tensor<32xf32>
  %2 = stablehlo.exponential %1 : tensor<32xf32>
  return %2 : tensor<32xf32>
}
