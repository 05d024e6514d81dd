// run: scatter-strips
func.func @main(%x: tensor<6x40xf32>) -> tensor<9xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %base = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<9xf32>
  %0 = stablehlo.sine %x : tensor<6x40xf32>
  %1 = stablehlo.floor %x : tensor<6x40xf32>
  %2 = stablehlo.convert %1 : (tensor<6x40xf32>) -> tensor<6x40xi32>
  %3 = stablehlo.reshape %2 : (tensor<6x40xi32>) -> tensor<6x40x1xi32>
  %4 = "stablehlo.scatter"(%base, %3, %0) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<9xf32>, tensor<6x40x1xi32>, tensor<6x40xf32>) -> tensor<9xf32>
  return %4 : tensor<9xf32>
}
