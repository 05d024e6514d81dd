// run: lower  grad: 0
module @jit_energy attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<2000x3xf32>) -> (tensor<f32> {jax.result_info = "result"}) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 2] : (tensor<2000x3xf32>) -> tensor<2000x1x3xf32>
    %1 = stablehlo.broadcast_in_dim %arg0, dims = [1, 2] : (tensor<2000x3xf32>) -> tensor<1x2000x3xf32>
    %2 = stablehlo.broadcast_in_dim %0, dims = [0, 1, 2] : (tensor<2000x1x3xf32>) -> tensor<2000x2000x3xf32>
    %3 = stablehlo.broadcast_in_dim %1, dims = [0, 1, 2] : (tensor<1x2000x3xf32>) -> tensor<2000x2000x3xf32>
    %4 = stablehlo.subtract %2, %3 : tensor<2000x2000x3xf32>
    %5 = stablehlo.multiply %4, %4 : tensor<2000x2000x3xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %6 = stablehlo.reduce(%5 init: %cst) applies stablehlo.add across dimensions = [2] : (tensor<2000x2000x3xf32>, tensor<f32>) -> tensor<2000x2000xf32>
    %cst_0 = stablehlo.constant dense<0.00999999977> : tensor<f32>
    %7 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2000x2000xf32>
    %8 = stablehlo.add %6, %7 : tensor<2000x2000xf32>
    %9 = stablehlo.rsqrt %8 : tensor<2000x2000xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %10 = stablehlo.reduce(%9 init: %cst_1) applies stablehlo.add across dimensions = [0, 1] : (tensor<2000x2000xf32>, tensor<f32>) -> tensor<f32>
    return %10 : tensor<f32>
  }
}
