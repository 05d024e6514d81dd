// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3x3xf64>, %arg2: tensor<3xf64>) -> tensor<f64> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<5xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:5 = stablehlo.while(%iterArg = %arg0, %iterArg_2 = %arg1, %iterArg_3 = %c, %iterArg_4 = %arg2, %iterArg_5 = %0) : tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5xf64>
    cond {
      %c_6 = stablehlo.constant dense<5> : tensor<i64>
      %8 = stablehlo.compare LT, %iterArg_3, %c_6, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %8 : tensor<i1>
    } do {
      %c_6 = stablehlo.constant dense<0> : tensor<i64>
      %8 = stablehlo.dynamic_slice %iterArg, %iterArg_3, %c_6, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %9 = stablehlo.reshape %8 : (tensor<1x3xf64>) -> tensor<3xf64>
      %10 = stablehlo.dot_general %iterArg_4, %iterArg_2, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<3xf64>, tensor<3x3xf64>) -> tensor<3xf64>
      %11 = stablehlo.add %10, %9 : tensor<3xf64>
      %12 = stablehlo.tanh %11 : tensor<3xf64>
      %13 = stablehlo.multiply %12, %9 : tensor<3xf64>
      %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %14 = stablehlo.reduce(%13 init: %cst_7) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
      %15 = stablehlo.broadcast_in_dim %14, dims = [] : (tensor<f64>) -> tensor<1xf64>
      %16 = stablehlo.dynamic_update_slice %iterArg_5, %15, %iterArg_3 : (tensor<5xf64>, tensor<1xf64>, tensor<i64>) -> tensor<5xf64>
      %c_8 = stablehlo.constant dense<1> : tensor<i64>
      %17 = stablehlo.add %iterArg_3, %c_8 : tensor<i64>
      stablehlo.return %iterArg, %iterArg_2, %17, %12, %16 : tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5xf64>
    }
    %2 = stablehlo.multiply %1#3, %1#3 : tensor<3xf64>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %3 = stablehlo.reduce(%2 init: %cst_0) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    %4 = stablehlo.multiply %1#4, %1#4 : tensor<5xf64>
    %5 = stablehlo.multiply %4, %1#4 : tensor<5xf64>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %6 = stablehlo.reduce(%5 init: %cst_1) applies stablehlo.add across dimensions = [0] : (tensor<5xf64>, tensor<f64>) -> tensor<f64>
    %7 = stablehlo.add %3, %6 : tensor<f64>
    return %7 : tensor<f64>
  }
}
