module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>) -> (tensor<0x3xf32> {jax.result_info = "result[0]"}, tensor<0x3xf64> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.slice %arg0 [0:0, 0:3] : (tensor<4x3xf32>) -> tensor<0x3xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<0x3xf64>
    return %0, %1 : tensor<0x3xf32>, tensor<0x3xf64>
  }
}
