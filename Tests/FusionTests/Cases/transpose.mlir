// run: lower
func.func @main(%arg0: tensor<40x33xf32>, %arg1: tensor<20x18x33xf32>) -> (tensor<33x40xf32>, tensor<33x18x20xf32>) {
  %0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<40x33xf32>) -> tensor<33x40xf32>
  %1 = stablehlo.transpose %arg1, dims = [2, 1, 0] : (tensor<20x18x33xf32>) -> tensor<33x18x20xf32>
  return %0, %1 : tensor<33x40xf32>, tensor<33x18x20xf32>
}
