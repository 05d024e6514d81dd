// run: batch-maps,dce
// A loop over examples, with a loop and a branch in its body, and the index.
func.func @examples(%w: tensor<3xf64>, %x: tensor<5x3xf64>) -> (tensor<5xf64>, tensor<5x3xf64>) {
  %z = stablehlo.constant dense<0.0> : tensor<f64>
  %0:2 = "adjoint.scan"(%x) <{carry_count = 0 : i64, length = 5 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %r: tensor<3xf64>):
    %1 = stablehlo.multiply %r, %w : tensor<3xf64>
    %2 = "adjoint.scan"(%1) <{carry_count = 1 : i64, length = 20 : i64, reverse = false}> ({
    ^bb0(%j: tensor<i64>, %s: tensor<3xf64>):
      %3 = stablehlo.sine %s : tensor<3xf64>
      stablehlo.return %3 : tensor<3xf64>
    }) : (tensor<3xf64>) -> tensor<3xf64>
    %4 = stablehlo.reduce(%2 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
    %5 = stablehlo.compare GT, %4, %z : (tensor<f64>, tensor<f64>) -> tensor<i1>
    %6 = "stablehlo.if"(%5) ({
      %7 = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
      stablehlo.return %7 : tensor<f64>
    }, {
      stablehlo.return %4 : tensor<f64>
    }) : (tensor<i1>) -> tensor<f64>
    stablehlo.return %6, %2 : tensor<f64>, tensor<3xf64>
  }) : (tensor<5x3xf64>) -> (tensor<5xf64>, tensor<5x3xf64>)
  return %0#0, %0#1 : tensor<5xf64>, tensor<5x3xf64>
}
// Loops of unknown length stay with their examples, and so do large values and carries.
func.func @others(%x: tensor<5xf64>, %y: tensor<9x20000xf64>, %a: tensor<f64>) -> (tensor<5xf64>, tensor<9x20000xf64>, tensor<f64>) {
  %0 = "adjoint.scan"(%x) <{carry_count = 0 : i64, length = 5 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %r: tensor<f64>):
    %1 = stablehlo.while(%s = %r) : tensor<f64>
      cond {
        %c = stablehlo.constant dense<10.0> : tensor<f64>
        %2 = stablehlo.compare LT, %s, %c : (tensor<f64>, tensor<f64>) -> tensor<i1>
        stablehlo.return %2 : tensor<i1>
      } do {
        %c = stablehlo.constant dense<1.0> : tensor<f64>
        %2 = stablehlo.add %s, %c : tensor<f64>
        stablehlo.return %2 : tensor<f64>
      }
    stablehlo.return %1 : tensor<f64>
  }) : (tensor<5xf64>) -> tensor<5xf64>
  %3 = "adjoint.scan"(%y) <{carry_count = 0 : i64, length = 9 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %r: tensor<20000xf64>):
    %4 = stablehlo.sine %r : tensor<20000xf64>
    stablehlo.return %4 : tensor<20000xf64>
  }) : (tensor<9x20000xf64>) -> tensor<9x20000xf64>
  %5 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<f64>, %r: tensor<f64>):
    %6 = stablehlo.multiply %s, %r : tensor<f64>
    stablehlo.return %6 : tensor<f64>
  }) : (tensor<f64>, tensor<5xf64>) -> tensor<f64>
  return %0, %3, %5 : tensor<5xf64>, tensor<9x20000xf64>, tensor<f64>
}
