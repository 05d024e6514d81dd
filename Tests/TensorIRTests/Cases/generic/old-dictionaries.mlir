// Dictionaries of older exporters: no properties, dense integers.
module @old {
  func.func public @main(%arg0: tensor<4x3xf32>, %a: tensor<f32>) -> tensor<2x2xf32> {
    %b = "stablehlo.broadcast_in_dim"(%a) {broadcast_dimensions = dense<> : tensor<0xi64>} : (tensor<f32>) -> tensor<4x3xf32>
    %t = "stablehlo.transpose"(%b) {permutation = dense<[1, 0]> : tensor<2xi64>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
    %s = "stablehlo.slice"(%t) {limit_indices = dense<3> : tensor<2xi64>, start_indices = dense<0> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} : (tensor<3x4xf32>) -> tensor<2x2xf32>
    %r = "stablehlo.reduce"(%arg0, %a) ({
    ^bb0(%l: tensor<f32>, %r: tensor<f32>):
      %m = "stablehlo.maximum"(%l, %r) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%m) : (tensor<f32>) -> ()
    }) {dimensions = dense<[0, 1]> : tensor<2xi64>} : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    return %s : tensor<2x2xf32>
  }
}
