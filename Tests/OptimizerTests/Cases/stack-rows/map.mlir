// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>) -> tensor<f64> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<5xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:3 = stablehlo.while(%iterArg = %arg0, %iterArg_1 = %c, %iterArg_2 = %0) : tensor<5x3xf64>, tensor<i64>, tensor<5xf64>
    cond {
      %c_3 = stablehlo.constant dense<5> : tensor<i64>
      %4 = stablehlo.compare LT, %iterArg_1, %c_3, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %4 : tensor<i1>
    } do {
      %c_3 = stablehlo.constant dense<0> : tensor<i64>
      %4 = stablehlo.dynamic_slice %iterArg, %iterArg_1, %c_3, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %5 = stablehlo.reshape %4 : (tensor<1x3xf64>) -> tensor<3xf64>
      %6 = stablehlo.multiply %5, %5 : tensor<3xf64>
      %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %7 = stablehlo.reduce(%6 init: %cst_4) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
      %8 = stablehlo.negate %7 : tensor<f64>
      %9 = stablehlo.exponential %8 : tensor<f64>
      %10 = stablehlo.broadcast_in_dim %9, dims = [] : (tensor<f64>) -> tensor<1xf64>
      %11 = stablehlo.dynamic_update_slice %iterArg_2, %10, %iterArg_1 : (tensor<5xf64>, tensor<1xf64>, tensor<i64>) -> tensor<5xf64>
      %c_5 = stablehlo.constant dense<1> : tensor<i64>
      %12 = stablehlo.add %iterArg_1, %c_5 : tensor<i64>
      stablehlo.return %iterArg, %12, %11 : tensor<5x3xf64>, tensor<i64>, tensor<5xf64>
    }
    %2 = stablehlo.multiply %1#2, %1#2 : tensor<5xf64>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %3 = stablehlo.reduce(%2 init: %cst_0) applies stablehlo.add across dimensions = [0] : (tensor<5xf64>, tensor<f64>) -> tensor<f64>
    return %3 : tensor<f64>
  }
}
