// run: scatter-copies
// Sums of integers and of more places than updates stay, as do maxima.
func.func @main(%x: tensor<61xf32>, %n: tensor<61xi32>, %i: tensor<61x1xi32>) -> (tensor<64xf32>, tensor<9xf32>, tensor<9xi32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %none = stablehlo.constant dense<0> : tensor<i32>
  %wide = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<64xf32>
  %few = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<9xf32>
  %counts = stablehlo.broadcast_in_dim %none, dims = [] : (tensor<i32>) -> tensor<9xi32>
  %0 = "stablehlo.scatter"(%wide, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<64xf32>, tensor<61x1xi32>, tensor<61xf32>) -> tensor<64xf32>
  %1 = "stablehlo.scatter"(%few, %i, %x) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.maximum %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<9xf32>, tensor<61x1xi32>, tensor<61xf32>) -> tensor<9xf32>
  %2 = "stablehlo.scatter"(%counts, %i, %n) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    %m = stablehlo.add %a, %b : tensor<i32>
    stablehlo.return %m : tensor<i32>
  }) : (tensor<9xi32>, tensor<61x1xi32>, tensor<61xi32>) -> tensor<9xi32>
  return %0, %1, %2 : tensor<64xf32>, tensor<9xf32>, tensor<9xi32>
}
