// run: trailing-stacks
// The second loop reads the first one's stack from the other end: its rows would be written over rows
// that are still to be read.
func.func @main(%x: tensor<40x64xf32>, %h0: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %z = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %s = stablehlo.reverse %x, dims = [1] : tensor<40x64xf32>
  %t = stablehlo.sine %s : tensor<40x64xf32>
  %0:2 = "adjoint.scan"(%h0, %t) <{carry_count = 1 : i64, length = 40 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %h: tensor<64xf32>, %v: tensor<64xf32>):
    %1 = stablehlo.reverse %h, dims = [0] : tensor<64xf32>
    %2 = stablehlo.multiply %1, %v : tensor<64xf32>
    %3 = stablehlo.cosine %2 : tensor<64xf32>
    stablehlo.return %3, %3 : tensor<64xf32>, tensor<64xf32>
  }) : (tensor<64xf32>, tensor<40x64xf32>) -> (tensor<64xf32>, tensor<40x64xf32>)
  %5 = stablehlo.add %0#1, %t : tensor<40x64xf32>
  %6 = stablehlo.multiply %5, %t : tensor<40x64xf32>
  %7 = stablehlo.reduce(%6 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<40x64xf32>, tensor<f32>) -> tensor<64xf32>
  return %0#0, %7 : tensor<64xf32>, tensor<64xf32>
}
