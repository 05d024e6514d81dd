// run: share-loops
func.func @main(%a: tensor<640xf32>) -> tensor<640xf32> {
  %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 200 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<640xf32>):
    %1 = stablehlo.reverse %x, dims = [0] : tensor<640xf32>
    %2 = stablehlo.sine %1 : tensor<640xf32>
    stablehlo.return %2 : tensor<640xf32>
  }) : (tensor<640xf32>) -> tensor<640xf32>
  return %0 : tensor<640xf32>
}
