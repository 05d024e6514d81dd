// run: captures,dce
func.func @main(%x: tensor<2xf64>) -> tensor<2xf64> {
  %c0 = stablehlo.constant dense<[0.0, 0.5]> : tensor<2xf64>
  %c1 = stablehlo.constant dense<[1.0, 1.5]> : tensor<2xf64>
  %c2 = stablehlo.constant dense<[2.0, 2.5]> : tensor<2xf64>
  %c3 = stablehlo.constant dense<[3.0, 3.5]> : tensor<2xf64>
  %c4 = stablehlo.constant dense<[4.0, 4.5]> : tensor<2xf64>
  %c5 = stablehlo.constant dense<[5.0, 5.5]> : tensor<2xf64>
  %c6 = stablehlo.constant dense<[6.0, 6.5]> : tensor<2xf64>
  %c7 = stablehlo.constant dense<[7.0, 7.5]> : tensor<2xf64>
  %0 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<2xf64>):
    %t0 = stablehlo.multiply %s, %c0 : tensor<2xf64>
    %t1 = stablehlo.add %t0, %c1 : tensor<2xf64>
    %t2 = stablehlo.multiply %t1, %c2 : tensor<2xf64>
    %t3 = stablehlo.add %t2, %c3 : tensor<2xf64>
    %t4 = stablehlo.multiply %t3, %c4 : tensor<2xf64>
    %t5 = stablehlo.add %t4, %c5 : tensor<2xf64>
    %t6 = stablehlo.multiply %t5, %c6 : tensor<2xf64>
    %t7 = stablehlo.add %t6, %c7 : tensor<2xf64>
    stablehlo.return %t7 : tensor<2xf64>
  }) : (tensor<2xf64>) -> tensor<2xf64>
  return %0 : tensor<2xf64>
}
