// run: concatenate,dce
func.func @one(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.concatenate %a, dim = 0 : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @slices(%a: tensor<4xf32>) -> tensor<3xf32> {
  %0 = stablehlo.slice %a [0:1] : (tensor<4xf32>) -> tensor<1xf32>
  %1 = stablehlo.slice %a [1:3] : (tensor<4xf32>) -> tensor<2xf32>
  %2 = stablehlo.concatenate %0, %1, dim = 0 : (tensor<1xf32>, tensor<2xf32>) -> tensor<3xf32>
  return %2 : tensor<3xf32>
}
func.func @nested(%a: tensor<4xf32>, %b: tensor<0xf32>) -> tensor<12xf32> {
  %0 = stablehlo.concatenate %a, %a, dim = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = stablehlo.concatenate %0, %b, %a, dim = 0 : (tensor<8xf32>, tensor<0xf32>, tensor<4xf32>) -> tensor<12xf32>
  return %1 : tensor<12xf32>
}
