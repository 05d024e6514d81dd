// run: captures,invariant-carries,raise-loops,dce
module {
  func.func public @main(%arg0: tensor<5x3xf64>) -> tensor<f64> {
    %c = stablehlo.constant dense<1> : tensor<i64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %0:4 = stablehlo.while(%iterArg = %arg0, %iterArg_1 = %c_0, %iterArg_2 = %c, %iterArg_3 = %arg0) : tensor<5x3xf64>, tensor<i64>, tensor<i64>, tensor<5x3xf64>
    cond {
      %c_4 = stablehlo.constant dense<4> : tensor<i64>
      %3 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %3 : tensor<i1>
    } do {
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %3 = stablehlo.add %iterArg_2, %c_4 : tensor<i64>
      %c_5 = stablehlo.constant dense<1> : tensor<i64>
      %4 = stablehlo.subtract %iterArg_2, %c_5 : tensor<i64>
      %5 = stablehlo.convert %4 : (tensor<i64>) -> tensor<i32>
      %c_6 = stablehlo.constant dense<0> : tensor<i32>
      %6 = stablehlo.compare LT, %5, %c_6, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_7 = stablehlo.constant dense<5> : tensor<i32>
      %7 = stablehlo.add %5, %c_7 : tensor<i32>
      %8 = stablehlo.select %6, %7, %5 : tensor<i1>, tensor<i32>
      %c_8 = stablehlo.constant dense<0> : tensor<i32>
      %c_9 = stablehlo.constant dense<0> : tensor<i32>
      %9 = stablehlo.compare LT, %c_8, %c_9, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_10 = stablehlo.constant dense<0> : tensor<i32>
      %c_11 = stablehlo.constant dense<3> : tensor<i32>
      %10 = stablehlo.add %c_10, %c_11 : tensor<i32>
      %c_12 = stablehlo.constant dense<0> : tensor<i32>
      %11 = stablehlo.select %9, %10, %c_12 : tensor<i1>, tensor<i32>
      %12 = stablehlo.dynamic_slice %iterArg_3, %8, %11, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i32>, tensor<i32>) -> tensor<1x3xf64>
      %13 = stablehlo.reshape %12 : (tensor<1x3xf64>) -> tensor<3xf64>
      %14 = stablehlo.sine %13 : tensor<3xf64>
      %15 = stablehlo.convert %iterArg_2 : (tensor<i64>) -> tensor<i32>
      %c_13 = stablehlo.constant dense<0> : tensor<i32>
      %16 = stablehlo.compare LT, %15, %c_13, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_14 = stablehlo.constant dense<5> : tensor<i32>
      %17 = stablehlo.add %15, %c_14 : tensor<i32>
      %18 = stablehlo.select %16, %17, %15 : tensor<i1>, tensor<i32>
      %c_15 = stablehlo.constant dense<0> : tensor<i32>
      %c_16 = stablehlo.constant dense<0> : tensor<i32>
      %19 = stablehlo.compare LT, %c_15, %c_16, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_17 = stablehlo.constant dense<0> : tensor<i32>
      %c_18 = stablehlo.constant dense<3> : tensor<i32>
      %20 = stablehlo.add %c_17, %c_18 : tensor<i32>
      %c_19 = stablehlo.constant dense<0> : tensor<i32>
      %21 = stablehlo.select %19, %20, %c_19 : tensor<i1>, tensor<i32>
      %22 = stablehlo.dynamic_slice %iterArg, %18, %21, sizes = [1, 3] : (tensor<5x3xf64>, tensor<i32>, tensor<i32>) -> tensor<1x3xf64>
      %23 = stablehlo.reshape %22 : (tensor<1x3xf64>) -> tensor<3xf64>
      %24 = stablehlo.multiply %14, %23 : tensor<3xf64>
      %c_20 = stablehlo.constant dense<0> : tensor<i64>
      %25 = stablehlo.compare LT, %iterArg_2, %c_20, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      %c_21 = stablehlo.constant dense<5> : tensor<i64>
      %26 = stablehlo.add %iterArg_2, %c_21 : tensor<i64>
      %27 = stablehlo.select %25, %26, %iterArg_2 : tensor<i1>, tensor<i64>
      %28 = stablehlo.convert %27 : (tensor<i64>) -> tensor<i32>
      %29 = stablehlo.broadcast_in_dim %28, dims = [] : (tensor<i32>) -> tensor<1xi32>
      %30 = "stablehlo.scatter"(%iterArg_3, %29, %24) <{indices_are_sorted = true, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]>, unique_indices = true}> ({
      ^bb0(%arg1: tensor<f64>, %arg2: tensor<f64>):
        stablehlo.return %arg2 : tensor<f64>
      }) : (tensor<5x3xf64>, tensor<1xi32>, tensor<3xf64>) -> tensor<5x3xf64>
      %c_22 = stablehlo.constant dense<1> : tensor<i64>
      %31 = stablehlo.add %iterArg_1, %c_22 : tensor<i64>
      stablehlo.return %iterArg, %31, %3, %30 : tensor<5x3xf64>, tensor<i64>, tensor<i64>, tensor<5x3xf64>
    }
    %1 = stablehlo.multiply %0#3, %0#3 : tensor<5x3xf64>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %2 = stablehlo.reduce(%1 init: %cst) applies stablehlo.add across dimensions = [0, 1] : (tensor<5x3xf64>, tensor<f64>) -> tensor<f64>
    return %2 : tensor<f64>
  }
}
