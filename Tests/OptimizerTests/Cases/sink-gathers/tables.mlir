// run: sink-gathers,dce
func.func @quotient(%a: tensor<10xf32>, %b: tensor<10xf32>, %i: tensor<40x1xi32>) -> tensor<40xf32> {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = "stablehlo.gather"(%b, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %2 = stablehlo.divide %0, %1 : tensor<40xf32>
  return %2 : tensor<40xf32>
}
func.func @scaled(%a: tensor<10xf32>, %s: tensor<f32>, %i: tensor<40x1xi32>) -> tensor<40xf32> {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<40xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<40xf32>
  %3 = stablehlo.tanh %2 : tensor<40xf32>
  return %3 : tensor<40xf32>
}
func.func @read_otherwise(%a: tensor<10xf32>, %i: tensor<40x1xi32>) -> (tensor<40xf32>, tensor<40xf32>) {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = stablehlo.tanh %0 : tensor<40xf32>
  return %0, %1 : tensor<40xf32>, tensor<40xf32>
}
func.func @other_places(%a: tensor<10xf32>, %b: tensor<10xf32>, %i: tensor<40x1xi32>, %j: tensor<40x1xi32>) -> tensor<40xf32> {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = "stablehlo.gather"(%b, %j) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %2 = stablehlo.add %0, %1 : tensor<40xf32>
  return %2 : tensor<40xf32>
}
func.func @large_table(%a: tensor<30xf32>, %i: tensor<40x1xi32>) -> tensor<40xf32> {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<30xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = stablehlo.tanh %0 : tensor<40xf32>
  return %1 : tensor<40xf32>
}
func.func @both_read_otherwise(%a: tensor<10xf32>, %b: tensor<10xf32>, %i: tensor<40x1xi32>) -> (tensor<40xf32>, tensor<40xf32>, tensor<40xf32>) {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = "stablehlo.gather"(%b, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %2 = stablehlo.divide %0, %1 : tensor<40xf32>
  return %0, %1, %2 : tensor<40xf32>, tensor<40xf32>, tensor<40xf32>
}
func.func @one_read_otherwise(%a: tensor<10xf32>, %b: tensor<10xf32>, %i: tensor<40x1xi32>) -> (tensor<40xf32>, tensor<40xf32>) {
  %0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %1 = "stablehlo.gather"(%b, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<10xf32>, tensor<40x1xi32>) -> tensor<40xf32>
  %2 = stablehlo.divide %0, %1 : tensor<40xf32>
  return %0, %2 : tensor<40xf32>, tensor<40xf32>
}
