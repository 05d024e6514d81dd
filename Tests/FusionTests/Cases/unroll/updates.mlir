// run: unroll
func.func @main(%x: tensor<1001xf32>, %i: tensor<1001x1xi32>, %base: tensor<9xf32>) -> (tensor<9xf32>, tensor<9xf32>) {
  %0 = "stablehlo.scatter"(%base, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<9xf32>, tensor<1001x1xi32>, tensor<1001xf32>) -> tensor<9xf32>
  %e = stablehlo.exponential %x : tensor<1001xf32>
  %1 = "stablehlo.scatter"(%base, %i, %e) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.multiply %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<9xf32>, tensor<1001x1xi32>, tensor<1001xf32>) -> tensor<9xf32>
  return %0, %1 : tensor<9xf32>, tensor<9xf32>
}
