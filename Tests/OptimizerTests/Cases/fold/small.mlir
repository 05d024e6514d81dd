// run: fold,dce
func.func @elementwise() -> tensor<2xf32> {
  %0 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = stablehlo.constant dense<[3.0, -5.0]> : tensor<2xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<2xf32>
  return %2 : tensor<2xf32>
}
func.func @indices(%a: tensor<2xi64>) -> (tensor<2xi64>, tensor<2x1xi32>) {
  %0 = stablehlo.constant dense<[1, 2]> : tensor<2xi64>
  %1 = stablehlo.constant dense<false> : tensor<2xi1>
  %2 = stablehlo.select %1, %a, %0 : tensor<2xi1>, tensor<2xi64>
  %3 = stablehlo.convert %0 : (tensor<2xi64>) -> tensor<2xi32>
  %4 = stablehlo.broadcast_in_dim %3, dims = [0] : (tensor<2xi32>) -> tensor<2x1xi32>
  return %2, %4 : tensor<2xi64>, tensor<2x1xi32>
}
func.func @grows() -> tensor<1000x2xf32> {
  %0 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [1] : (tensor<2xf32>) -> tensor<1000x2xf32>
  return %1 : tensor<1000x2xf32>
}
