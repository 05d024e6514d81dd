// run: associative-scans,dce
module {
  func.func public @main(%arg0: tensor<9xf32>) -> tensor<9xf32> {
    %0 = stablehlo.slice %arg0 [0:8:2] : (tensor<9xf32>) -> tensor<4xf32>
    %1 = stablehlo.slice %arg0 [1:9:2] : (tensor<9xf32>) -> tensor<4xf32>
    %2 = stablehlo.maximum %0, %1 : tensor<4xf32>
    %3 = stablehlo.slice %2 [0:3:2] : (tensor<4xf32>) -> tensor<2xf32>
    %4 = stablehlo.slice %2 [1:4:2] : (tensor<4xf32>) -> tensor<2xf32>
    %5 = stablehlo.maximum %3, %4 : tensor<2xf32>
    %6 = stablehlo.slice %5 [0:1:2] : (tensor<2xf32>) -> tensor<1xf32>
    %7 = stablehlo.slice %5 [1:2:2] : (tensor<2xf32>) -> tensor<1xf32>
    %8 = stablehlo.maximum %6, %7 : tensor<1xf32>
    %9 = stablehlo.slice %8 [0:0] : (tensor<1xf32>) -> tensor<0xf32>
    %10 = stablehlo.slice %5 [2:2:2] : (tensor<2xf32>) -> tensor<0xf32>
    %11 = stablehlo.maximum %9, %10 : tensor<0xf32>
    %12 = stablehlo.slice %5 [0:1] : (tensor<2xf32>) -> tensor<1xf32>
    %13 = stablehlo.concatenate %12, %11, dim = 0 : (tensor<1xf32>, tensor<0xf32>) -> tensor<1xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %14 = stablehlo.pad %13, %cst, low = [0], high = [1], interior = [1] : (tensor<1xf32>, tensor<f32>) -> tensor<2xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %15 = stablehlo.pad %8, %cst_0, low = [1], high = [0], interior = [1] : (tensor<1xf32>, tensor<f32>) -> tensor<2xf32>
    %16 = stablehlo.add %14, %15 : tensor<2xf32>
    %17 = stablehlo.slice %16 [0:1] : (tensor<2xf32>) -> tensor<1xf32>
    %18 = stablehlo.slice %2 [2:4:2] : (tensor<4xf32>) -> tensor<1xf32>
    %19 = stablehlo.maximum %17, %18 : tensor<1xf32>
    %20 = stablehlo.slice %2 [0:1] : (tensor<4xf32>) -> tensor<1xf32>
    %21 = stablehlo.concatenate %20, %19, dim = 0 : (tensor<1xf32>, tensor<1xf32>) -> tensor<2xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %22 = stablehlo.pad %21, %cst_1, low = [0], high = [1], interior = [1] : (tensor<2xf32>, tensor<f32>) -> tensor<4xf32>
    %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %23 = stablehlo.pad %16, %cst_2, low = [1], high = [0], interior = [1] : (tensor<2xf32>, tensor<f32>) -> tensor<4xf32>
    %24 = stablehlo.add %22, %23 : tensor<4xf32>
    %25 = stablehlo.slice %arg0 [2:9:2] : (tensor<9xf32>) -> tensor<4xf32>
    %26 = stablehlo.maximum %24, %25 : tensor<4xf32>
    %27 = stablehlo.slice %arg0 [0:1] : (tensor<9xf32>) -> tensor<1xf32>
    %28 = stablehlo.concatenate %27, %26, dim = 0 : (tensor<1xf32>, tensor<4xf32>) -> tensor<5xf32>
    %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %29 = stablehlo.pad %28, %cst_3, low = [0], high = [0], interior = [1] : (tensor<5xf32>, tensor<f32>) -> tensor<9xf32>
    %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %30 = stablehlo.pad %24, %cst_4, low = [1], high = [1], interior = [1] : (tensor<4xf32>, tensor<f32>) -> tensor<9xf32>
    %31 = stablehlo.add %29, %30 : tensor<9xf32>
    return %31 : tensor<9xf32>
  }
}
