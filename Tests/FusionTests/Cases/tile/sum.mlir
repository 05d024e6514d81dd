// run: tile
func.func @main(%x: tensor<50x40xf32>, %y: tensor<40x50xf32>) -> tensor<f32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.transpose %y, dims = [1, 0] : (tensor<40x50xf32>) -> tensor<50x40xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<50x40xf32>
  %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<50x40xf32>, tensor<f32>) -> tensor<f32>
  return %2 : tensor<f32>
}
