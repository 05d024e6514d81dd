// run: mirror-sums
// The second sum is no negative of the first one: it takes the difference of other elements.
func.func @main(%x: tensor<20xf32>, %y: tensor<20xf32>) -> (tensor<f32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.subtract %x, %y : tensor<20xf32>
  %1 = stablehlo.multiply %y, %x : tensor<20xf32>
  %2 = stablehlo.subtract %1, %x : tensor<20xf32>
  %3 = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<f32>
  %4 = stablehlo.reduce(%2 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<f32>
  return %3, %4 : tensor<f32>, tensor<f32>
}
