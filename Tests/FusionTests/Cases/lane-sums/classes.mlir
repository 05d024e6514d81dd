// run: lane-sums
// Gradients of few weights, of rows in lanes: a vector of sums for each weight until the rows end.
func.func @main(%x: tensor<200x12xf32>, %w: tensor<12xf32>) -> tensor<12xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<200x12xf32>, tensor<12xf32>) -> tensor<200xf32>
  %1 = stablehlo.logistic %0 : tensor<200xf32>
  %2 = stablehlo.dot_general %1, %x, contracting_dims = [0] x [0] : (tensor<200xf32>, tensor<200x12xf32>) -> tensor<12xf32>
  return %2 : tensor<12xf32>
}
