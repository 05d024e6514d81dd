// run: write-out
// Points in the plane are turned, and lifted: each coordinate is a formula of its own.
func.func @main(%p: tensor<1280x2xf32>) -> (tensor<1280x3xf32>, tensor<f32>) {
  %x = stablehlo.slice %p [0:1280, 0:1] : (tensor<1280x2xf32>) -> tensor<1280x1xf32>
  %y = stablehlo.slice %p [0:1280, 1:2] : (tensor<1280x2xf32>) -> tensor<1280x1xf32>
  %xy = stablehlo.multiply %x, %y : tensor<1280x1xf32>
  %a = stablehlo.subtract %x, %y : tensor<1280x1xf32>
  %b = stablehlo.add %x, %y : tensor<1280x1xf32>
  %q = stablehlo.concatenate %a, %b, %xy, dim = 1 : (tensor<1280x1xf32>, tensor<1280x1xf32>, tensor<1280x1xf32>) -> tensor<1280x3xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %sum = stablehlo.reduce(%xy init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<1280x1xf32>, tensor<f32>) -> tensor<f32>
  return %q, %sum : tensor<1280x3xf32>, tensor<f32>
}
