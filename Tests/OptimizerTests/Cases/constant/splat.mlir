// run: constant,cse,dce
func.func @splat() -> (tensor<2x3xf32>, tensor<3xf32>) {
  %0 = stablehlo.constant dense<1.5> : tensor<2x3xf32>
  %1 = stablehlo.constant dense<1.5> : tensor<3xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<3xf32>
}
func.func @iota() -> (tensor<2x3xi32>, tensor<1x3xi32>) {
  %0 = stablehlo.iota dim = 1 : tensor<2x3xi32>
  %1 = stablehlo.iota dim = 0 : tensor<1x3xi32>
  return %0, %1 : tensor<2x3xi32>, tensor<1x3xi32>
}
