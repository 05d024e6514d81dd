// run: chain-rows
// The second product reads the first one's rows in the reverse order, so no block of rows is complete.
func.func @main(%x: tensor<24x8xf32>, %w: tensor<8x12xf32>, %v: tensor<12x8xf32>) -> tensor<24x8xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<24x8xf32>, tensor<8x12xf32>) -> tensor<24x12xf32>
  %1 = stablehlo.tanh %0 : tensor<24x12xf32>
  %2 = stablehlo.reverse %1, dims = [0] : tensor<24x12xf32>
  %3 = stablehlo.dot_general %2, %v, contracting_dims = [1] x [0] : (tensor<24x12xf32>, tensor<12x8xf32>) -> tensor<24x8xf32>
  return %3 : tensor<24x8xf32>
}
