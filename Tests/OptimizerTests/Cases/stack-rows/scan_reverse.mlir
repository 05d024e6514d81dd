// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3x3xf64>, %arg2: tensor<3xf64>) -> tensor<f64> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<5xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:5 = stablehlo.while(%iterArg = %arg0, %iterArg_2 = %arg1, %iterArg_3 = %c, %iterArg_4 = %arg2, %iterArg_5 = %0) : tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5xf64>
    cond {
      %c_6 = stablehlo.constant dense<5> : tensor<i64>
      %9 = stablehlo.compare LT, %iterArg_3, %c_6, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %9 : tensor<i1>
    } do {
      %c_6 = stablehlo.constant dense<5> : tensor<i64>
      %9 = stablehlo.subtract %c_6, %iterArg_3 : tensor<i64>
      %c_7 = stablehlo.constant dense<1> : tensor<i64>
      %10 = stablehlo.subtract %9, %c_7 : tensor<i64>
      %c_8 = stablehlo.constant dense<0> : tensor<i64>
      %11 = stablehlo.dynamic_slice %iterArg, %10, %c_8, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %12 = stablehlo.reshape %11 : (tensor<1x3xf64>) -> tensor<3xf64>
      %13 = stablehlo.dot_general %iterArg_4, %iterArg_2, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<3xf64>, tensor<3x3xf64>) -> tensor<3xf64>
      %14 = stablehlo.add %13, %12 : tensor<3xf64>
      %15 = stablehlo.tanh %14 : tensor<3xf64>
      %16 = stablehlo.multiply %15, %12 : tensor<3xf64>
      %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %17 = stablehlo.reduce(%16 init: %cst_9) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
      %18 = stablehlo.broadcast_in_dim %17, dims = [] : (tensor<f64>) -> tensor<1xf64>
      %19 = stablehlo.dynamic_update_slice %iterArg_5, %18, %10 : (tensor<5xf64>, tensor<1xf64>, tensor<i64>) -> tensor<5xf64>
      %c_10 = stablehlo.constant dense<1> : tensor<i64>
      %20 = stablehlo.add %iterArg_3, %c_10 : tensor<i64>
      stablehlo.return %iterArg, %iterArg_2, %20, %15, %19 : tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>, tensor<5xf64>
    }
    %2 = stablehlo.multiply %1#3, %1#3 : tensor<3xf64>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %3 = stablehlo.reduce(%2 init: %cst_0) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    %4 = stablehlo.iota dim = 0 : tensor<5xi64>
    %5 = stablehlo.convert %4 : (tensor<5xi64>) -> tensor<5xf64>
    %6 = stablehlo.multiply %1#4, %5 : tensor<5xf64>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %7 = stablehlo.reduce(%6 init: %cst_1) applies stablehlo.add across dimensions = [0] : (tensor<5xf64>, tensor<f64>) -> tensor<f64>
    %8 = stablehlo.add %3, %7 : tensor<f64>
    return %8 : tensor<f64>
  }
}
