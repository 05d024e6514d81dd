// run: sink-broadcasts,broadcast,dce
func.func @scalar(%a: tensor<4xf32>) -> tensor<4x5xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [0] : (tensor<4xf32>) -> tensor<4x1xf32>
  %c1 = stablehlo.constant dense<1024.0> : tensor<f32>
  %1 = stablehlo.broadcast_in_dim %c1, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
  %2 = stablehlo.divide %0, %1 : tensor<4x1xf32>
  %3 = stablehlo.rsqrt %2 : tensor<4x1xf32>
  %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
  return %4 : tensor<4x5xf32>
}
func.func @union(%a: tensor<2xf32>, %b: tensor<3xf32>) -> tensor<2x3x4xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [0] : (tensor<2xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<3xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.add %0, %1 : tensor<2x3x4xf32>
  return %2 : tensor<2x3x4xf32>
}
func.func @stays(%a: tensor<2xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [0] : (tensor<2xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<3xf32>) -> tensor<2x3xf32>
  %2 = stablehlo.add %0, %1 : tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}
func.func @choice(%p: tensor<i1>, %a: tensor<4xf32>) -> tensor<3x4xf32> {
  %0 = stablehlo.broadcast_in_dim %a, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %c1 = stablehlo.constant dense<0.0> : tensor<f32>
  %1 = stablehlo.broadcast_in_dim %c1, dims = [] : (tensor<f32>) -> tensor<3x4xf32>
  %2 = stablehlo.select %p, %0, %1 : tensor<i1>, tensor<3x4xf32>
  return %2 : tensor<3x4xf32>
}
