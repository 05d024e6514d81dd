// run: arithmetic,dce
func.func @plus_zero(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.add %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @plus_minus_zero(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<-0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.add %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @minus_zero(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.subtract %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @times_one(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.multiply %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @times_minus_one(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<-1.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.multiply %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @times_zero(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.multiply %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @over_four(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<4.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.divide %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @over_three(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<3.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.divide %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @squared(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<2.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.power %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @root(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<0.5> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.power %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @inverse(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<-1.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.power %a, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @integer_plus_zero(%a: tensor<4xi32>) -> tensor<4xi32> {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<i32>) -> tensor<4xi32>
  %1 = stablehlo.add %a, %0 : tensor<4xi32>
  return %1 : tensor<4xi32>
}
func.func @integer_times_zero(%a: tensor<4xi32>) -> tensor<4xi32> {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<i32>) -> tensor<4xi32>
  %1 = stablehlo.multiply %a, %0 : tensor<4xi32>
  return %1 : tensor<4xi32>
}
func.func @from_minus_zero(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<-0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.subtract %0, %a : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @twice_minus_half(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<-0.5> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.multiply %a, %0 : tensor<4xf32>
  %2 = stablehlo.add %1, %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
func.func @twice_three(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = stablehlo.constant dense<3.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.multiply %a, %0 : tensor<4xf32>
  %2 = stablehlo.add %1, %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
