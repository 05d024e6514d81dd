// run: delayed-slices,slice,concatenate,reshape,wavefront,dce
module {
  func.func public @main(%arg0: tensor<7xf64>, %arg1: tensor<6x6xf64>) -> tensor<7xf64> {
    %0 = "adjoint.scan"(%arg0, %arg1) <{carry_count = 1 : i64, length = 6 : i64, reverse = false}> ({
    ^bb0(%arg2: tensor<i64>, %arg3: tensor<7xf64>, %arg4: tensor<6xf64>):
      %1 = stablehlo.slice %arg3 [0:1] : (tensor<7xf64>) -> tensor<1xf64>
      %2 = stablehlo.reshape %1 : (tensor<1xf64>) -> tensor<f64>
      %3 = stablehlo.slice %arg3 [1:7] : (tensor<7xf64>) -> tensor<6xf64>
      %cst = stablehlo.constant dense<9.000000e+00> : tensor<f64>
      %4:3 = "adjoint.scan"(%cst, %2, %arg4, %3) <{carry_count = 2 : i64, length = 6 : i64, reverse = false}> ({
      ^bb0(%arg5: tensor<i64>, %arg6: tensor<f64>, %arg7: tensor<f64>, %arg8: tensor<f64>, %arg9: tensor<f64>):
        %7 = stablehlo.tanh %arg6 : tensor<f64>
        %8 = stablehlo.exponential %arg7 : tensor<f64>
        %9 = stablehlo.add %7, %8 : tensor<f64>
        %10 = stablehlo.cosine %arg9 : tensor<f64>
        %11 = stablehlo.add %9, %10 : tensor<f64>
        %12 = stablehlo.tanh %11 : tensor<f64>
        %13 = stablehlo.multiply %12, %arg8 : tensor<f64>
        stablehlo.return %13, %arg9, %13 : tensor<f64>, tensor<f64>, tensor<f64>
      }) : (tensor<f64>, tensor<f64>, tensor<6xf64>, tensor<6xf64>) -> (tensor<f64>, tensor<f64>, tensor<6xf64>)
      %5 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<1xf64>
      %6 = stablehlo.concatenate %5, %4#2, dim = 0 : (tensor<1xf64>, tensor<6xf64>) -> tensor<7xf64>
      stablehlo.return %6 : tensor<7xf64>
    }) : (tensor<7xf64>, tensor<6x6xf64>) -> tensor<7xf64>
    return %0 : tensor<7xf64>
  }
}
