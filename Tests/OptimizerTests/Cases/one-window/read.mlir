// run: one-window,dce
func.func @gathered(%x: tensor<5x6xf32>) -> tensor<4x2xf32> {
  %i = stablehlo.constant dense<1> : tensor<2xi32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [0, 1], start_index_map = [0, 1]>, slice_sizes = array<i64: 4, 2>}> : (tensor<5x6xf32>, tensor<2xi32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
// A window that would reach beyond an end stands at that end, whichever way the index is signed.
func.func @clamped(%x: tensor<5x6xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %i = stablehlo.constant dense<[-3, 7]> : tensor<2xi32>
  %j = stablehlo.constant dense<[18446744073709551615, 1]> : tensor<2xui64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [0], start_index_map = [0, 1]>, slice_sizes = array<i64: 1, 2>}> : (tensor<5x6xf32>, tensor<2xi32>) -> tensor<2xf32>
  %1 = "stablehlo.gather"(%x, %j) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [0], start_index_map = [0, 1]>, slice_sizes = array<i64: 1, 2>}> : (tensor<5x6xf32>, tensor<2xui64>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
func.func @sliced(%x: tensor<5x6xf32>) -> tensor<2x3xf32> {
  %i = stablehlo.constant dense<2> : tensor<i32>
  %j = stablehlo.constant dense<9> : tensor<i32>
  %0 = stablehlo.dynamic_slice %x, %i, %j, sizes = [2, 3] : (tensor<5x6xf32>, tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// Two rows are two windows.
func.func @kept(%x: tensor<5x6xf32>) -> tensor<2x6xf32> {
  %i = stablehlo.constant dense<[[1], [3]]> : tensor<2x1xi32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<5x6xf32>, tensor<2x1xi32>) -> tensor<2x6xf32>
  return %0 : tensor<2x6xf32>
}
