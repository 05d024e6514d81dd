// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3xf64>) -> tensor<f64> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<5xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:4 = stablehlo.while(%iterArg = %arg0, %iterArg_2 = %c, %iterArg_3 = %arg1, %iterArg_4 = %0) : tensor<5x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5xf64>
    cond {
      %c_5 = stablehlo.constant dense<5> : tensor<i64>
      %6 = stablehlo.compare LT, %iterArg_2, %c_5, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %6 : tensor<i1>
    } do {
      %c_5 = stablehlo.constant dense<0> : tensor<i64>
      %6 = stablehlo.dynamic_slice %iterArg, %iterArg_2, %c_5, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %7 = stablehlo.reshape %6 : (tensor<1x3xf64>) -> tensor<3xf64>
      %cst_6 = stablehlo.constant dense<2.000000e+00> : tensor<f64>
      %8 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f64>) -> tensor<3xf64>
      %9 = stablehlo.multiply %7, %8 : tensor<3xf64>
      %10 = stablehlo.broadcast_in_dim %7, dims = [1] : (tensor<3xf64>) -> tensor<1x3xf64>
      %11 = stablehlo.broadcast_in_dim %9, dims = [1] : (tensor<3xf64>) -> tensor<1x3xf64>
      %12 = stablehlo.concatenate %10, %11, dim = 0 : (tensor<1x3xf64>, tensor<1x3xf64>) -> tensor<2x3xf64>
      %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %13 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f64>) -> tensor<2x3xf64>
      %c_8 = stablehlo.constant dense<0> : tensor<i64>
      %14:5 = stablehlo.while(%iterArg_11 = %12, %iterArg_12 = %iterArg_3, %iterArg_13 = %c_8, %iterArg_14 = %iterArg_3, %iterArg_15 = %13) : tensor<2x3xf64>, tensor<3xf64>, tensor<i64>, tensor<3xf64>, tensor<2x3xf64>
      cond {
        %c_16 = stablehlo.constant dense<2> : tensor<i64>
        %19 = stablehlo.compare LT, %iterArg_13, %c_16, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
        stablehlo.return %19 : tensor<i1>
      } do {
        %c_16 = stablehlo.constant dense<0> : tensor<i64>
        %19 = stablehlo.dynamic_slice %iterArg_11, %iterArg_13, %c_16, sizes = [1, 3] : (tensor<2x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
        %20 = stablehlo.reshape %19 : (tensor<1x3xf64>) -> tensor<3xf64>
        %21 = stablehlo.multiply %iterArg_14, %20 : tensor<3xf64>
        %22 = stablehlo.sine %21 : tensor<3xf64>
        %23 = stablehlo.add %22, %iterArg_12 : tensor<3xf64>
        %24 = stablehlo.broadcast_in_dim %iterArg_14, dims = [1] : (tensor<3xf64>) -> tensor<1x3xf64>
        %c_17 = stablehlo.constant dense<0> : tensor<i64>
        %25 = stablehlo.dynamic_update_slice %iterArg_15, %24, %iterArg_13, %c_17 : (tensor<2x3xf64>, tensor<1x3xf64>, tensor<i64>, tensor<i64>) -> tensor<2x3xf64>
        %c_18 = stablehlo.constant dense<1> : tensor<i64>
        %26 = stablehlo.add %iterArg_13, %c_18 : tensor<i64>
        stablehlo.return %iterArg_11, %iterArg_12, %26, %23, %25 : tensor<2x3xf64>, tensor<3xf64>, tensor<i64>, tensor<3xf64>, tensor<2x3xf64>
      }
      %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %15 = stablehlo.reduce(%14#4 init: %cst_9) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf64>, tensor<f64>) -> tensor<f64>
      %16 = stablehlo.broadcast_in_dim %15, dims = [] : (tensor<f64>) -> tensor<1xf64>
      %17 = stablehlo.dynamic_update_slice %iterArg_4, %16, %iterArg_2 : (tensor<5xf64>, tensor<1xf64>, tensor<i64>) -> tensor<5xf64>
      %c_10 = stablehlo.constant dense<1> : tensor<i64>
      %18 = stablehlo.add %iterArg_2, %c_10 : tensor<i64>
      stablehlo.return %iterArg, %18, %14#3, %17 : tensor<5x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5xf64>
    }
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.reduce(%1#2 init: %cst_0) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    %3 = stablehlo.multiply %1#3, %1#3 : tensor<5xf64>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %4 = stablehlo.reduce(%3 init: %cst_1) applies stablehlo.add across dimensions = [0] : (tensor<5xf64>, tensor<f64>) -> tensor<f64>
    %5 = stablehlo.add %2, %4 : tensor<f64>
    return %5 : tensor<f64>
  }
}
