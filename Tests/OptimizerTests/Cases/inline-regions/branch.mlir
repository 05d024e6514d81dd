// run: inline-regions,dce
func.func @known(%a: tensor<2xf64>) -> tensor<2xf64> {
  %c = stablehlo.constant dense<7> : tensor<i32>
  %0 = "stablehlo.case"(%c) ({
    stablehlo.return %a : tensor<2xf64>
  }, {
    %1 = stablehlo.negate %a : tensor<2xf64>
    stablehlo.return %1 : tensor<2xf64>
  }) : (tensor<i32>) -> tensor<2xf64>
  return %0 : tensor<2xf64>
}
func.func @once(%a: tensor<2xf64>, %x: tensor<1x2xf64>, %y: tensor<0x2xf64>) -> (tensor<2xf64>, tensor<1x2xf64>, tensor<0x2xf64>) {
  %0:2 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 1 : i64, reverse = true}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<2xf64>, %e: tensor<2xf64>):
    %1 = stablehlo.multiply %s, %e : tensor<2xf64>
    stablehlo.return %1, %s : tensor<2xf64>, tensor<2xf64>
  }) : (tensor<2xf64>, tensor<1x2xf64>) -> (tensor<2xf64>, tensor<1x2xf64>)
  %2:2 = "adjoint.scan"(%0#0, %y) <{carry_count = 1 : i64, length = 0 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<2xf64>, %e: tensor<2xf64>):
    %1 = stablehlo.multiply %s, %e : tensor<2xf64>
    stablehlo.return %1, %s : tensor<2xf64>, tensor<2xf64>
  }) : (tensor<2xf64>, tensor<0x2xf64>) -> (tensor<2xf64>, tensor<0x2xf64>)
  return %2#0, %0#1, %2#1 : tensor<2xf64>, tensor<1x2xf64>, tensor<0x2xf64>
}
