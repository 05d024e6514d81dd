// Reductions with regions, in either order of the operands.
module {
  func.func @main(%x: tensor<4x3xf32>, %i: tensor<4xi32>, %b: tensor<4xi1>) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %sum = stablehlo.reduce(%x init: %zero) across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
     reducer(%l: tensor<f32>, %r: tensor<f32>)  {
      %s = stablehlo.add %r, %l : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }
    %max = "stablehlo.reduce"(%x, %zero) <{dimensions = array<i64: 0, 1>}> ({
    ^bb0(%l: tensor<f32>, %r: tensor<f32>):
      %s = "stablehlo.maximum"(%l, %r) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%s) : (tensor<f32>) -> ()
    }) : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    %one = stablehlo.constant dense<0xFFFFFFFF> : tensor<i32>
    %and = "stablehlo.reduce"(%i, %one) <{dimensions = array<i64: 0>}> ({
    ^reduction(%l: tensor<i32>, %r: tensor<i32>):
      %s = stablehlo.and %l, %r : tensor<i32>
      stablehlo.return %s : tensor<i32>
    }) : (tensor<4xi32>, tensor<i32>) -> tensor<i32>
    %no = stablehlo.constant dense<0> : tensor<i1>
    %or = stablehlo.reduce(%b init: %no) across dimensions = [0] : (tensor<4xi1>, tensor<i1>) -> tensor<i1> reducer(%l: tensor<i1>, %r: tensor<i1>) {
      %s = stablehlo.or %l, %r : tensor<i1>
      stablehlo.return %s : tensor<i1>
    }
    %same = stablehlo.reduce(%x init: %zero) applies stablehlo.multiply across dimensions = [] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
    %low = "stablehlo.reduce"(%x, %zero) <{dimensions = array<i64: 1, 0>}> ({
    ^bb0(%l: tensor<f32>, %r: tensor<f32>):
      %s = stablehlo.minimum %l, %r : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<4x3xf32>, tensor<f32>) -> tensor<f32>
    return %max : tensor<f32>
  }
}
