// run: distribute-before,dce
func.func @main(%w: tensor<16x16xf64>, %u: tensor<16x16xf64>, %v: tensor<16x16xf64>, %x: tensor<3x16x16xf64>, %h: tensor<16x16xf64>) -> (tensor<16x16xf64>, tensor<3x16x16xf64>) {
  %0:2 = "adjoint.scan"(%h, %x) <{carry_count = 1 : i64, length = 3 : i64, reverse = true}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<16x16xf64>, %e: tensor<16x16xf64>):
    %1 = stablehlo.dot_general %e, %u, contracting_dims = [1] x [0] : (tensor<16x16xf64>, tensor<16x16xf64>) -> tensor<16x16xf64>
    %2 = stablehlo.dot_general %s, %w, contracting_dims = [1] x [0] : (tensor<16x16xf64>, tensor<16x16xf64>) -> tensor<16x16xf64>
    %3 = stablehlo.add %1, %2 : tensor<16x16xf64>
    %4 = stablehlo.logistic %3 : tensor<16x16xf64>
    %5 = stablehlo.dot_general %4, %v, contracting_dims = [1] x [0] : (tensor<16x16xf64>, tensor<16x16xf64>) -> tensor<16x16xf64>
    %6 = stablehlo.add %5, %e : tensor<16x16xf64>
    stablehlo.return %4, %6 : tensor<16x16xf64>, tensor<16x16xf64>
  }) : (tensor<16x16xf64>, tensor<3x16x16xf64>) -> (tensor<16x16xf64>, tensor<3x16x16xf64>)
  return %0#0, %0#1 : tensor<16x16xf64>, tensor<3x16x16xf64>
}
