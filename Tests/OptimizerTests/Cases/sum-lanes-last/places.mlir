// run: sum-lanes-last,dce
module {
  func.func public @main(%arg0: tensor<100xf64>, %arg1: tensor<3xf64>) -> (tensor<100xf64>, tensor<3xf64>) {
    %0:2 = "adjoint.scan"(%arg0, %arg1) <{carry_count = 2 : i64, length = 70 : i64, reverse = false}> ({
    ^bb0(%i: tensor<i64>, %x: tensor<100xf64>, %s: tensor<3xf64>):
      %zero = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %1 = stablehlo.sine %x : tensor<100xf64>
      %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<100xf64>, tensor<f64>) -> tensor<f64>
      %3 = stablehlo.cosine %x : tensor<100xf64>
      %4 = stablehlo.reduce(%3 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<100xf64>, tensor<f64>) -> tensor<f64>
      %5 = stablehlo.reshape %2 : (tensor<f64>) -> tensor<1xf64>
      %6 = stablehlo.pad %5, %zero, low = [1], high = [1], interior = [0] : (tensor<1xf64>, tensor<f64>) -> tensor<3xf64>
      %7 = stablehlo.reshape %4 : (tensor<f64>) -> tensor<1xf64>
      %8 = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f64>) -> tensor<2xf64>
      %9 = stablehlo.concatenate %8, %7, dim = 0 : (tensor<2xf64>, tensor<1xf64>) -> tensor<3xf64>
      %10 = stablehlo.add %s, %6 : tensor<3xf64>
      %11 = stablehlo.add %10, %9 : tensor<3xf64>
      stablehlo.return %3, %11 : tensor<100xf64>, tensor<3xf64>
    }) : (tensor<100xf64>, tensor<3xf64>) -> (tensor<100xf64>, tensor<3xf64>)
    return %0#0, %0#1 : tensor<100xf64>, tensor<3xf64>
  }
}
