// run: self-copies
func.func @main(%x: tensor<6x8xf32> {tf.aliasing_output = 0 : i32}, %y: tensor<6x8xf32>) -> (tensor<6x8xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%y init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<6x8xf32>, tensor<f32>) -> tensor<f32>
  return %x, %0 : tensor<6x8xf32>, tensor<f32>
}
