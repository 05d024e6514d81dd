// run: linear-carries
// A tridiagonal equation: the factors' scan has a quotient, and a sum that follows from it; the solution's
// runs backwards. The last scan's carries wait for each other, so it stays serial.
func.func @main(%a: tensor<21xf64>, %b: tensor<21xf64>, %c: tensor<21xf64>, %d: tensor<21xf64>) -> (tensor<21xf64>, tensor<f64>) {
  %0 = stablehlo.constant dense<0.0> : tensor<f64>
  %1:4 = "adjoint.scan"(%0, %0, %a, %b, %c, %d) <{carry_count = 2 : i64, length = 21 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<f64>, %y: tensor<f64>, %ai: tensor<f64>, %bi: tensor<f64>, %ci: tensor<f64>, %di: tensor<f64>):
    %5 = stablehlo.multiply %ai, %x : tensor<f64>
    %6 = stablehlo.subtract %bi, %5 : tensor<f64>
    %7 = stablehlo.divide %ci, %6 : tensor<f64>
    %8 = stablehlo.multiply %ai, %y : tensor<f64>
    %9 = stablehlo.subtract %di, %8 : tensor<f64>
    %10 = stablehlo.divide %9, %6 : tensor<f64>
    stablehlo.return %7, %10, %7, %10 : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>
  }) : (tensor<f64>, tensor<f64>, tensor<21xf64>, tensor<21xf64>, tensor<21xf64>, tensor<21xf64>) -> (tensor<f64>, tensor<f64>, tensor<21xf64>, tensor<21xf64>)
  %2:2 = "adjoint.scan"(%0, %1#2, %1#3) <{carry_count = 1 : i64, length = 21 : i64, reverse = true}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<f64>, %ci: tensor<f64>, %di: tensor<f64>):
    %5 = stablehlo.multiply %ci, %x : tensor<f64>
    %6 = stablehlo.subtract %di, %5 : tensor<f64>
    stablehlo.return %6, %6 : tensor<f64>, tensor<f64>
  }) : (tensor<f64>, tensor<21xf64>, tensor<21xf64>) -> (tensor<f64>, tensor<21xf64>)
  %3:2 = "adjoint.scan"(%0, %0, %2#1) <{carry_count = 2 : i64, length = 21 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<f64>, %y: tensor<f64>, %s: tensor<f64>):
    %5 = stablehlo.add %y, %s : tensor<f64>
    %6 = stablehlo.multiply %x, %s : tensor<f64>
    stablehlo.return %5, %6 : tensor<f64>, tensor<f64>
  }) : (tensor<f64>, tensor<f64>, tensor<21xf64>) -> (tensor<f64>, tensor<f64>)
  return %2#1, %3#0 : tensor<21xf64>, tensor<f64>
}
