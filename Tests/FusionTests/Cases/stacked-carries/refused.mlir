// run: stacked-carries
// What is stacked is not what is carried.
func.func @main(%h0: tensor<50xf32>) -> (tensor<50xf32>, tensor<50xf32>) {
  %z = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %0:2 = "adjoint.scan"(%h0) <{carry_count = 1 : i64, length = 9 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %h: tensor<50xf32>):
    %1 = stablehlo.reverse %h, dims = [0] : tensor<50xf32>
    %2 = stablehlo.cosine %1 : tensor<50xf32>
    %3 = stablehlo.sine %1 : tensor<50xf32>
    stablehlo.return %2, %3 : tensor<50xf32>, tensor<50xf32>
  }) : (tensor<50xf32>) -> (tensor<50xf32>, tensor<9x50xf32>)
  %3 = stablehlo.multiply %0#1, %0#1 : tensor<9x50xf32>
  %4 = stablehlo.reduce(%3 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<9x50xf32>, tensor<f32>) -> tensor<50xf32>
  return %0#0, %4 : tensor<50xf32>, tensor<50xf32>
}
