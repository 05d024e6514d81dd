// run: self-copies
// What the loop leaves stands in the memory of what it carries, a buffer that is made after the view of a row
// of it.
func.func @main(%x: tensor<9x9xf64>) -> tensor<9x9xf64> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %four = stablehlo.constant dense<4> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %first = stablehlo.constant dense<0> : tensor<1xi32>
  %0:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, tensor<9x9xf64>
  cond {
    %1 = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.slice %a [7:8, 0:9] : (tensor<9x9xf64>) -> tensor<1x9xf64>
    %2 = stablehlo.reshape %1 : (tensor<1x9xf64>) -> tensor<9xf64>
    %3 = "stablehlo.scatter"(%a, %first, %2) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]>, unique_indices = true}> ({
    ^bb0(%old: tensor<f64>, %new: tensor<f64>):
      stablehlo.return %new : tensor<f64>
    }) : (tensor<9x9xf64>, tensor<1xi32>, tensor<9xf64>) -> tensor<9x9xf64>
    %4 = stablehlo.slice %3 [7:8, 0:9] : (tensor<9x9xf64>) -> tensor<1x9xf64>
    %5 = stablehlo.reshape %4 : (tensor<1x9xf64>) -> tensor<9xf64>
    %6 = "stablehlo.scatter"(%3, %first, %5) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]>, unique_indices = true}> ({
    ^bb0(%old: tensor<f64>, %new: tensor<f64>):
      stablehlo.return %new : tensor<f64>
    }) : (tensor<9x9xf64>, tensor<1xi32>, tensor<9xf64>) -> tensor<9x9xf64>
    %7 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %7, %6 : tensor<i32>, tensor<9x9xf64>
  }
  %1 = stablehlo.slice %0#1 [7:8, 0:9] : (tensor<9x9xf64>) -> tensor<1x9xf64>
  %2 = stablehlo.reshape %1 : (tensor<1x9xf64>) -> tensor<9xf64>
  %3 = "stablehlo.scatter"(%0#1, %first, %2) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]>, unique_indices = true}> ({
  ^bb0(%old: tensor<f64>, %new: tensor<f64>):
    stablehlo.return %new : tensor<f64>
  }) : (tensor<9x9xf64>, tensor<1xi32>, tensor<9xf64>) -> tensor<9x9xf64>
  return %3 : tensor<9x9xf64>
}
