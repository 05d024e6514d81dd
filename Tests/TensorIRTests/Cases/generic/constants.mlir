// Every spelling of a constant.
module @constants {
  func.func private @main() {
    %0 = stablehlo.constant dense<[[1, -2], [0x10, 4]]> : tensor<2x2xi64>
    %1 = stablehlo.constant dense<-9223372036854775808> : tensor<i64>
    %2 = stablehlo.constant dense<0xFFFFFFFFFFFFFFFF> : tensor<i64>
    %3 = stablehlo.constant dense<[2147483647, -2147483648, 4294967295]> : tensor<3xi32>
    %4 = stablehlo.constant dense<[true, false]> : tensor<2xi1>
    %5 = stablehlo.constant dense<[1, 1, -1]> : tensor<3xi1>
    %6 = stablehlo.constant dense<> : tensor<0x3xf32>
    %7 = stablehlo.constant dense<[[], []]> : tensor<2x0xi32>
    %9 = stablehlo.constant dense<[1.0e+1, 1.e-1, 1.E5]> : tensor<3xf32>
    %10 = stablehlo.constant dense<[0x7FC00000, 0x7FA00001, 0xFFFFFFFF, 0x80000000, 0x3F800000]> : tensor<5xf32>
    %11 = stablehlo.constant dense<[0x7FF0000000000000, -0.0]> : tensor<2xf64>
    %12 = stablehlo.constant dense<"0x0000803F"> : tensor<4x4xf32>
    %13 = stablehlo.constant dense<"0x0000803F00000040"> : tensor<2xf32>
    %14 = stablehlo.constant dense<"0x0100"> : tensor<2xi1>
    %15 = stablehlo.constant dense<[[2.0], [2.0]]> : tensor<2x1xf32>
    %16 = stablehlo.constant dense<"0x"> : tensor<0xi32>
    %17 = stablehlo.constant dense<16777217.0> : tensor<f32>
    %18 = stablehlo.constant dense<[1.0e-46, 1.0e-45, 1.17549435E-38]> : tensor<3xf32>
    return
  }
}
