module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<2xi32>, %arg2: tensor<2xi32>, %arg3: tensor<2xi1>) -> (tensor<4x3xf32> {jax.result_info = "result[0]"}, tensor<4x3xf32> {jax.result_info = "result[1]"}, tensor<4x3xf32> {jax.result_info = "result[2]"}, tensor<4x3xf32> {jax.result_info = "result[3]"}, tensor<4x3xf32> {jax.result_info = "result[4]"}, tensor<4x3xf32> {jax.result_info = "result[5]"}, tensor<4x3xf32> {jax.result_info = "result[6]"}, tensor<4x3xf32> {jax.result_info = "result[7]"}, tensor<4x3xf32> {jax.result_info = "result[8]"}, tensor<4x3xf32> {jax.result_info = "result[9]"}, tensor<4x3xf32> {jax.result_info = "result[10]"}, tensor<4x3xf32> {jax.result_info = "result[11]"}, tensor<4x3xf32> {jax.result_info = "result[12]"}, tensor<4x3xf32> {jax.result_info = "result[13]"}, tensor<4x3xf32> {jax.result_info = "result[14]"}, tensor<4x3xf32> {jax.result_info = "result[15]"}, tensor<4x3xf32> {jax.result_info = "result[16]"}, tensor<4x3xf32> {jax.result_info = "result[17]"}, tensor<4x3xf32> {jax.result_info = "result[18]"}, tensor<4x3xf32> {jax.result_info = "result[19]"}, tensor<2xi32> {jax.result_info = "result[20]"}, tensor<2xi32> {jax.result_info = "result[21]"}, tensor<2xi32> {jax.result_info = "result[22]"}, tensor<2xi1> {jax.result_info = "result[23]"}, tensor<i1> {jax.result_info = "result[24]"}, tensor<i1> {jax.result_info = "result[25]"}, tensor<f32> {jax.result_info = "result[26]"}, tensor<f32> {jax.result_info = "result[27]"}, tensor<4xf32> {jax.result_info = "result[28]"}) {
    %0 = stablehlo.tanh %arg0 : tensor<4x3xf32>
    %1 = stablehlo.exponential_minus_one %arg0 : tensor<4x3xf32>
    %2 = stablehlo.log_plus_one %arg0 : tensor<4x3xf32>
    %3 = stablehlo.negate %arg0 : tensor<4x3xf32>
    %4 = stablehlo.exponential %3 : tensor<4x3xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %6 = stablehlo.add %5, %4 : tensor<4x3xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %7 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %8 = stablehlo.divide %7, %6 : tensor<4x3xf32>
    %9 = stablehlo.sine %arg0 : tensor<4x3xf32>
    %10 = stablehlo.cosine %arg0 : tensor<4x3xf32>
    %11 = stablehlo.floor %arg0 : tensor<4x3xf32>
    %12 = stablehlo.rsqrt %arg0 : tensor<4x3xf32>
    %13 = stablehlo.sqrt %arg0 : tensor<4x3xf32>
    %14 = stablehlo.log %arg0 : tensor<4x3xf32>
    %cst_1 = stablehlo.constant dense<3.500000e+00> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %16 = stablehlo.power %arg0, %15 : tensor<4x3xf32>
    %17 = stablehlo.sign %arg0 : tensor<4x3xf32>
    %18 = stablehlo.negate %arg0 : tensor<4x3xf32>
    %19 = stablehlo.abs %arg0 : tensor<4x3xf32>
    %20 = stablehlo.add %arg0, %arg0 : tensor<4x3xf32>
    %21 = stablehlo.subtract %arg0, %arg0 : tensor<4x3xf32>
    %22 = stablehlo.multiply %arg0, %arg0 : tensor<4x3xf32>
    %23 = stablehlo.divide %arg0, %arg0 : tensor<4x3xf32>
    %24 = stablehlo.maximum %arg0, %arg0 : tensor<4x3xf32>
    %25 = stablehlo.minimum %arg0, %arg0 : tensor<4x3xf32>
    %26 = stablehlo.and %arg1, %arg2 : tensor<2xi32>
    %27 = stablehlo.or %arg1, %arg2 : tensor<2xi32>
    %28 = stablehlo.not %arg1 : tensor<2xi32>
    %29 = stablehlo.not %arg3 : tensor<2xi1>
    %c = stablehlo.constant dense<false> : tensor<i1>
    %30 = stablehlo.reduce(%arg3 init: %c) applies stablehlo.or across dimensions = [0] : (tensor<2xi1>, tensor<i1>) -> tensor<i1>
    %c_2 = stablehlo.constant dense<true> : tensor<i1>
    %31 = stablehlo.reduce(%arg3 init: %c_2) applies stablehlo.and across dimensions = [0] : (tensor<2xi1>, tensor<i1>) -> tensor<i1>
    %cst_3 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %32 = stablehlo.reduce(%arg0 init: %cst_3) applies stablehlo.multiply across dimensions = [0, 1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    %cst_4 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %33 = stablehlo.reduce(%arg0 init: %cst_4) applies stablehlo.minimum across dimensions = [0, 1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    %cst_5 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %34 = stablehlo.reduce(%arg0 init: %cst_5) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    return %0, %1, %2, %8, %9, %10, %11, %12, %13, %14, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi1>, tensor<i1>, tensor<i1>, tensor<f32>, tensor<f32>, tensor<4xf32>
  }
}
