// run: collapse
func.func @main(%x: tensor<4x6xf32>, %y: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %0 = stablehlo.add %x, %y : tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}
