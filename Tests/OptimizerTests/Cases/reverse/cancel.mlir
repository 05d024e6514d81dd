// run: reverse,dce
func.func @twice(%a: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = stablehlo.reverse %a, dims = [0] : tensor<3x4xf32>
  %1 = stablehlo.reverse %0, dims = [0, 1] : tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
func.func @unit(%a: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = stablehlo.reverse %a, dims = [0] : tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
func.func @broadcast(%a: tensor<4xf32>) -> tensor<3x4xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.reverse %0, dims = [0, 1] : tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
