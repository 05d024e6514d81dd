module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>) -> (tensor<10x3xf32> {jax.result_info = "result"}) {
    %cst = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.slice %arg0 [0:4:2, 0:3] : (tensor<4x3xf32>) -> tensor<2x3xf32>
    %3 = stablehlo.concatenate %arg0, %1, %2, dim = 0 : (tensor<4x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<10x3xf32>
    return %3 : tensor<10x3xf32>
  }
}
