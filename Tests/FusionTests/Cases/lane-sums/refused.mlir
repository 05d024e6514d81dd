// run: lane-sums
// As many sums as elements: they do not fit registers.
func.func @main(%x: tensor<200x120xf32>, %w: tensor<120xf32>) -> tensor<120xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<200x120xf32>, tensor<120xf32>) -> tensor<200xf32>
  %1 = stablehlo.logistic %0 : tensor<200xf32>
  %2 = stablehlo.dot_general %1, %x, contracting_dims = [0] x [0] : (tensor<200xf32>, tensor<200x120xf32>) -> tensor<120xf32>
  return %2 : tensor<120xf32>
}
