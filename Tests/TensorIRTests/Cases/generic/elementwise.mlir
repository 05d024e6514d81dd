module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<2xi32>, %arg2: tensor<2xi32>, %arg3: tensor<2xi1>) -> (tensor<4x3xf32> {jax.result_info = "result[0]"}, tensor<4x3xf32> {jax.result_info = "result[1]"}, tensor<4x3xf32> {jax.result_info = "result[2]"}, tensor<4x3xf32> {jax.result_info = "result[3]"}, tensor<4x3xf32> {jax.result_info = "result[4]"}, tensor<4x3xf32> {jax.result_info = "result[5]"}, tensor<4x3xf32> {jax.result_info = "result[6]"}, tensor<4x3xf32> {jax.result_info = "result[7]"}, tensor<4x3xf32> {jax.result_info = "result[8]"}, tensor<4x3xf32> {jax.result_info = "result[9]"}, tensor<4x3xf32> {jax.result_info = "result[10]"}, tensor<4x3xf32> {jax.result_info = "result[11]"}, tensor<4x3xf32> {jax.result_info = "result[12]"}, tensor<4x3xf32> {jax.result_info = "result[13]"}, tensor<4x3xf32> {jax.result_info = "result[14]"}, tensor<4x3xf32> {jax.result_info = "result[15]"}, tensor<4x3xf32> {jax.result_info = "result[16]"}, tensor<4x3xf32> {jax.result_info = "result[17]"}, tensor<4x3xf32> {jax.result_info = "result[18]"}, tensor<4x3xf32> {jax.result_info = "result[19]"}, tensor<2xi32> {jax.result_info = "result[20]"}, tensor<2xi32> {jax.result_info = "result[21]"}, tensor<2xi32> {jax.result_info = "result[22]"}, tensor<2xi1> {jax.result_info = "result[23]"}, tensor<i1> {jax.result_info = "result[24]"}, tensor<i1> {jax.result_info = "result[25]"}, tensor<f32> {jax.result_info = "result[26]"}, tensor<f32> {jax.result_info = "result[27]"}, tensor<4xf32> {jax.result_info = "result[28]"}) {
    %0 = "stablehlo.tanh"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %1 = "stablehlo.exponential_minus_one"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %2 = "stablehlo.log_plus_one"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %3 = "stablehlo.negate"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %4 = "stablehlo.exponential"(%3) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %5 = "stablehlo.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %6 = "stablehlo.broadcast_in_dim"(%5) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4x3xf32>
    %7 = "stablehlo.add"(%6, %4) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %8 = "stablehlo.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %9 = "stablehlo.broadcast_in_dim"(%8) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4x3xf32>
    %10 = "stablehlo.divide"(%9, %7) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %11 = "stablehlo.sine"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %12 = "stablehlo.cosine"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %13 = "stablehlo.floor"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %14 = "stablehlo.rsqrt"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %15 = "stablehlo.sqrt"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %16 = "stablehlo.log"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %17 = "stablehlo.constant"() <{value = dense<3.500000e+00> : tensor<f32>}> : () -> tensor<f32>
    %18 = "stablehlo.broadcast_in_dim"(%17) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4x3xf32>
    %19 = "stablehlo.power"(%arg0, %18) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %20 = "stablehlo.sign"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %21 = "stablehlo.negate"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %22 = "stablehlo.abs"(%arg0) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %23 = "stablehlo.add"(%arg0, %arg0) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %24 = "stablehlo.subtract"(%arg0, %arg0) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %25 = "stablehlo.multiply"(%arg0, %arg0) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %26 = "stablehlo.divide"(%arg0, %arg0) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %27 = "stablehlo.maximum"(%arg0, %arg0) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %28 = "stablehlo.minimum"(%arg0, %arg0) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %29 = "stablehlo.and"(%arg1, %arg2) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
    %30 = "stablehlo.or"(%arg1, %arg2) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
    %31 = "stablehlo.not"(%arg1) : (tensor<2xi32>) -> tensor<2xi32>
    %32 = "stablehlo.not"(%arg3) : (tensor<2xi1>) -> tensor<2xi1>
    %33 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
    %34 = "stablehlo.reduce"(%arg3, %33) <{dimensions = array<i64: 0>}> ({
    ^bb0(%arg12: tensor<i1>, %arg13: tensor<i1>):
      %47 = "stablehlo.or"(%arg12, %arg13) : (tensor<i1>, tensor<i1>) -> tensor<i1>
      "stablehlo.return"(%47) : (tensor<i1>) -> ()
    }) : (tensor<2xi1>, tensor<i1>) -> tensor<i1>
    %35 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
    %36 = "stablehlo.reduce"(%arg3, %35) <{dimensions = array<i64: 0>}> ({
    ^bb0(%arg10: tensor<i1>, %arg11: tensor<i1>):
      %46 = "stablehlo.and"(%arg10, %arg11) : (tensor<i1>, tensor<i1>) -> tensor<i1>
      "stablehlo.return"(%46) : (tensor<i1>) -> ()
    }) : (tensor<2xi1>, tensor<i1>) -> tensor<i1>
    %37 = "stablehlo.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %38 = "stablehlo.reduce"(%arg0, %37) <{dimensions = array<i64: 0, 1>}> ({
    ^bb0(%arg8: tensor<f32>, %arg9: tensor<f32>):
      %45 = "stablehlo.multiply"(%arg8, %arg9) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%45) : (tensor<f32>) -> ()
    }) : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    %39 = "stablehlo.constant"() <{value = dense<0x7F800000> : tensor<f32>}> : () -> tensor<f32>
    %40 = "stablehlo.reduce"(%arg0, %39) <{dimensions = array<i64: 0, 1>}> ({
    ^bb0(%arg6: tensor<f32>, %arg7: tensor<f32>):
      %44 = "stablehlo.minimum"(%arg6, %arg7) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%44) : (tensor<f32>) -> ()
    }) : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    %41 = "stablehlo.constant"() <{value = dense<0.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %42 = "stablehlo.reduce"(%arg0, %41) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg4: tensor<f32>, %arg5: tensor<f32>):
      %43 = "stablehlo.add"(%arg4, %arg5) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%43) : (tensor<f32>) -> ()
    }) : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    "func.return"(%0, %1, %2, %10, %11, %12, %13, %14, %15, %16, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %34, %36, %38, %40, %42) : (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi1>, tensor<i1>, tensor<i1>, tensor<f32>, tensor<f32>, tensor<4xf32>) -> ()
  }
}
