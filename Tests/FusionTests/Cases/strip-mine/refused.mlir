// run: strip-mine
// Rows go through one pass only, so that none waits for another.
func.func @main(%x: tensor<64x40xf32>, %y: tensor<64xf32>) -> tensor<64x40xf32> {
  %0 = stablehlo.broadcast_in_dim %y, dims = [0] : (tensor<64xf32>) -> tensor<64x40xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<64x40xf32>
  return %1 : tensor<64x40xf32>
}
