// run: vectorize
// Steps of 32 chains of six states: chains are lanes, and their rows are brought into lanes.
func.func @main(%a: tensor<32x6xf32>, %w: tensor<6x6xf32>) -> tensor<32x6xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %a, dims = [0, 1] : (tensor<32x6xf32>) -> tensor<32x6x6xf32>
  %1 = stablehlo.broadcast_in_dim %w, dims = [1, 2] : (tensor<6x6xf32>) -> tensor<32x6x6xf32>
  %2 = stablehlo.add %0, %1 : tensor<32x6x6xf32>
  %3 = stablehlo.exponential %2 : tensor<32x6x6xf32>
  %4 = stablehlo.reduce(%3 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<32x6x6xf32>, tensor<f32>) -> tensor<32x6xf32>
  %5 = stablehlo.log %4 : tensor<32x6xf32>
  return %5 : tensor<32x6xf32>
}
