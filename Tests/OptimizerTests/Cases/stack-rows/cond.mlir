// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3xf64>) -> tensor<f64> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<5x3xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:4 = stablehlo.while(%iterArg = %arg0, %iterArg_2 = %c, %iterArg_3 = %arg1, %iterArg_4 = %0) : tensor<5x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5x3xf64>
    cond {
      %c_5 = stablehlo.constant dense<5> : tensor<i64>
      %6 = stablehlo.compare LT, %iterArg_2, %c_5, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %6 : tensor<i1>
    } do {
      %c_5 = stablehlo.constant dense<0> : tensor<i64>
      %6 = stablehlo.dynamic_slice %iterArg, %iterArg_2, %c_5, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %7 = stablehlo.reshape %6 : (tensor<1x3xf64>) -> tensor<3xf64>
      %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %8 = stablehlo.reduce(%7 init: %cst_6) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
      %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %9 = stablehlo.compare GT, %8, %cst_7, FLOAT : (tensor<f64>, tensor<f64>) -> tensor<i1>
      %10 = stablehlo.convert %9 : (tensor<i1>) -> tensor<i32>
      %11 = "stablehlo.case"(%10) ({
        %15 = stablehlo.multiply %iterArg_3, %iterArg_3 : tensor<3xf64>
        stablehlo.return %15 : tensor<3xf64>
      }, {
        %15 = stablehlo.sine %iterArg_3 : tensor<3xf64>
        %16 = stablehlo.multiply %15, %7 : tensor<3xf64>
        stablehlo.return %16 : tensor<3xf64>
      }) : (tensor<i32>) -> tensor<3xf64>
      %12 = stablehlo.broadcast_in_dim %11, dims = [1] : (tensor<3xf64>) -> tensor<1x3xf64>
      %c_8 = stablehlo.constant dense<0> : tensor<i64>
      %13 = stablehlo.dynamic_update_slice %iterArg_4, %12, %iterArg_2, %c_8 : (tensor<5x3xf64>, tensor<1x3xf64>, tensor<i64>, tensor<i64>) -> tensor<5x3xf64>
      %c_9 = stablehlo.constant dense<1> : tensor<i64>
      %14 = stablehlo.add %iterArg_2, %c_9 : tensor<i64>
      stablehlo.return %iterArg, %14, %11, %13 : tensor<5x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5x3xf64>
    }
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.reduce(%1#2 init: %cst_0) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    %3 = stablehlo.multiply %1#3, %1#3 : tensor<5x3xf64>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %4 = stablehlo.reduce(%3 init: %cst_1) applies stablehlo.add across dimensions = [0, 1] : (tensor<5x3xf64>, tensor<f64>) -> tensor<f64>
    %5 = stablehlo.add %2, %4 : tensor<f64>
    return %5 : tensor<f64>
  }
}
