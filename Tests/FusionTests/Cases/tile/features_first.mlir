// run: tile
func.func @main(%x: tensor<2x10x18x24xf32>, %s: tensor<24xf32>) -> tensor<2x24x12x20xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.transpose %x, dims = [0, 3, 1, 2] : (tensor<2x10x18x24xf32>) -> tensor<2x24x10x18xf32>
  %1 = stablehlo.broadcast_in_dim %s, dims = [1] : (tensor<24xf32>) -> tensor<2x24x10x18xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<2x24x10x18xf32>
  %3 = stablehlo.pad %2, %zero, low = [0, 0, 1, 1], high = [0, 0, 1, 1], interior = [0, 0, 0, 0] : (tensor<2x24x10x18xf32>, tensor<f32>) -> tensor<2x24x12x20xf32>
  return %3 : tensor<2x24x12x20xf32>
}
