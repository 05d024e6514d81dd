// run: carry-repeats,dce
module {
  func.func public @main(%arg0: tensor<3xf64>, %arg1: tensor<3xf64>, %arg2: tensor<3xf64>) -> tensor<3xf64> {
    %0:2 = "adjoint.scan"(%arg0, %arg1) <{carry_count = 2 : i64, length = 7 : i64, reverse = false}> ({
    ^bb0(%i: tensor<i64>, %x: tensor<3xf64>, %v: tensor<3xf64>):
      %f = stablehlo.multiply %arg2, %x : tensor<3xf64>
      %s = stablehlo.sine %f : tensor<3xf64>
      %w = stablehlo.add %v, %s : tensor<3xf64>
      %y = stablehlo.add %x, %w : tensor<3xf64>
      %g = stablehlo.multiply %arg2, %y : tensor<3xf64>
      %t = stablehlo.sine %g : tensor<3xf64>
      %u = stablehlo.add %w, %t : tensor<3xf64>
      stablehlo.return %y, %u : tensor<3xf64>, tensor<3xf64>
    }) : (tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>)
    return %0#1 : tensor<3xf64>
  }
}
