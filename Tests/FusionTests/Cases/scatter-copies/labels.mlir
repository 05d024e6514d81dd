// run: scatter-copies
func.func @main(%x: tensor<61xf32>, %i: tensor<61x1xi32>, %base: tensor<9xf32>) -> tensor<9xf32> {
  %0 = "stablehlo.scatter"(%base, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<9xf32>, tensor<61x1xi32>, tensor<61xf32>) -> tensor<9xf32>
  return %0 : tensor<9xf32>
}
