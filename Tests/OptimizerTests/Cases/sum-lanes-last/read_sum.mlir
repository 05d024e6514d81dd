// run: sum-lanes-last,dce
module {
  func.func public @main(%arg0: tensor<100xf64>, %arg1: tensor<f64>) -> (tensor<100xf64>, tensor<f64>, tensor<f64>) {
    %0:3 = "adjoint.scan"(%arg0, %arg1, %arg1) <{carry_count = 3 : i64, length = 70 : i64, reverse = false}> ({
    ^bb0(%i: tensor<i64>, %x: tensor<100xf64>, %s: tensor<f64>, %t: tensor<f64>):
      %zero = stablehlo.constant dense<0.000000e+00> : tensor<f64>
      %1 = stablehlo.sine %x : tensor<100xf64>
      %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<100xf64>, tensor<f64>) -> tensor<f64>
      %3 = stablehlo.cosine %x : tensor<100xf64>
      %4 = stablehlo.reduce(%3 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<100xf64>, tensor<f64>) -> tensor<f64>
      %5 = stablehlo.add %s, %2 : tensor<f64>
      %6 = stablehlo.add %4, %5 : tensor<f64>
      %7 = stablehlo.multiply %t, %s : tensor<f64>
      stablehlo.return %3, %6, %7 : tensor<100xf64>, tensor<f64>, tensor<f64>
    }) : (tensor<100xf64>, tensor<f64>, tensor<f64>) -> (tensor<100xf64>, tensor<f64>, tensor<f64>)
    return %0#0, %0#1, %0#2 : tensor<100xf64>, tensor<f64>, tensor<f64>
  }
}
