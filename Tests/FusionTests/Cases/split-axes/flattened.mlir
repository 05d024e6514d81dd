// run: split-axes
func.func @main(%x: tensor<24x40xf32>, %y: tensor<40xf32>, %z: tensor<20x50x40xf32>) -> (tensor<960xf32>, tensor<50x800xf32>) {
  %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<24x40xf32>) -> tensor<40x24xf32>
  %1 = stablehlo.broadcast_in_dim %y, dims = [0] : (tensor<40xf32>) -> tensor<40x24xf32>
  %2 = stablehlo.add %0, %1 : tensor<40x24xf32>
  %3 = stablehlo.reshape %2 : (tensor<40x24xf32>) -> tensor<960xf32>
  %4 = stablehlo.transpose %z, dims = [1, 2, 0] : (tensor<20x50x40xf32>) -> tensor<50x40x20xf32>
  %5 = stablehlo.exponential %4 : tensor<50x40x20xf32>
  %6 = stablehlo.reshape %5 : (tensor<50x40x20xf32>) -> tensor<50x800xf32>
  return %3, %6 : tensor<960xf32>, tensor<50x800xf32>
}
