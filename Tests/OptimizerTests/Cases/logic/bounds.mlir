// run: logic,dce
func.func @max(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.maximum %a, %0 : tensor<4xf32>
  %c2 = stablehlo.constant dense<0x7F800000> : tensor<f32>
  %2 = stablehlo.broadcast_in_dim %c2, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %3 = stablehlo.maximum %1, %2 : tensor<4xf32>
  return %3 : tensor<4xf32>
}
func.func @min(%a: tensor<4xi32>) -> tensor<4xi32> {
  %c0 = stablehlo.constant dense<2147483647> : tensor<i32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<i32>) -> tensor<4xi32>
  %1 = stablehlo.minimum %a, %0 : tensor<4xi32>
  %2 = stablehlo.minimum %1, %1 : tensor<4xi32>
  return %2 : tensor<4xi32>
}
func.func @and(%a: tensor<4xi1>) -> (tensor<4xi1>, tensor<4xi1>) {
  %c0 = stablehlo.constant dense<true> : tensor<i1>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<i1>) -> tensor<4xi1>
  %1 = stablehlo.and %a, %0 : tensor<4xi1>
  %c2 = stablehlo.constant dense<false> : tensor<i1>
  %2 = stablehlo.broadcast_in_dim %c2, dims = [] : (tensor<i1>) -> tensor<4xi1>
  %3 = stablehlo.and %a, %2 : tensor<4xi1>
  return %1, %3 : tensor<4xi1>, tensor<4xi1>
}
func.func @itself(%a: tensor<4xi32>, %b: tensor<4xf32>) -> (tensor<4xi1>, tensor<4xi1>) {
  %0 = stablehlo.compare GE, %a, %a : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
  %1 = stablehlo.compare GE, %b, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return %0, %1 : tensor<4xi1>, tensor<4xi1>
}
