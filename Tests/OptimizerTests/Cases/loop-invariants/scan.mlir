// run: loop-invariants,dce
func.func @scan(%w: tensor<3xf64>, %x: tensor<3xf64>) -> tensor<3xf64> {
  %0 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
  ^bb0(%i: tensor<i64>, %s: tensor<3xf64>):
    %1 = stablehlo.exponential %w : tensor<3xf64>
    %2 = stablehlo.reverse %1, dims = [0] : tensor<3xf64>
    %3 = stablehlo.multiply %s, %2 : tensor<3xf64>
    stablehlo.return %3 : tensor<3xf64>
  }) : (tensor<3xf64>) -> tensor<3xf64>
  return %0 : tensor<3xf64>
}
func.func @while(%w: tensor<f64>, %x: tensor<f64>) -> tensor<f64> {
  %0 = stablehlo.while(%s = %x) : tensor<f64>
    cond {
      %c = stablehlo.constant dense<10.0> : tensor<f64>
      %1 = stablehlo.abs %s : tensor<f64>
      %2 = stablehlo.compare GT, %1, %c : (tensor<f64>, tensor<f64>) -> tensor<i1>
      stablehlo.return %2 : tensor<i1>
    } do {
      %c = stablehlo.constant dense<0.5> : tensor<f64>
      %1 = stablehlo.logistic %w : tensor<f64>
      %2 = stablehlo.multiply %1, %c : tensor<f64>
      %3 = stablehlo.multiply %s, %2 : tensor<f64>
      stablehlo.return %3 : tensor<f64>
    }
  return %0 : tensor<f64>
}
