// run: tile
// Both sides are contiguous along the columns: there is nothing to transpose.
func.func @main(%x: tensor<20x30xf32>, %y: tensor<20x64xf32>) -> tensor<20x30xf32> {
  %0 = stablehlo.slice %y [0:20, 7:37] : (tensor<20x64xf32>) -> tensor<20x30xf32>
  %1 = stablehlo.add %x, %0 : tensor<20x30xf32>
  return %1 : tensor<20x30xf32>
}
