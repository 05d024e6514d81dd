// run: in-place
func.func @main(%x: tensor<6x8xf32> {tf.aliasing_output = 0 : i32}) -> tensor<6x8xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<6x8xf32>, tensor<f32>) -> tensor<6xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<6xf32>) -> tensor<6x8xf32>
  %2 = stablehlo.divide %x, %1 : tensor<6x8xf32>
  return %2 : tensor<6x8xf32>
}
