// run: in-place
// Each row is the sum of a row and of one that would be written over before it is read.
func.func @main(%x: tensor<6x8xf32> {tf.aliasing_output = 0 : i32}) -> tensor<6x8xf32> {
  %0 = stablehlo.reverse %x, dims = [0] : tensor<6x8xf32>
  %1 = stablehlo.add %x, %0 : tensor<6x8xf32>
  return %1 : tensor<6x8xf32>
}
