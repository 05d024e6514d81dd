// run: lower
func.func @main(%arg0: tensor<1000x10xf32>) -> tensor<1000x10xf32> {
  %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.maximum across dimensions = [1] : (tensor<1000x10xf32>, tensor<f32>) -> tensor<1000xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<1000xf32>) -> tensor<1000x10xf32>
  %2 = stablehlo.subtract %arg0, %1 : tensor<1000x10xf32>
  %3 = stablehlo.exponential %2 : tensor<1000x10xf32>
  %cst_0 = stablehlo.constant dense<0.0> : tensor<f32>
  %4 = stablehlo.reduce(%3 init: %cst_0) applies stablehlo.add across dimensions = [1] : (tensor<1000x10xf32>, tensor<f32>) -> tensor<1000xf32>
  %5 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<1000xf32>) -> tensor<1000x10xf32>
  %6 = stablehlo.divide %3, %5 : tensor<1000x10xf32>
  return %6 : tensor<1000x10xf32>
}
