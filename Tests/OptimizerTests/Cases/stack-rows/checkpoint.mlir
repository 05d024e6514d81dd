// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3x3xf64>, %arg2: tensor<3xf64>) -> tensor<f64> {
    %c = stablehlo.constant dense<0> : tensor<i64>
    %0:4 = stablehlo.while(%iterArg = %arg0, %iterArg_0 = %arg1, %iterArg_1 = %c, %iterArg_2 = %arg2) : tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>
    cond {
      %c_3 = stablehlo.constant dense<5> : tensor<i64>
      %3 = stablehlo.compare LT, %iterArg_1, %c_3, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %3 : tensor<i1>
    } do {
      %c_3 = stablehlo.constant dense<0> : tensor<i64>
      %3 = stablehlo.dynamic_slice %iterArg, %iterArg_1, %c_3, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i64>, tensor<i64>) -> tensor<1x3xf64>
      %4 = stablehlo.reshape %3 : (tensor<1x3xf64>) -> tensor<3xf64>
      %5 = stablehlo.dot_general %iterArg_2, %iterArg_0, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<3xf64>, tensor<3x3xf64>) -> tensor<3xf64>
      %6 = stablehlo.add %5, %4 : tensor<3xf64>
      %7 = stablehlo.tanh %6 : tensor<3xf64>
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %8 = stablehlo.add %iterArg_1, %c_4 : tensor<i64>
      stablehlo.return %iterArg, %iterArg_0, %8, %7 : tensor<5x3xf64>, tensor<3x3xf64>, tensor<i64>, tensor<3xf64>
    }
    %1 = stablehlo.multiply %0#3, %0#3 : tensor<3xf64>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.reduce(%1 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    return %2 : tensor<f64>
  }
}
