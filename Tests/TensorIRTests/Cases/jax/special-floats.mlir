module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main() -> (tensor<10xf32> {jax.result_info = "result[0]"}, tensor<7xf64> {jax.result_info = "result[1]"}, tensor<f32> {jax.result_info = "result[2]"}) {
    %cst = stablehlo.constant dense<[9.99999974E-6, 0x7F800000, 0x7FC00000, 0xFF800000, -0.000000e+00, 1.000000e-01, 1.000000e+10, 0x4CEB79A3, 1.401300e-45, 3.400000e+38]> : tensor<10xf32>
    %cst_0 = stablehlo.constant dense<[1.000000e-01, 0.33333333333333331, 1.000000e+300, 4.940660e-324, 1.000000e+16, 123456.789, 2.500000e-03]> : tensor<7xf64>
    %cst_1 = stablehlo.constant dense<9.99999977E+21> : tensor<f32>
    return %cst, %cst_0, %cst_1 : tensor<10xf32>, tensor<7xf64>, tensor<f32>
  }
}
