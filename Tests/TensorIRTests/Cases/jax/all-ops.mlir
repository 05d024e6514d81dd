module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<2xi32>, %arg2: tensor<i1>) -> (tensor<4x3xf32> {jax.result_info = "result[0]"}, tensor<4x3xf32> {jax.result_info = "result[1]"}, tensor<2x3xf32> {jax.result_info = "result[2]"}, tensor<4x3x4x3xf32> {jax.result_info = "result[3]"}, tensor<4xf32> {jax.result_info = "result[4]"}, tensor<6x6xf32> {jax.result_info = "result[5]"}, tensor<8x3xf32> {jax.result_info = "result[6]"}, tensor<4x3xf32> {jax.result_info = "result[7]"}, tensor<4xf32> {jax.result_info = "result[8]"}, tensor<3x4xf32> {jax.result_info = "result[9]"}, tensor<12xf32> {jax.result_info = "result[10]"}, tensor<2x3xf32> {jax.result_info = "result[11]"}, tensor<4x3xf64> {jax.result_info = "result[12]"}, tensor<4x3xi1> {jax.result_info = "result[13]"}, tensor<4x3xf32> {jax.result_info = "result[14]"}, tensor<4x3xf32> {jax.result_info = "result[15]"}, tensor<3xi64> {jax.result_info = "result[16]"}, tensor<4x3xi1> {jax.result_info = "result[17]"}, tensor<4x3xf32> {jax.result_info = "result[18]"}) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %1 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %2 = stablehlo.clamp %0, %arg0, %1 : tensor<4x3xf32>
    %3 = stablehlo.exponential %arg0 : tensor<4x3xf32>
    %4 = stablehlo.slice %arg0 [0:4:2, 0:3] : (tensor<4x3xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.dot_general %arg0, %arg0, contracting_dims = [] x [], precision = [DEFAULT, DEFAULT] : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3x4x3xf32>
    %6 = stablehlo.dot_general %arg0, %arg0, batching_dims = [0] x [0], contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4xf32>
    %cst_1 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %7 = stablehlo.pad %arg0, %cst_1, low = [1, 0], high = [-2, 3], interior = [1, 0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<6x6xf32>
    %8 = stablehlo.concatenate %arg0, %arg0, dim = 0 : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
    %9 = stablehlo.reverse %arg0, dims = [0] : tensor<4x3xf32>
    %cst_2 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %10 = stablehlo.reduce(%arg0 init: %cst_2) applies stablehlo.maximum across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %11 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
    %12 = stablehlo.reshape %arg0 : (tensor<4x3xf32>) -> tensor<12xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %13 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %14 = stablehlo.compare LT, %arg1, %13, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
    %c_3 = stablehlo.constant dense<4> : tensor<i32>
    %15 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %16 = stablehlo.add %arg1, %15 : tensor<2xi32>
    %17 = stablehlo.select %14, %16, %arg1 : tensor<2xi1>, tensor<2xi32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [0] : (tensor<2xi32>) -> tensor<2x1xi32>
    %19 = "stablehlo.gather"(%arg0, %18) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> : (tensor<4x3xf32>, tensor<2x1xi32>) -> tensor<2x3xf32>
    %20 = stablehlo.convert %arg0 : (tensor<4x3xf32>) -> tensor<4x3xf64>
    %21 = stablehlo.compare GT, %arg0, %arg0, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %22 = call @_where(%arg2, %arg0, %arg0) : (tensor<i1>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %23 = chlo.erf %arg0 : tensor<4x3xf32> -> tensor<4x3xf32>
    %24 = stablehlo.iota dim = 0 : tensor<3xi64>
    %25 = stablehlo.is_finite %arg0 : (tensor<4x3xf32>) -> tensor<4x3xi1>
    %26 = chlo.square %arg0 : tensor<4x3xf32> -> tensor<4x3xf32>
    return %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %19, %20, %21, %22, %23, %24, %25, %26 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>, tensor<4x3x4x3xf32>, tensor<4xf32>, tensor<6x6xf32>, tensor<8x3xf32>, tensor<4x3xf32>, tensor<4xf32>, tensor<3x4xf32>, tensor<12xf32>, tensor<2x3xf32>, tensor<4x3xf64>, tensor<4x3xi1>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xi64>, tensor<4x3xi1>, tensor<4x3xf32>
  }
  func.func private @_where(%arg0: tensor<i1>, %arg1: tensor<4x3xf32>, %arg2: tensor<4x3xf32>) -> tensor<4x3xf32> {
    %0 = stablehlo.select %arg0, %arg1, %arg2 : tensor<i1>, tensor<4x3xf32>
    return %0 : tensor<4x3xf32>
  }
}
