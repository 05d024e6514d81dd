// run: distribute-sums,dce
func.func @alone(%a: tensor<3x16x16xf64>, %b: tensor<3x16x16xf64>, %w: tensor<16x16xf64>) -> tensor<16x16xf64> {
  %0 = "adjoint.scan"(%w, %a, %b) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<16x16xf64>, %x: tensor<16x16xf64>, %y: tensor<16x16xf64>):
    %1 = stablehlo.dot_general %x, %y, contracting_dims = [0] x [0] : (tensor<16x16xf64>, tensor<16x16xf64>) -> tensor<16x16xf64>
    %2 = stablehlo.add %s, %1 : tensor<16x16xf64>
    stablehlo.return %2 : tensor<16x16xf64>
  }) : (tensor<16x16xf64>, tensor<3x16x16xf64>, tensor<3x16x16xf64>) -> tensor<16x16xf64>
  return %0 : tensor<16x16xf64>
}
func.func @amongOthers(%a: tensor<3x16x16xf64>, %b: tensor<3x16x16xf64>, %w: tensor<16x16xf64>, %h: tensor<16x16xf64>) -> (tensor<16x16xf64>, tensor<16x16xf64>) {
  %0:2 = "adjoint.scan"(%w, %h, %a, %b) <{carry_count = 2 : i64, length = 3 : i64, reverse = true}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<16x16xf64>, %c: tensor<16x16xf64>, %x: tensor<16x16xf64>, %y: tensor<16x16xf64>):
    %1 = stablehlo.multiply %c, %y : tensor<16x16xf64>
    %2 = stablehlo.dot_general %x, %1, contracting_dims = [0] x [0] : (tensor<16x16xf64>, tensor<16x16xf64>) -> tensor<16x16xf64>
    %3 = stablehlo.add %s, %y : tensor<16x16xf64>
    %4 = stablehlo.add %3, %2 : tensor<16x16xf64>
    %5 = stablehlo.add %4, %1 : tensor<16x16xf64>
    stablehlo.return %5, %1 : tensor<16x16xf64>, tensor<16x16xf64>
  }) : (tensor<16x16xf64>, tensor<16x16xf64>, tensor<3x16x16xf64>, tensor<3x16x16xf64>) -> (tensor<16x16xf64>, tensor<16x16xf64>)
  return %0#0, %0#1 : tensor<16x16xf64>, tensor<16x16xf64>
}
