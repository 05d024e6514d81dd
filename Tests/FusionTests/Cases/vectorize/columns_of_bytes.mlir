// run: vectorize
// There is no gather of bytes: lanes go along the rows of the mask, not over them.
func.func @main(%mask: tensor<16x16xi1>, %v: tensor<16xf32>) -> tensor<16xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %v, dims = [1] : (tensor<16xf32>) -> tensor<16x16xf32>
  %1 = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<16x16xf32>
  %2 = stablehlo.select %mask, %0, %1 : tensor<16x16xi1>, tensor<16x16xf32>
  %3 = stablehlo.reduce(%2 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<16x16xf32>, tensor<f32>) -> tensor<16xf32>
  return %3 : tensor<16xf32>
}
