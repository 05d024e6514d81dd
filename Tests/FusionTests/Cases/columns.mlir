// run: lower
func.func @main(%arg0: tensor<300x96xf64>, %arg1: tensor<40x3xf32>) -> (tensor<96xf64>, tensor<f64>, tensor<120xf32>) {
  %cst = stablehlo.constant dense<0.0> : tensor<f64>
  %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<300x96xf64>, tensor<f64>) -> tensor<96xf64>
  %1 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<300x96xf64>, tensor<f64>) -> tensor<f64>
  %2 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<40x3xf32>) -> tensor<3x40xf32>
  %3 = stablehlo.reshape %2 : (tensor<3x40xf32>) -> tensor<120xf32>
  return %0, %1, %3 : tensor<96xf64>, tensor<f64>, tensor<120xf32>
}
