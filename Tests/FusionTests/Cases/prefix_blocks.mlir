// run: lower
func.func @main(%x: tensor<16385xf32>, %n: tensor<2x16384xi32>) -> (tensor<16385xf32>, tensor<2x16384xi32>) {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %0 = "stablehlo.reduce_window"(%x, %low) <{padding = dense<[[16384, 0]]> : tensor<1x2xi64>, window_dimensions = array<i64: 16385>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = stablehlo.maximum %a, %b : tensor<f32>
    stablehlo.return %m : tensor<f32>
  }) : (tensor<16385xf32>, tensor<f32>) -> tensor<16385xf32>
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %1 = "stablehlo.reduce_window"(%n, %zero) <{padding = dense<[[0, 0], [0, 16383]]> : tensor<2x2xi64>, window_dimensions = array<i64: 1, 16384>}> ({
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    %m = stablehlo.add %a, %b : tensor<i32>
    stablehlo.return %m : tensor<i32>
  }) : (tensor<2x16384xi32>, tensor<i32>) -> tensor<2x16384xi32>
  return %0, %1 : tensor<16385xf32>, tensor<2x16384xi32>
}
