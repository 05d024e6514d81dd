// run: reshape,broadcast,dce
func.func @twice(%a: tensor<3x4xf32>) -> tensor<2x6xf32> {
  %0 = stablehlo.reshape %a : (tensor<3x4xf32>) -> tensor<12xf32>
  %1 = stablehlo.reshape %0 : (tensor<12xf32>) -> tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}
func.func @inserts(%a: tensor<4xf32>) -> tensor<1x4x1xf32> {
  %0 = stablehlo.reshape %a : (tensor<4xf32>) -> tensor<1x4x1xf32>
  return %0 : tensor<1x4x1xf32>
}
func.func @moves(%a: tensor<1x4xf32>) -> tensor<4x1xf32> {
  %0 = stablehlo.reshape %a : (tensor<1x4xf32>) -> tensor<4x1xf32>
  return %0 : tensor<4x1xf32>
}
func.func @drops(%a: tensor<1x4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.reshape %a : (tensor<1x4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @broadcast(%a: tensor<4xf32>) -> tensor<3x4xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [2] : (tensor<4xf32>) -> tensor<3x1x4xf32>
  %1 = stablehlo.reshape %0 : (tensor<3x1x4xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
func.func @scalar(%a: tensor<f32>) -> tensor<6x2xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<3x4xf32>
  %1 = stablehlo.reshape %0 : (tensor<3x4xf32>) -> tensor<6x2xf32>
  return %1 : tensor<6x2xf32>
}
