// run: lower
func.func @main(%x: tensor<1003x100xf32>, %w: tensor<100xf32>, %y: tensor<1003xf32>) -> (tensor<f32>, tensor<100xf32>, tensor<1003xf32>) {
  %zero = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %z = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<1003x100xf32>, tensor<100xf32>) -> tensor<1003xf32>
  %p = stablehlo.logistic %z : tensor<1003xf32>
  %d = stablehlo.subtract %p, %y : tensor<1003xf32>
  %l = stablehlo.log %p : tensor<1003xf32>
  %loss = stablehlo.reduce(%l init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<1003xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.dot_general %d, %x, contracting_dims = [0] x [0] : (tensor<1003xf32>, tensor<1003x100xf32>) -> tensor<100xf32>
  return %loss, %g, %d : tensor<f32>, tensor<100xf32>, tensor<1003xf32>
}
