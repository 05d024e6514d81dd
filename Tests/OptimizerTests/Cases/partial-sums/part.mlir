// run: partial-sums,dce
func.func @added(%x: tensor<4x8xf32>, %u: tensor<4x1xf32>, %i: tensor<i32>) -> tensor<4x8xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %c = stablehlo.constant dense<0> : tensor<i32>
  %zeros = stablehlo.broadcast_in_dim %z, dims = [] : (tensor<f32>) -> tensor<4x8xf32>
  %0 = stablehlo.dynamic_update_slice %zeros, %u, %c, %i : (tensor<4x8xf32>, tensor<4x1xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
  %1 = stablehlo.add %x, %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// Most of the tensor changes.
func.func @kept(%x: tensor<4xf32>, %u: tensor<3xf32>, %i: tensor<i32>) -> tensor<4xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %zeros = stablehlo.broadcast_in_dim %z, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %0 = stablehlo.dynamic_update_slice %zeros, %u, %i : (tensor<4xf32>, tensor<3xf32>, tensor<i32>) -> tensor<4xf32>
  %1 = stablehlo.add %x, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
