// A scatter whose region takes other elements than it has.
module @m {
  func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<1xi32>, %arg2: tensor<f32>) -> tensor<4xf32> {
    %0 = "stablehlo.scatter"(%arg0, %arg1, %arg2) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]>}> ({ // error: does not combine elements
    ^bb0(%arg3: tensor<f64>, %arg4: tensor<f64>):
      %1 = stablehlo.subtract %arg3, %arg4 : tensor<f64>
      stablehlo.return %1 : tensor<f64>
    }) : (tensor<4xf32>, tensor<1xi32>, tensor<f32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
