// run: write-out
// No choice depends on the column: nothing becomes simpler.
func.func @main(%p: tensor<1280x3xf32>, %q: tensor<1280xf32>) -> (tensor<1280x3xf32>, tensor<f32>) {
  %w = stablehlo.broadcast_in_dim %q, dims = [0] : (tensor<1280xf32>) -> tensor<1280x3xf32>
  %r = stablehlo.multiply %p, %w : tensor<1280x3xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %sum = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<1280xf32>, tensor<f32>) -> tensor<f32>
  return %r, %sum : tensor<1280x3xf32>, tensor<f32>
}
