module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x3xf32>) -> (tensor<4x3xf32> {jax.result_info = "result['a']"}, tensor<4x3xf32> {jax.result_info = "result['b']"}) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<4x3xf32>
    return %arg0, %0 : tensor<4x3xf32>, tensor<4x3xf32>
  }
}
