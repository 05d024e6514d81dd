// Two functions that call each other.
module @m {
  func.func public @main(%arg0: tensor<f32>) -> tensor<f32> { // error: function @main calls itself
    %0 = call @other(%arg0) : (tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
  func.func private @other(%arg0: tensor<f32>) -> tensor<f32> {
    %0 = call @main(%arg0) : (tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}
