// run: share-loops
func.func @main(%a: tensor<640xf32>, %w: tensor<640xf32>) -> (tensor<640xf32>, tensor<640xf32>) {
  %0:2 = "adjoint.scan"(%a, %w) <{carry_count = 2 : i64, length = 200 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<640xf32>, %v: tensor<640xf32>):
    %1 = stablehlo.sine %x : tensor<640xf32>
    %2 = stablehlo.subtract %v, %1 : tensor<640xf32>
    %3 = stablehlo.add %x, %2 : tensor<640xf32>
    stablehlo.return %3, %2 : tensor<640xf32>, tensor<640xf32>
  }) : (tensor<640xf32>, tensor<640xf32>) -> (tensor<640xf32>, tensor<640xf32>)
  return %0#0, %0#1 : tensor<640xf32>, tensor<640xf32>
}
