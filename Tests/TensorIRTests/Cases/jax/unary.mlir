module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>) -> (tensor<4x3xf32> {jax.result_info = "result[0]"}, tensor<4x3xf32> {jax.result_info = "result[1]"}, tensor<4x3xf32> {jax.result_info = "result[2]"}, tensor<4x3xf32> {jax.result_info = "result[3]"}, tensor<4x3xf32> {jax.result_info = "result[4]"}, tensor<4x3xf32> {jax.result_info = "result[5]"}, tensor<4x3xf32> {jax.result_info = "result[6]"}, tensor<4x3xf32> {jax.result_info = "result[7]"}, tensor<4x3xf32> {jax.result_info = "result[8]"}, tensor<4x3xf32> {jax.result_info = "result[9]"}, tensor<4x3xi1> {jax.result_info = "result[10]"}, tensor<4x3xi1> {jax.result_info = "result[11]"}, tensor<4x3xf32> {jax.result_info = "result[12]"}) {
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
    %9 = stablehlo.cosine %arg0 : tensor<4x3xf32>
    %10 = stablehlo.floor %arg0 : tensor<4x3xf32>
    %11 = stablehlo.rsqrt %arg0 : tensor<4x3xf32>
    %12 = chlo.erf %arg0 : tensor<4x3xf32> -> tensor<4x3xf32>
    %13 = chlo.square %arg0 : tensor<4x3xf32> -> tensor<4x3xf32>
    %cst_1 = stablehlo.constant dense<3.500000e+00> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %15 = stablehlo.power %arg0, %14 : tensor<4x3xf32>
    %16 = stablehlo.is_finite %arg0 : (tensor<4x3xf32>) -> tensor<4x3xi1>
    %17 = stablehlo.compare NE, %arg0, %arg0, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %18 = stablehlo.sign %arg0 : tensor<4x3xf32>
    return %0, %1, %2, %8, %9, %10, %11, %12, %13, %15, %16, %17, %18 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xi1>, tensor<4x3xi1>, tensor<4x3xf32>
  }
}
