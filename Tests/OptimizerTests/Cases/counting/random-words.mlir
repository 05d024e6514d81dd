// run: counting,dce
func.func @upper() -> tensor<8xui64> {
  %0 = stablehlo.iota dim = 0 : tensor<8xui64>
  %c = stablehlo.constant dense<32> : tensor<ui64>
  %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<ui64>) -> tensor<8xui64>
  %2 = stablehlo.shift_right_logical %0, %1 : tensor<8xui64>
  return %2 : tensor<8xui64>
}
func.func @bits_that_are_there() -> tensor<8xui64> {
  %0 = stablehlo.iota dim = 0 : tensor<8xui64>
  %c = stablehlo.constant dense<2> : tensor<ui64>
  %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<ui64>) -> tensor<8xui64>
  %2 = stablehlo.shift_right_logical %0, %1 : tensor<8xui64>
  return %2 : tensor<8xui64>
}
func.func @places() -> (tensor<4x6xui32>, tensor<4x6xui64>) {
  %0 = stablehlo.iota dim = 0 : tensor<4x6xui64>
  %1 = stablehlo.iota dim = 1 : tensor<4x6xui64>
  %c0 = stablehlo.constant dense<6> : tensor<ui64>
  %2 = stablehlo.broadcast_in_dim %c0, dims = [] : (tensor<ui64>) -> tensor<4x6xui64>
  %3 = stablehlo.multiply %0, %2 : tensor<4x6xui64>
  %4 = stablehlo.add %3, %1 : tensor<4x6xui64>
  %c1 = stablehlo.constant dense<5> : tensor<ui64>
  %5 = stablehlo.broadcast_in_dim %c1, dims = [] : (tensor<ui64>) -> tensor<4x6xui64>
  %6 = stablehlo.shift_right_logical %4, %5 : tensor<4x6xui64>
  %7 = stablehlo.convert %4 : (tensor<4x6xui64>) -> tensor<4x6xui32>
  return %7, %6 : tensor<4x6xui32>, tensor<4x6xui64>
}
func.func @too_great_for_signed_bytes() -> (tensor<9xi8>, tensor<9xui8>) {
  %0 = stablehlo.iota dim = 0 : tensor<9xi32>
  %c = stablehlo.constant dense<100> : tensor<i32>
  %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<9xi32>
  %2 = stablehlo.multiply %0, %1 : tensor<9xi32>
  %3 = stablehlo.convert %2 : (tensor<9xi32>) -> tensor<9xi8>
  %4 = stablehlo.convert %2 : (tensor<9xi32>) -> tensor<9xui8>
  return %3, %4 : tensor<9xi8>, tensor<9xui8>
}
func.func @arguments_may_be_anything(%a: tensor<9xi64>) -> (tensor<9xi32>, tensor<9xi64>) {
  %0 = stablehlo.iota dim = 0 : tensor<9xi64>
  %1 = stablehlo.add %a, %0 : tensor<9xi64>
  %2 = stablehlo.convert %1 : (tensor<9xi64>) -> tensor<9xi32>
  %c = stablehlo.constant dense<62> : tensor<i64>
  %3 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i64>) -> tensor<9xi64>
  %4 = stablehlo.shift_right_logical %a, %3 : tensor<9xi64>
  return %2, %4 : tensor<9xi32>, tensor<9xi64>
}
