// run: lower
func.func @main(%arg0: tensor<1000x64xf32>, %arg1: tensor<48xi32>, %arg2: tensor<40x64xi32>, %arg3: tensor<64xf32>) -> tensor<48x40xf32> {
  %0 = stablehlo.reshape %arg1 : (tensor<48xi32>) -> tensor<48x1xi32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 64>}> : (tensor<1000x64xf32>, tensor<48x1xi32>) -> tensor<48x64xf32>
  %2 = stablehlo.convert %arg2 : (tensor<40x64xi32>) -> tensor<40x64xf32>
  %3 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<64xf32>) -> tensor<40x64xf32>
  %4 = stablehlo.multiply %2, %3 : tensor<40x64xf32>
  %5 = stablehlo.dot_general %1, %4, contracting_dims = [1] x [1] : (tensor<48x64xf32>, tensor<40x64xf32>) -> tensor<48x40xf32>
  return %5 : tensor<48x40xf32>
}
