// run: strip-mine
func.func @main(%x: tensor<64x40xf32>) -> tensor<64x40xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<64x40xf32>, tensor<f32>) -> tensor<64xf32>
  %1 = stablehlo.logistic %0 : tensor<64xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<64xf32>) -> tensor<64x40xf32>
  %3 = stablehlo.multiply %x, %2 : tensor<64x40xf32>
  return %3 : tensor<64x40xf32>
}
