// run: lower
// Greatest elements of columns, and where they are: both go down the columns, with columns in lanes.
func.func @main(%t: tensor<24x32xf64>, %a: tensor<24xf64>) -> (tensor<32xf64>, tensor<24x32xi1>, tensor<32xf64>) {
  %low = stablehlo.constant dense<0xFFF0000000000000> : tensor<f64>
  %zero = stablehlo.constant dense<0.0> : tensor<f64>
  %0 = stablehlo.broadcast_in_dim %a, dims = [0] : (tensor<24xf64>) -> tensor<24x32xf64>
  %1 = stablehlo.add %t, %0 : tensor<24x32xf64>
  %2 = stablehlo.reduce(%1 init: %low) applies stablehlo.maximum across dimensions = [0] : (tensor<24x32xf64>, tensor<f64>) -> tensor<32xf64>
  %3 = stablehlo.broadcast_in_dim %2, dims = [1] : (tensor<32xf64>) -> tensor<24x32xf64>
  %4 = stablehlo.compare EQ, %1, %3 : (tensor<24x32xf64>, tensor<24x32xf64>) -> tensor<24x32xi1>
  %5 = stablehlo.convert %4 : (tensor<24x32xi1>) -> tensor<24x32xf64>
  %6 = stablehlo.reduce(%5 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<24x32xf64>, tensor<f64>) -> tensor<32xf64>
  return %2, %4, %6 : tensor<32xf64>, tensor<24x32xi1>, tensor<32xf64>
}
