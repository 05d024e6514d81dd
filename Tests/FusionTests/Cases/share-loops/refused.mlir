// run: share-loops
// Each lane reads what its neighbour wrote in the step before.
func.func @main(%a: tensor<640xf32>) -> tensor<640xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 200 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %x: tensor<640xf32>):
    %1 = stablehlo.slice %x [0:639] : (tensor<640xf32>) -> tensor<639xf32>
    %2 = stablehlo.pad %1, %zero, low = [1], high = [0], interior = [0] : (tensor<639xf32>, tensor<f32>) -> tensor<640xf32>
    %3 = stablehlo.sine %2 : tensor<640xf32>
    stablehlo.return %3 : tensor<640xf32>
  }) : (tensor<640xf32>) -> tensor<640xf32>
  return %0 : tensor<640xf32>
}
