// run: lower
// The least squared distance of each row to a code, and the row standardized after two products.
func.func @main(%x: tensor<4099x24xf32>, %codes: tensor<40x24xf32>, %w: tensor<24x32xf32>) -> (tensor<f32>, tensor<4099x32xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %high = stablehlo.constant dense<0x7F800000> : tensor<f32>
  %0 = stablehlo.dot_general %x, %codes, contracting_dims = [1] x [1] : (tensor<4099x24xf32>, tensor<40x24xf32>) -> tensor<4099x40xf32>
  %1 = stablehlo.multiply %codes, %codes : tensor<40x24xf32>
  %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<40x24xf32>, tensor<f32>) -> tensor<40xf32>
  %3 = stablehlo.broadcast_in_dim %2, dims = [1] : (tensor<40xf32>) -> tensor<4099x40xf32>
  %4 = stablehlo.add %0, %0 : tensor<4099x40xf32>
  %5 = stablehlo.subtract %3, %4 : tensor<4099x40xf32>
  %6 = stablehlo.reduce(%5 init: %high) applies stablehlo.minimum across dimensions = [1] : (tensor<4099x40xf32>, tensor<f32>) -> tensor<4099xf32>
  %7 = stablehlo.reduce(%6 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4099xf32>, tensor<f32>) -> tensor<f32>
  %8 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<4099x24xf32>, tensor<24x32xf32>) -> tensor<4099x32xf32>
  %9 = stablehlo.tanh %8 : tensor<4099x32xf32>
  %10 = stablehlo.dot_general %9, %w, contracting_dims = [1] x [1] : (tensor<4099x32xf32>, tensor<24x32xf32>) -> tensor<4099x24xf32>
  %11 = stablehlo.dot_general %10, %w, contracting_dims = [1] x [0] : (tensor<4099x24xf32>, tensor<24x32xf32>) -> tensor<4099x32xf32>
  %12 = stablehlo.reduce(%11 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4099x32xf32>, tensor<f32>) -> tensor<4099xf32>
  %13 = stablehlo.broadcast_in_dim %12, dims = [0] : (tensor<4099xf32>) -> tensor<4099x32xf32>
  %14 = stablehlo.divide %11, %13 : tensor<4099x32xf32>
  return %7, %14 : tensor<f32>, tensor<4099x32xf32>
}
