// A function that is not known.
module @m {
  func.func public @main(%arg0: tensor<i32>) -> tensor<i32> {
    %0 = stablehlo.custom_call @f(%arg0) : (tensor<i32>) -> tensor<i32> // error: unknown function @f of stablehlo.custom_call
    return %0 : tensor<i32>
  }
}
