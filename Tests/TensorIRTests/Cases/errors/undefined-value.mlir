// A value is read before it is defined.
module @m {
  func.func public @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {
    %1 = stablehlo.add %arg0, %0 : tensor<2xf32> // error: %0 is not defined
    %0 = stablehlo.negate %arg0 : tensor<2xf32>
    return %1 : tensor<2xf32>
  }
}
