// run: select,dce
func.func @equal(%p: tensor<4xi1>, %a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.select %p, %a, %a : tensor<4xi1>, tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @known(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<false> : tensor<i1>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<i1>) -> tensor<4xi1>
  %1 = stablehlo.select %0, %a, %b : tensor<4xi1>, tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @opposite(%p: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.not %p : tensor<4xi1>
  %1 = stablehlo.select %0, %a, %b : tensor<4xi1>, tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @predicate(%p: tensor<4xi1>) -> (tensor<4xi1>, tensor<4xi1>) {
  %c0 = stablehlo.constant dense<true> : tensor<i1>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<i1>) -> tensor<4xi1>
  %c1 = stablehlo.constant dense<false> : tensor<i1>
  %1 = stablehlo.broadcast_in_dim %c1, dims = [] : (tensor<i1>) -> tensor<4xi1>
  %2 = stablehlo.select %p, %0, %1 : tensor<4xi1>, tensor<4xi1>
  %3 = stablehlo.select %p, %1, %0 : tensor<4xi1>, tensor<4xi1>
  return %2, %3 : tensor<4xi1>, tensor<4xi1>
}
func.func @again(%p: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.select %p, %a, %b : tensor<4xi1>, tensor<4xf32>
  %1 = stablehlo.select %p, %0, %d : tensor<4xi1>, tensor<4xf32>
  %2 = stablehlo.select %p, %d, %1 : tensor<4xi1>, tensor<4xf32>
  return %2 : tensor<4xf32>
}
