// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3x3xf64>, %arg2: tensor<3xf64>) -> tensor<f64> {
    %0 = stablehlo.reverse %arg0, dims = [0] : tensor<5x3xf64>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %1 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f64>) -> tensor<5x3xf64>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f64>) -> tensor<5xf64>
    %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %3 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f64>) -> tensor<5x3xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %4:9 = stablehlo.while(%iterArg = %arg0, %iterArg_7 = %0, %iterArg_8 = %arg1, %iterArg_9 = %c, %iterArg_10 = %arg2, %iterArg_11 = %cst, %iterArg_12 = %1, %iterArg_13 = %2, %iterArg_14 = %3) : tensor<5x3xf64>, tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>, tensor<f64>, tensor<5x3xf64>, tensor<5xf64>, tensor<5x3xf64>
    cond {
      %c_15 = stablehlo.constant dense<5> : tensor<i64>
      %14 = stablehlo.compare LT, %iterArg_9, %c_15, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %14 : tensor<i1>
    } do {
      %c_15 = stablehlo.constant dense<0> : tensor<i64>
      %14 = stablehlo.dynamic_slice %iterArg, %iterArg_9, %c_15, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %15 = stablehlo.reshape %14 : (tensor<1x3xf64>) -> tensor<3xf64>
      %c_16 = stablehlo.constant dense<0> : tensor<i64>
      %16 = stablehlo.dynamic_slice %iterArg_7, %iterArg_9, %c_16, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %17 = stablehlo.reshape %16 : (tensor<1x3xf64>) -> tensor<3xf64>
      %18 = stablehlo.dot_general %iterArg_10, %iterArg_8, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<3xf64>, tensor<3x3xf64>) -> tensor<3xf64>
      %19 = stablehlo.add %18, %15 : tensor<3xf64>
      %20 = stablehlo.tanh %19 : tensor<3xf64>
      %cst_17 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %21 = stablehlo.reduce(%17 init: %cst_17) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
      %22 = stablehlo.convert %iterArg_11 : (tensor<f64>) -> tensor<f64>
      %23 = stablehlo.add %22, %21 : tensor<f64>
      %24 = stablehlo.multiply %15, %17 : tensor<3xf64>
      %25 = stablehlo.broadcast_in_dim %20, dims = [1] : (tensor<3xf64>) -> tensor<1x3xf64>
      %c_18 = stablehlo.constant dense<0> : tensor<i64>
      %26 = stablehlo.dynamic_update_slice %iterArg_12, %25, %iterArg_9, %c_18 : (tensor<5x3xf64>, tensor<1x3xf64>, tensor<i64>, tensor<i64>) -> tensor<5x3xf64>
      %27 = stablehlo.broadcast_in_dim %23, dims = [] : (tensor<f64>) -> tensor<1xf64>
      %28 = stablehlo.dynamic_update_slice %iterArg_13, %27, %iterArg_9 : (tensor<5xf64>, tensor<1xf64>, tensor<i64>) -> tensor<5xf64>
      %29 = stablehlo.broadcast_in_dim %24, dims = [1] : (tensor<3xf64>) -> tensor<1x3xf64>
      %c_19 = stablehlo.constant dense<0> : tensor<i64>
      %30 = stablehlo.dynamic_update_slice %iterArg_14, %29, %iterArg_9, %c_19 : (tensor<5x3xf64>, tensor<1x3xf64>, tensor<i64>, tensor<i64>) -> tensor<5x3xf64>
      %c_20 = stablehlo.constant dense<1> : tensor<i64>
      %31 = stablehlo.add %iterArg_9, %c_20 : tensor<i64>
      stablehlo.return %iterArg, %iterArg_7, %iterArg_8, %31, %20, %23, %26, %28, %30 : tensor<5x3xf64>, tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>, tensor<f64>, tensor<5x3xf64>, tensor<5xf64>, tensor<5x3xf64>
    }
    %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %5 = stablehlo.reduce(%4#4 init: %cst_3) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    %6 = stablehlo.add %5, %4#5 : tensor<f64>
    %7 = stablehlo.multiply %4#6, %4#6 : tensor<5x3xf64>
    %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %8 = stablehlo.reduce(%7 init: %cst_4) applies stablehlo.add across dimensions = [0, 1] : (tensor<5x3xf64>, tensor<f64>) -> tensor<f64>
    %9 = stablehlo.add %6, %8 : tensor<f64>
    %cst_5 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %10 = stablehlo.reduce(%4#7 init: %cst_5) applies stablehlo.add across dimensions = [0] : (tensor<5xf64>, tensor<f64>) -> tensor<f64>
    %11 = stablehlo.add %9, %10 : tensor<f64>
    %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %12 = stablehlo.reduce(%4#8 init: %cst_6) applies stablehlo.add across dimensions = [0, 1] : (tensor<5x3xf64>, tensor<f64>) -> tensor<f64>
    %13 = stablehlo.add %11, %12 : tensor<f64>
    return %13 : tensor<f64>
  }
}
