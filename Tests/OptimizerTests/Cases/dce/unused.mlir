// run: dce
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.add %a, %b : tensor<4xf32>
  %1 = stablehlo.multiply %a, %b : tensor<4xf32>
  %2 = stablehlo.subtract %1, %b : tensor<4xf32>
  %3 = stablehlo.sine %0 : tensor<4xf32>
  return %3 : tensor<4xf32>
}
