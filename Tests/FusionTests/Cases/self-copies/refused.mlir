// run: self-copies
// The copy goes somewhere else, where elements stand in another order.
func.func @main(%x: tensor<6x8xf32> {tf.aliasing_output = 0 : i32}) -> tensor<6x8xf32> {
  %0 = stablehlo.reverse %x, dims = [1] : tensor<6x8xf32>
  return %0 : tensor<6x8xf32>
}
