// run: scatter-streams
// The last update of a place stays: updates that only replace must be made in order.
func.func @main(%x: tensor<4003xf32>, %i: tensor<4003x1xi32>) -> tensor<9xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %base = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<9xf32>
  %0 = "stablehlo.scatter"(%base, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<9xf32>, tensor<4003x1xi32>, tensor<4003xf32>) -> tensor<9xf32>
  return %0 : tensor<9xf32>
}
