// run: delayed-slices,slice,concatenate,reshape,dce
module {
  func.func public @main(%arg0: tensor<f64>, %arg1: tensor<2xf64>, %arg2: tensor<5xf64>, %arg3: tensor<5x2xf64>) -> (tensor<f64>, tensor<5xf64>, tensor<2xf64>, tensor<2xf64>) {
    %0:4 = "adjoint.scan"(%arg0, %arg0, %arg0, %arg2) <{carry_count = 3 : i64, length = 5 : i64, reverse = false}> ({
    ^bb0(%arg4: tensor<i64>, %arg5: tensor<f64>, %arg6: tensor<f64>, %arg7: tensor<f64>, %arg8: tensor<f64>):
      %2 = stablehlo.multiply %arg5, %arg7 : tensor<f64>
      %3 = stablehlo.add %2, %arg8 : tensor<f64>
      %4 = stablehlo.subtract %3, %arg6 : tensor<f64>
      stablehlo.return %4, %arg8, %arg6, %arg7 : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>
    }) : (tensor<f64>, tensor<f64>, tensor<f64>, tensor<5xf64>) -> (tensor<f64>, tensor<f64>, tensor<f64>, tensor<5xf64>)
    %1:2 = "adjoint.scan"(%arg1, %arg1, %arg3) <{carry_count = 2 : i64, length = 5 : i64, reverse = true}> ({
    ^bb0(%arg4: tensor<i64>, %arg5: tensor<2xf64>, %arg6: tensor<2xf64>, %arg7: tensor<2xf64>):
      %2 = stablehlo.multiply %arg5, %arg6 : tensor<2xf64>
      %3 = stablehlo.add %2, %arg7 : tensor<2xf64>
      stablehlo.return %arg7, %3 : tensor<2xf64>, tensor<2xf64>
    }) : (tensor<2xf64>, tensor<2xf64>, tensor<5x2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
    return %0#0, %0#3, %1#0, %1#1 : tensor<f64>, tensor<5xf64>, tensor<2xf64>, tensor<2xf64>
  }
}
