module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg3: tensor<4x3xf32>, %arg4: tensor<2xi32>, %arg5: tensor<i1>) -> (tensor<4x3xf32> {jax.result_info = "result[0]"}, tensor<4x3xf32> {jax.result_info = "result[1]"}, tensor<2x3xf32> {jax.result_info = "result[2]"}, tensor<4x3x4x3xf32> {jax.result_info = "result[3]"}, tensor<4xf32> {jax.result_info = "result[4]"}, tensor<6x6xf32> {jax.result_info = "result[5]"}, tensor<8x3xf32> {jax.result_info = "result[6]"}, tensor<4x3xf32> {jax.result_info = "result[7]"}, tensor<4xf32> {jax.result_info = "result[8]"}, tensor<3x4xf32> {jax.result_info = "result[9]"}, tensor<12xf32> {jax.result_info = "result[10]"}, tensor<2x3xf32> {jax.result_info = "result[11]"}, tensor<4x3xf64> {jax.result_info = "result[12]"}, tensor<4x3xi1> {jax.result_info = "result[13]"}, tensor<4x3xf32> {jax.result_info = "result[14]"}, tensor<4x3xf32> {jax.result_info = "result[15]"}, tensor<3xi64> {jax.result_info = "result[16]"}, tensor<4x3xi1> {jax.result_info = "result[17]"}, tensor<4x3xf32> {jax.result_info = "result[18]"}) {
    %1 = "stablehlo.constant"() <{value = dense<0.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %2 = "stablehlo.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %3 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4x3xf32>
    %4 = "stablehlo.broadcast_in_dim"(%2) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4x3xf32>
    %5 = "stablehlo.clamp"(%3, %arg3, %4) : (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %6 = "stablehlo.exponential"(%arg3) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %7 = "stablehlo.slice"(%arg3) <{limit_indices = array<i64: 4, 3>, start_indices = array<i64: 0, 0>, strides = array<i64: 2, 1>}> : (tensor<4x3xf32>) -> tensor<2x3xf32>
    %8 = "stablehlo.dot_general"(%arg3, %arg3) <{dot_dimension_numbers = #stablehlo.dot<>, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]}> : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3x4x3xf32>
    %9 = "stablehlo.dot_general"(%arg3, %arg3) <{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1]>, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]}> : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4xf32>
    %10 = "stablehlo.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %11 = "stablehlo.pad"(%arg3, %10) <{edge_padding_high = array<i64: -2, 3>, edge_padding_low = array<i64: 1, 0>, interior_padding = array<i64: 1, 0>}> : (tensor<4x3xf32>, tensor<f32>) -> tensor<6x6xf32>
    %12 = "stablehlo.concatenate"(%arg3, %arg3) <{dimension = 0 : i64}> : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
    %13 = "stablehlo.reverse"(%arg3) <{dimensions = array<i64: 0>}> : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %14 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %15 = "stablehlo.reduce"(%arg3, %14) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg6: tensor<f32>, %arg7: tensor<f32>):
      %34 = "stablehlo.maximum"(%arg6, %arg7) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%34) : (tensor<f32>) -> ()
    }) : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %16 = "stablehlo.transpose"(%arg3) <{permutation = array<i64: 1, 0>}> : (tensor<4x3xf32>) -> tensor<3x4xf32>
    %17 = "stablehlo.reshape"(%arg3) : (tensor<4x3xf32>) -> tensor<12xf32>
    %18 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %19 = "stablehlo.broadcast_in_dim"(%18) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<2xi32>
    %20 = "stablehlo.compare"(%arg4, %19) <{compare_type = #stablehlo<comparison_type SIGNED>, comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
    %21 = "stablehlo.constant"() <{value = dense<4> : tensor<i32>}> : () -> tensor<i32>
    %22 = "stablehlo.broadcast_in_dim"(%21) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<2xi32>
    %23 = "stablehlo.add"(%arg4, %22) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
    %24 = "stablehlo.select"(%20, %23, %arg4) : (tensor<2xi1>, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
    %25 = "stablehlo.broadcast_in_dim"(%24) <{broadcast_dimensions = array<i64: 0>}> : (tensor<2xi32>) -> tensor<2x1xi32>
    %26 = "stablehlo.gather"(%arg3, %25) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> : (tensor<4x3xf32>, tensor<2x1xi32>) -> tensor<2x3xf32>
    %27 = "stablehlo.convert"(%arg3) : (tensor<4x3xf32>) -> tensor<4x3xf64>
    %28 = "stablehlo.compare"(%arg3, %arg3) <{compare_type = #stablehlo<comparison_type FLOAT>, comparison_direction = #stablehlo<comparison_direction GT>}> : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %29 = "func.call"(%arg5, %arg3, %arg3) <{callee = @_where}> : (tensor<i1>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %30 = "chlo.erf"(%arg3) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %31 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<3xi64>
    %32 = "stablehlo.is_finite"(%arg3) : (tensor<4x3xf32>) -> tensor<4x3xi1>
    %33 = "chlo.square"(%arg3) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    "func.return"(%5, %6, %7, %8, %9, %11, %12, %13, %15, %16, %17, %26, %27, %28, %29, %30, %31, %32, %33) : (tensor<4x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>, tensor<4x3x4x3xf32>, tensor<4xf32>, tensor<6x6xf32>, tensor<8x3xf32>, tensor<4x3xf32>, tensor<4xf32>, tensor<3x4xf32>, tensor<12xf32>, tensor<2x3xf32>, tensor<4x3xf64>, tensor<4x3xi1>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xi64>, tensor<4x3xi1>, tensor<4x3xf32>) -> ()
  }
  func.func private @_where(%arg0: tensor<i1>, %arg1: tensor<4x3xf32>, %arg2: tensor<4x3xf32>) -> tensor<4x3xf32> {
    %0 = "stablehlo.select"(%arg0, %arg1, %arg2) : (tensor<i1>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    "func.return"(%0) : (tensor<4x3xf32>) -> ()
  }
}
