// run: negation,unary,dce
func.func @add(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.negate %b : tensor<4xf32>
  %1 = stablehlo.add %a, %0 : tensor<4xf32>
  %2 = stablehlo.add %0, %a : tensor<4xf32>
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}
func.func @subtract(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.negate %b : tensor<4xf32>
  %1 = stablehlo.subtract %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @products(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>) {
  %0 = stablehlo.negate %a : tensor<4xf32>
  %1 = stablehlo.negate %b : tensor<4xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<4xf32>
  %3 = stablehlo.divide %2, %1 : tensor<4xf32>
  return %3 : tensor<4xf32>
}
func.func @moves(%a: tensor<4xf32>, %b: tensor<4xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.negate %a : tensor<4xf32>
  %1 = stablehlo.multiply %0, %b : tensor<4xf32>
  %2 = stablehlo.subtract %d, %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
func.func @constant(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.negate %a : tensor<4xf32>
  %c1 = stablehlo.constant dense<3.0> : tensor<f32>
  %1 = stablehlo.broadcast_in_dim %c1, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
