// run: block
func.func @main(%x: tensor<160x48xf32>) -> (tensor<48xf32>, tensor<160x48xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.exponential %x : tensor<160x48xf32>
  %1 = stablehlo.sine %0 : tensor<160x48xf32>
  %2 = stablehlo.cosine %1 : tensor<160x48xf32>
  %3 = stablehlo.reduce(%2 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<160x48xf32>, tensor<f32>) -> tensor<48xf32>
  return %3, %1 : tensor<48xf32>, tensor<160x48xf32>
}
