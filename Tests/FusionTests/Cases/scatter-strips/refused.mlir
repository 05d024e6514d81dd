// run: scatter-strips
// Nothing is computed before the write.
func.func @main(%x: tensor<1000xf32>, %i: tensor<1000x1xi32>) -> tensor<9xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %base = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<9xf32>
  %0 = "stablehlo.scatter"(%base, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<9xf32>, tensor<1000x1xi32>, tensor<1000xf32>) -> tensor<9xf32>
  return %0 : tensor<9xf32>
}
