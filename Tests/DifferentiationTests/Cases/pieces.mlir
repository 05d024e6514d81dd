// run: gradient  grad: 0
func.func @main(%x: tensor<3xf64>) -> tensor<f64> {
  %0 = stablehlo.slice %x [0:1] : (tensor<3xf64>) -> tensor<1xf64>
  %1 = stablehlo.slice %x [1:2] : (tensor<3xf64>) -> tensor<1xf64>
  %2 = stablehlo.slice %x [2:3] : (tensor<3xf64>) -> tensor<1xf64>
  %3 = stablehlo.multiply %0, %1 : tensor<1xf64>
  %4 = stablehlo.divide %3, %2 : tensor<1xf64>
  %5 = stablehlo.reshape %4 : (tensor<1xf64>) -> tensor<f64>
  return %5 : tensor<f64>
}
