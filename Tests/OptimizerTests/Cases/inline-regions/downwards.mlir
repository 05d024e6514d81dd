// run: captures,invariant-carries,raise-loops,induction-carries,stack-rows,dce,inline-regions,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>) -> tensor<f64> {
    %0 = stablehlo.slice %arg0 [0:1, 0:3] : (tensor<5x3xf64>) -> tensor<1x3xf64>
    %1 = stablehlo.reshape %0 : (tensor<1x3xf64>) -> tensor<3xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %2:4 = stablehlo.while(%iterArg = %arg0, %iterArg_1 = %c_0, %iterArg_2 = %c, %iterArg_3 = %1) : tensor<5x3xf64>, tensor<i64>, tensor<i64>, tensor<3xf64>
    cond {
      %c_4 = stablehlo.constant dense<5> : tensor<i64>
      %4 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %4 : tensor<i1>
    } do {
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %4 = stablehlo.add %iterArg_2, %c_4 : tensor<i64>
      %c_5 = stablehlo.constant dense<4> : tensor<i64>
      %5 = stablehlo.subtract %c_5, %iterArg_2 : tensor<i64>
      %6 = stablehlo.convert %5 : (tensor<i64>) -> tensor<i32>
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
      %15 = stablehlo.cosine %14 : tensor<3xf64>
      %16 = stablehlo.multiply %iterArg_3, %15 : tensor<3xf64>
      %c_13 = stablehlo.constant dense<1> : tensor<i64>
      %17 = stablehlo.add %iterArg_1, %c_13 : tensor<i64>
      stablehlo.return %iterArg, %17, %4, %16 : tensor<5x3xf64>, tensor<i64>, tensor<i64>, tensor<3xf64>
    }
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %3 = stablehlo.reduce(%2#3 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    return %3 : tensor<f64>
  }
}
