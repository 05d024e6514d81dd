// run: captures,invariant-carries,raise-loops,induction-carries,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>, %arg1: tensor<3xf64>) -> tensor<f64> {
    %c = stablehlo.constant dense<0> : tensor<i64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %0:4 = stablehlo.while(%iterArg = %arg0, %iterArg_1 = %c_0, %iterArg_2 = %c, %iterArg_3 = %arg1) : tensor<5x3xf64>, tensor<i64>, tensor<i64>, tensor<3xf64>
    cond {
      %c_4 = stablehlo.constant dense<5> : tensor<i64>
      %3 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %3 : tensor<i1>
    } do {
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %3 = stablehlo.add %iterArg_2, %c_4 : tensor<i64>
      %cst_5 = stablehlo.constant dense<9.000000e-01> : tensor<f64>
      %4 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f64>) -> tensor<3xf64>
      %5 = stablehlo.multiply %iterArg_3, %4 : tensor<3xf64>
      %6 = stablehlo.convert %iterArg_2 : (tensor<i64>) -> tensor<i32>
      %c_6 = stablehlo.constant dense<0> : tensor<i32>
      %7 = stablehlo.compare LT, %6, %c_6, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_7 = stablehlo.constant dense<5> : tensor<i32>
      %8 = stablehlo.add %6, %c_7 : tensor<i32>
      %9 = stablehlo.select %7, %8, %6 : tensor<i1>, tensor<i32>
      %c_8 = stablehlo.constant dense<0> : tensor<i32>
      %c_9 = stablehlo.constant dense<0> : tensor<i32>
      %10 = stablehlo.compare LT, %c_8, %c_9, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_10 = stablehlo.constant dense<0> : tensor<i32>
      %c_11 = stablehlo.constant dense<3> : tensor<i32>
      %11 = stablehlo.add %c_10, %c_11 : tensor<i32>
      %c_12 = stablehlo.constant dense<0> : tensor<i32>
      %12 = stablehlo.select %10, %11, %c_12 : tensor<i1>, tensor<i32>
      %13 = stablehlo.dynamic_slice %iterArg, %9, %12, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i32>, tensor<i32>) -> tensor<1x3xf64>
      %14 = stablehlo.reshape %13 : (tensor<1x3xf64>) -> tensor<3xf64>
      %15 = stablehlo.cosine %iterArg_3 : tensor<3xf64>
      %16 = stablehlo.multiply %14, %15 : tensor<3xf64>
      %17 = stablehlo.add %5, %16 : tensor<3xf64>
      %c_13 = stablehlo.constant dense<1> : tensor<i64>
      %18 = stablehlo.add %iterArg_1, %c_13 : tensor<i64>
      stablehlo.return %iterArg, %18, %3, %17 : tensor<5x3xf64>, tensor<i64>, tensor<i64>, tensor<3xf64>
    }
    %1 = stablehlo.multiply %0#3, %0#3 : tensor<3xf64>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.reduce(%1 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    return %2 : tensor<f64>
  }
}
