// run: captures,raise-loops,dce
module {
  func.func public @main(%arg0: tensor<3xf64>, %arg1: tensor<3x3xf64>) -> tensor<f64> {
    %c = stablehlo.constant dense<0> : tensor<i64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %0:4 = stablehlo.while(%iterArg = %arg1, %iterArg_1 = %c_0, %iterArg_2 = %c, %iterArg_3 = %arg0) : tensor<3x3xf64>, tensor<i64>, tensor<i64>, tensor<3xf64>
    cond {
      %c_4 = stablehlo.constant dense<7> : tensor<i64>
      %3 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %3 : tensor<i1>
    } do {
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %3 = stablehlo.add %iterArg_2, %c_4 : tensor<i64>
      %4 = stablehlo.dot_general %iterArg_3, %iterArg, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<3xf64>, tensor<3x3xf64>) -> tensor<3xf64>
      %5 = stablehlo.sine %4 : tensor<3xf64>
      %6 = stablehlo.convert %iterArg_2 : (tensor<i64>) -> tensor<f64>
      %cst_5 = stablehlo.constant dense<1.000000e-01> : tensor<f64>
      %7 = stablehlo.multiply %6, %cst_5 : tensor<f64>
      %8 = stablehlo.convert %7 : (tensor<f64>) -> tensor<f64>
      %9 = stablehlo.broadcast_in_dim %8, dims = [] : (tensor<f64>) -> tensor<3xf64>
      %10 = stablehlo.add %5, %9 : tensor<3xf64>
      %c_6 = stablehlo.constant dense<1> : tensor<i64>
      %11 = stablehlo.add %iterArg_1, %c_6 : tensor<i64>
      stablehlo.return %iterArg, %11, %3, %10 : tensor<3x3xf64>, tensor<i64>, tensor<i64>, tensor<3xf64>
    }
    %1 = stablehlo.multiply %0#3, %0#3 : tensor<3xf64>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.reduce(%1 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    return %2 : tensor<f64>
  }
}
