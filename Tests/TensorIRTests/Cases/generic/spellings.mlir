// Spellings that MLIR and older exporters write: no module, no visibility, comments, names.
// A second comment.
func.func @main(%x: tensor<4x3xf32> {jax.arg_info = "x[\22{\22]"}, %p-1: tensor<i1>, %007: tensor<f32>)
    -> tensor<4x3xf32> attributes {execution_thread = "a}b"} { // behind code
  %a$b = stablehlo.constant {mhlo.note = "x, }>" , mhlo.types = [(i1) -> i1, vector<2xi1>]} dense<1.5e0> : tensor<f32>
  %zero = "stablehlo.constant"() {value = dense<0.> : tensor<f32>} : () -> tensor<f32>
  %b = stablehlo.broadcast_in_dim %a$b, dims = [] {mhlo.x} : (tensor<f32>) -> tensor<4x3xf32>
  stablehlo.add %b, %b : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %m = stablehlo.multiply %x, %b {mhlo.sharding = "{replicated}"} : tensor<4x3xf32>
  %c = stablehlo.clamp %zero, %m, %007 : (tensor<f32>, tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %e = "stablehlo.exponential"(%c) <{result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<DEFAULT>>}> : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %q = "stablehlo.compare"(%e, %c) {comparison_direction = #stablehlo<comparison_direction EQ>} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
  %w = stablehlo.select %p-1, %e, %c : (tensor<i1>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %v = "stablehlo.dot_general"(%w, %w) {dot_dimension_numbers = #stablehlo.dot<rhs_contracting_dimensions = [1], lhs_contracting_dimensions = [1]>} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32>
  %u, %h:2 = func.call @"a function"(%w, %zero) : (tensor<4x3xf32>, tensor<f32>) -> (tensor<4x3xf32>, tensor<f32>, tensor<f32>)
  %k = stablehlo.add %h, %h#1 : tensor<f32>
  func.return %u : tensor<4x3xf32>
}
func.func private @"a function"(%x: tensor<4x3xf32>, %zero: tensor<f32>) -> (tensor<4x3xf32>, tensor<f32>, tensor<f32>) {
  return %x, %zero, %zero : tensor<4x3xf32>, tensor<f32>, tensor<f32>
}
