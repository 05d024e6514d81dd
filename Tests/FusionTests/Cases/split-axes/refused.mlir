// run: split-axes
// Flattened as it stands in memory.
func.func @main(%x: tensor<24x40xf32>, %y: tensor<24xf32>) -> tensor<960xf32> {
  %0 = stablehlo.broadcast_in_dim %y, dims = [0] : (tensor<24xf32>) -> tensor<24x40xf32>
  %1 = stablehlo.add %x, %0 : tensor<24x40xf32>
  %2 = stablehlo.reshape %1 : (tensor<24x40xf32>) -> tensor<960xf32>
  return %2 : tensor<960xf32>
}
