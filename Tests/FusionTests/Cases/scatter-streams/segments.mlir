// run: scatter-streams
func.func @main(%x: tensor<4003xf32>, %i: tensor<4003x1xi32>, %r: tensor<3x2000xf32>) -> (tensor<9xf32>, tensor<3x9xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %base = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<9xf32>
  %0 = "stablehlo.scatter"(%base, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<9xf32>, tensor<4003x1xi32>, tensor<4003xf32>) -> tensor<9xf32>
  %rows = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<3x9xf32>
  %1 = stablehlo.floor %r : tensor<3x2000xf32>
  %2 = stablehlo.convert %1 : (tensor<3x2000xf32>) -> tensor<3x2000xi32>
  %3 = stablehlo.reshape %2 : (tensor<3x2000xi32>) -> tensor<3x2000x1xi32>
  %4 = stablehlo.exponential %r : tensor<3x2000xf32>
  %5 = "stablehlo.scatter"(%rows, %3, %4) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [1], input_batching_dims = [0], scatter_indices_batching_dims = [0], scatter_dims_to_operand_dims = [1], index_vector_dim = 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.maximum %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<3x9xf32>, tensor<3x2000x1xi32>, tensor<3x2000xf32>) -> tensor<3x9xf32>
  return %0, %5 : tensor<9xf32>, tensor<3x9xf32>
}
