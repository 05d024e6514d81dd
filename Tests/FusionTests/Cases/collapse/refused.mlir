// run: collapse
// A row of what is sliced does not end where the next one starts.
func.func @main(%x: tensor<4x6xf32>, %y: tensor<4x7xf32>) -> tensor<4x6xf32> {
  %0 = stablehlo.slice %y [0:4, 0:6] : (tensor<4x7xf32>) -> tensor<4x6xf32>
  %1 = stablehlo.add %x, %0 : tensor<4x6xf32>
  return %1 : tensor<4x6xf32>
}
