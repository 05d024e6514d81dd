// run: slice,dce
func.func @all(%a: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = stablehlo.slice %a [0:3, 0:4] : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
func.func @slice(%a: tensor<20xf32>) -> tensor<3xf32> {
  %0 = stablehlo.slice %a [2:20:3] : (tensor<20xf32>) -> tensor<6xf32>
  %1 = stablehlo.slice %0 [1:6:2] : (tensor<6xf32>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}
func.func @broadcast(%a: tensor<4xf32>) -> tensor<2x2xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.slice %0 [0:2, 1:3] : (tensor<3x4xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}
func.func @concatenate(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = stablehlo.concatenate %a, %b, dim = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [5:8:2] : (tensor<8xf32>) -> tensor<2xf32>
  %2 = stablehlo.slice %0 [3:5] : (tensor<8xf32>) -> tensor<2xf32>
  return %1, %2 : tensor<2xf32>, tensor<2xf32>
}
func.func @pad(%a: tensor<4xf32>) -> (tensor<2xf32>, tensor<3xf32>) {
  %c = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.pad %a, %c, low = [3], high = [1], interior = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [4:6] : (tensor<8xf32>) -> tensor<2xf32>
  %2 = stablehlo.slice %0 [0:3] : (tensor<8xf32>) -> tensor<3xf32>
  return %1, %2 : tensor<2xf32>, tensor<3xf32>
}
