// run: associative-scans,dce
func.func public @linear(%arg0: tensor<8x9xf32>, %arg1: tensor<8x9xf32>) -> (tensor<8x9xf32>) {
  %0 = stablehlo.slice %arg0 [0:8, 0:8:2] : (tensor<8x9xf32>) -> tensor<8x4xf32>
  %1 = stablehlo.slice %arg1 [0:8, 0:8:2] : (tensor<8x9xf32>) -> tensor<8x4xf32>
  %2 = stablehlo.slice %arg0 [0:8, 1:9:2] : (tensor<8x9xf32>) -> tensor<8x4xf32>
  %3 = stablehlo.slice %arg1 [0:8, 1:9:2] : (tensor<8x9xf32>) -> tensor<8x4xf32>
  %4 = stablehlo.multiply %0, %2 : tensor<8x4xf32>
  %5 = stablehlo.multiply %2, %1 : tensor<8x4xf32>
  %6 = stablehlo.add %5, %3 : tensor<8x4xf32>
  %7 = stablehlo.slice %4 [0:8, 0:3:2] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  %8 = stablehlo.slice %6 [0:8, 0:3:2] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  %9 = stablehlo.slice %4 [0:8, 1:4:2] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  %10 = stablehlo.slice %6 [0:8, 1:4:2] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  %11 = stablehlo.multiply %7, %9 : tensor<8x2xf32>
  %12 = stablehlo.multiply %9, %8 : tensor<8x2xf32>
  %13 = stablehlo.add %12, %10 : tensor<8x2xf32>
  %14 = stablehlo.slice %13 [0:8, 0:1:2] : (tensor<8x2xf32>) -> tensor<8x1xf32>
  %15 = stablehlo.slice %11 [0:8, 1:2:2] : (tensor<8x2xf32>) -> tensor<8x1xf32>
  %16 = stablehlo.slice %13 [0:8, 1:2:2] : (tensor<8x2xf32>) -> tensor<8x1xf32>
  %17 = stablehlo.multiply %15, %14 : tensor<8x1xf32>
  %18 = stablehlo.add %17, %16 : tensor<8x1xf32>
  %19 = stablehlo.slice %18 [0:8, 0:0] : (tensor<8x1xf32>) -> tensor<8x0xf32>
  %20 = stablehlo.slice %11 [0:8, 2:2:2] : (tensor<8x2xf32>) -> tensor<8x0xf32>
  %21 = stablehlo.slice %13 [0:8, 2:2:2] : (tensor<8x2xf32>) -> tensor<8x0xf32>
  %22 = stablehlo.multiply %20, %19 : tensor<8x0xf32>
  %23 = stablehlo.add %22, %21 : tensor<8x0xf32>
  %24 = stablehlo.slice %13 [0:8, 0:1] : (tensor<8x2xf32>) -> tensor<8x1xf32>
  %25 = stablehlo.concatenate %24, %23, dim = 1 : (tensor<8x1xf32>, tensor<8x0xf32>) -> tensor<8x1xf32>
  %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %26 = stablehlo.pad %25, %cst, low = [0, 0], high = [0, 1], interior = [0, 1] : (tensor<8x1xf32>, tensor<f32>) -> tensor<8x2xf32>
  %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %27 = stablehlo.pad %18, %cst_0, low = [0, 1], high = [0, 0], interior = [0, 1] : (tensor<8x1xf32>, tensor<f32>) -> tensor<8x2xf32>
  %28 = stablehlo.add %26, %27 : tensor<8x2xf32>
  %29 = stablehlo.slice %28 [0:8, 0:1] : (tensor<8x2xf32>) -> tensor<8x1xf32>
  %30 = stablehlo.slice %4 [0:8, 2:4:2] : (tensor<8x4xf32>) -> tensor<8x1xf32>
  %31 = stablehlo.slice %6 [0:8, 2:4:2] : (tensor<8x4xf32>) -> tensor<8x1xf32>
  %32 = stablehlo.multiply %30, %29 : tensor<8x1xf32>
  %33 = stablehlo.add %32, %31 : tensor<8x1xf32>
  %34 = stablehlo.slice %6 [0:8, 0:1] : (tensor<8x4xf32>) -> tensor<8x1xf32>
  %35 = stablehlo.concatenate %34, %33, dim = 1 : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x2xf32>
  %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %36 = stablehlo.pad %35, %cst_1, low = [0, 0], high = [0, 1], interior = [0, 1] : (tensor<8x2xf32>, tensor<f32>) -> tensor<8x4xf32>
  %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %37 = stablehlo.pad %28, %cst_2, low = [0, 1], high = [0, 0], interior = [0, 1] : (tensor<8x2xf32>, tensor<f32>) -> tensor<8x4xf32>
  %38 = stablehlo.add %36, %37 : tensor<8x4xf32>
  %39 = stablehlo.slice %arg0 [0:8, 2:9:2] : (tensor<8x9xf32>) -> tensor<8x4xf32>
  %40 = stablehlo.slice %arg1 [0:8, 2:9:2] : (tensor<8x9xf32>) -> tensor<8x4xf32>
  %41 = stablehlo.multiply %39, %38 : tensor<8x4xf32>
  %42 = stablehlo.add %41, %40 : tensor<8x4xf32>
  %43 = stablehlo.slice %arg1 [0:8, 0:1] : (tensor<8x9xf32>) -> tensor<8x1xf32>
  %44 = stablehlo.concatenate %43, %42, dim = 1 : (tensor<8x1xf32>, tensor<8x4xf32>) -> tensor<8x5xf32>
  %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %45 = stablehlo.pad %44, %cst_3, low = [0, 0], high = [0, 0], interior = [0, 1] : (tensor<8x5xf32>, tensor<f32>) -> tensor<8x9xf32>
  %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %46 = stablehlo.pad %38, %cst_4, low = [0, 1], high = [0, 1], interior = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x9xf32>
  %47 = stablehlo.add %45, %46 : tensor<8x9xf32>
  return %47 : tensor<8x9xf32>
}
func.func public @pairs(%arg0: tensor<8x8xf32>, %arg1: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %0 = stablehlo.slice %arg0 [0:7:2, 0:8] : (tensor<8x8xf32>) -> tensor<4x8xf32>
  %1 = stablehlo.slice %arg1 [0:7:2, 0:8] : (tensor<8x8xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.slice %arg0 [1:8:2, 0:8] : (tensor<8x8xf32>) -> tensor<4x8xf32>
  %3 = stablehlo.slice %arg1 [1:8:2, 0:8] : (tensor<8x8xf32>) -> tensor<4x8xf32>
  %4 = stablehlo.multiply %0, %2 : tensor<4x8xf32>
  %5 = stablehlo.multiply %2, %1 : tensor<4x8xf32>
  %6 = stablehlo.add %5, %3 : tensor<4x8xf32>
  %7 = stablehlo.slice %4 [0:3:2, 0:8] : (tensor<4x8xf32>) -> tensor<2x8xf32>
  %8 = stablehlo.slice %6 [0:3:2, 0:8] : (tensor<4x8xf32>) -> tensor<2x8xf32>
  %9 = stablehlo.slice %4 [1:4:2, 0:8] : (tensor<4x8xf32>) -> tensor<2x8xf32>
  %10 = stablehlo.slice %6 [1:4:2, 0:8] : (tensor<4x8xf32>) -> tensor<2x8xf32>
  %11 = stablehlo.multiply %7, %9 : tensor<2x8xf32>
  %12 = stablehlo.multiply %9, %8 : tensor<2x8xf32>
  %13 = stablehlo.add %12, %10 : tensor<2x8xf32>
  %14 = stablehlo.slice %11 [0:1:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %15 = stablehlo.slice %13 [0:1:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %16 = stablehlo.slice %11 [1:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %17 = stablehlo.slice %13 [1:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %18 = stablehlo.multiply %14, %16 : tensor<1x8xf32>
  %19 = stablehlo.multiply %16, %15 : tensor<1x8xf32>
  %20 = stablehlo.add %19, %17 : tensor<1x8xf32>
  %21 = stablehlo.slice %18 [0:0, 0:8] : (tensor<1x8xf32>) -> tensor<0x8xf32>
  %22 = stablehlo.slice %20 [0:0, 0:8] : (tensor<1x8xf32>) -> tensor<0x8xf32>
  %23 = stablehlo.slice %11 [2:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<0x8xf32>
  %24 = stablehlo.slice %13 [2:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<0x8xf32>
  %25 = stablehlo.multiply %21, %23 : tensor<0x8xf32>
  %26 = stablehlo.multiply %23, %22 : tensor<0x8xf32>
  %27 = stablehlo.add %26, %24 : tensor<0x8xf32>
  %28 = stablehlo.slice %11 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %29 = stablehlo.concatenate %28, %25, dim = 0 : (tensor<1x8xf32>, tensor<0x8xf32>) -> tensor<1x8xf32>
  %30 = stablehlo.slice %13 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %31 = stablehlo.concatenate %30, %27, dim = 0 : (tensor<1x8xf32>, tensor<0x8xf32>) -> tensor<1x8xf32>
  %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %32 = stablehlo.pad %29, %cst, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %33 = stablehlo.pad %18, %cst_0, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %34 = stablehlo.add %32, %33 : tensor<2x8xf32>
  %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %35 = stablehlo.pad %31, %cst_1, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %36 = stablehlo.pad %20, %cst_2, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %37 = stablehlo.add %35, %36 : tensor<2x8xf32>
  %38 = stablehlo.slice %34 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %39 = stablehlo.slice %37 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %40 = stablehlo.slice %4 [2:4:2, 0:8] : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %41 = stablehlo.slice %6 [2:4:2, 0:8] : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %42 = stablehlo.multiply %38, %40 : tensor<1x8xf32>
  %43 = stablehlo.multiply %40, %39 : tensor<1x8xf32>
  %44 = stablehlo.add %43, %41 : tensor<1x8xf32>
  %45 = stablehlo.slice %4 [0:1, 0:8] : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %46 = stablehlo.concatenate %45, %42, dim = 0 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %47 = stablehlo.slice %6 [0:1, 0:8] : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %48 = stablehlo.concatenate %47, %44, dim = 0 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %49 = stablehlo.pad %46, %cst_3, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %50 = stablehlo.pad %34, %cst_4, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %51 = stablehlo.add %49, %50 : tensor<4x8xf32>
  %cst_5 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %52 = stablehlo.pad %48, %cst_5, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %53 = stablehlo.pad %37, %cst_6, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %54 = stablehlo.add %52, %53 : tensor<4x8xf32>
  %55 = stablehlo.slice %51 [0:3, 0:8] : (tensor<4x8xf32>) -> tensor<3x8xf32>
  %56 = stablehlo.slice %54 [0:3, 0:8] : (tensor<4x8xf32>) -> tensor<3x8xf32>
  %57 = stablehlo.slice %arg0 [2:8:2, 0:8] : (tensor<8x8xf32>) -> tensor<3x8xf32>
  %58 = stablehlo.slice %arg1 [2:8:2, 0:8] : (tensor<8x8xf32>) -> tensor<3x8xf32>
  %59 = stablehlo.multiply %55, %57 : tensor<3x8xf32>
  %60 = stablehlo.multiply %57, %56 : tensor<3x8xf32>
  %61 = stablehlo.add %60, %58 : tensor<3x8xf32>
  %62 = stablehlo.slice %arg0 [0:1, 0:8] : (tensor<8x8xf32>) -> tensor<1x8xf32>
  %63 = stablehlo.concatenate %62, %59, dim = 0 : (tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<4x8xf32>
  %64 = stablehlo.slice %arg1 [0:1, 0:8] : (tensor<8x8xf32>) -> tensor<1x8xf32>
  %65 = stablehlo.concatenate %64, %61, dim = 0 : (tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<4x8xf32>
  %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %66 = stablehlo.pad %63, %cst_7, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %cst_8 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %67 = stablehlo.pad %51, %cst_8, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %68 = stablehlo.add %66, %67 : tensor<8x8xf32>
  %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %69 = stablehlo.pad %65, %cst_9, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %cst_10 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %70 = stablehlo.pad %54, %cst_10, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %71 = stablehlo.add %69, %70 : tensor<8x8xf32>
  return %68, %71 : tensor<8x8xf32>, tensor<8x8xf32>
}
func.func public @means(%arg0: tensor<11x8xf32>, %arg1: tensor<11x8xf32>) -> (tensor<11x8xf32>) {
  %0 = stablehlo.slice %arg0 [0:10:2, 0:8] : (tensor<11x8xf32>) -> tensor<5x8xf32>
  %1 = stablehlo.slice %arg1 [0:10:2, 0:8] : (tensor<11x8xf32>) -> tensor<5x8xf32>
  %2 = stablehlo.slice %arg0 [1:11:2, 0:8] : (tensor<11x8xf32>) -> tensor<5x8xf32>
  %3 = stablehlo.slice %arg1 [1:11:2, 0:8] : (tensor<11x8xf32>) -> tensor<5x8xf32>
  %4 = stablehlo.add %0, %2 : tensor<5x8xf32>
  %5 = stablehlo.multiply %0, %1 : tensor<5x8xf32>
  %6 = stablehlo.multiply %2, %3 : tensor<5x8xf32>
  %7 = stablehlo.add %5, %6 : tensor<5x8xf32>
  %8 = stablehlo.add %0, %2 : tensor<5x8xf32>
  %9 = stablehlo.divide %7, %8 : tensor<5x8xf32>
  %10 = stablehlo.slice %4 [0:4:2, 0:8] : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %11 = stablehlo.slice %9 [0:4:2, 0:8] : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %12 = stablehlo.slice %4 [1:5:2, 0:8] : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %13 = stablehlo.slice %9 [1:5:2, 0:8] : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %14 = stablehlo.add %10, %12 : tensor<2x8xf32>
  %15 = stablehlo.multiply %10, %11 : tensor<2x8xf32>
  %16 = stablehlo.multiply %12, %13 : tensor<2x8xf32>
  %17 = stablehlo.add %15, %16 : tensor<2x8xf32>
  %18 = stablehlo.add %10, %12 : tensor<2x8xf32>
  %19 = stablehlo.divide %17, %18 : tensor<2x8xf32>
  %20 = stablehlo.slice %14 [0:1:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %21 = stablehlo.slice %19 [0:1:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %22 = stablehlo.slice %14 [1:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %23 = stablehlo.slice %19 [1:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %24 = stablehlo.add %20, %22 : tensor<1x8xf32>
  %25 = stablehlo.multiply %20, %21 : tensor<1x8xf32>
  %26 = stablehlo.multiply %22, %23 : tensor<1x8xf32>
  %27 = stablehlo.add %25, %26 : tensor<1x8xf32>
  %28 = stablehlo.add %20, %22 : tensor<1x8xf32>
  %29 = stablehlo.divide %27, %28 : tensor<1x8xf32>
  %30 = stablehlo.slice %24 [0:0, 0:8] : (tensor<1x8xf32>) -> tensor<0x8xf32>
  %31 = stablehlo.slice %29 [0:0, 0:8] : (tensor<1x8xf32>) -> tensor<0x8xf32>
  %32 = stablehlo.slice %14 [2:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<0x8xf32>
  %33 = stablehlo.slice %19 [2:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<0x8xf32>
  %34 = stablehlo.add %30, %32 : tensor<0x8xf32>
  %35 = stablehlo.multiply %30, %31 : tensor<0x8xf32>
  %36 = stablehlo.multiply %32, %33 : tensor<0x8xf32>
  %37 = stablehlo.add %35, %36 : tensor<0x8xf32>
  %38 = stablehlo.add %30, %32 : tensor<0x8xf32>
  %39 = stablehlo.divide %37, %38 : tensor<0x8xf32>
  %40 = stablehlo.slice %14 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %41 = stablehlo.concatenate %40, %34, dim = 0 : (tensor<1x8xf32>, tensor<0x8xf32>) -> tensor<1x8xf32>
  %42 = stablehlo.slice %19 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %43 = stablehlo.concatenate %42, %39, dim = 0 : (tensor<1x8xf32>, tensor<0x8xf32>) -> tensor<1x8xf32>
  %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %44 = stablehlo.pad %41, %cst, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %45 = stablehlo.pad %24, %cst_0, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %46 = stablehlo.add %44, %45 : tensor<2x8xf32>
  %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %47 = stablehlo.pad %43, %cst_1, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %48 = stablehlo.pad %29, %cst_2, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %49 = stablehlo.add %47, %48 : tensor<2x8xf32>
  %50 = stablehlo.slice %4 [2:5:2, 0:8] : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %51 = stablehlo.slice %9 [2:5:2, 0:8] : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %52 = stablehlo.add %46, %50 : tensor<2x8xf32>
  %53 = stablehlo.multiply %46, %49 : tensor<2x8xf32>
  %54 = stablehlo.multiply %50, %51 : tensor<2x8xf32>
  %55 = stablehlo.add %53, %54 : tensor<2x8xf32>
  %56 = stablehlo.add %46, %50 : tensor<2x8xf32>
  %57 = stablehlo.divide %55, %56 : tensor<2x8xf32>
  %58 = stablehlo.slice %4 [0:1, 0:8] : (tensor<5x8xf32>) -> tensor<1x8xf32>
  %59 = stablehlo.concatenate %58, %52, dim = 0 : (tensor<1x8xf32>, tensor<2x8xf32>) -> tensor<3x8xf32>
  %60 = stablehlo.slice %9 [0:1, 0:8] : (tensor<5x8xf32>) -> tensor<1x8xf32>
  %61 = stablehlo.concatenate %60, %57, dim = 0 : (tensor<1x8xf32>, tensor<2x8xf32>) -> tensor<3x8xf32>
  %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %62 = stablehlo.pad %59, %cst_3, low = [0, 0], high = [0, 0], interior = [1, 0] : (tensor<3x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %63 = stablehlo.pad %46, %cst_4, low = [1, 0], high = [1, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %64 = stablehlo.add %62, %63 : tensor<5x8xf32>
  %cst_5 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %65 = stablehlo.pad %61, %cst_5, low = [0, 0], high = [0, 0], interior = [1, 0] : (tensor<3x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %66 = stablehlo.pad %49, %cst_6, low = [1, 0], high = [1, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %67 = stablehlo.add %65, %66 : tensor<5x8xf32>
  %68 = stablehlo.slice %arg0 [2:11:2, 0:8] : (tensor<11x8xf32>) -> tensor<5x8xf32>
  %69 = stablehlo.slice %arg1 [2:11:2, 0:8] : (tensor<11x8xf32>) -> tensor<5x8xf32>
  %70 = stablehlo.multiply %64, %67 : tensor<5x8xf32>
  %71 = stablehlo.multiply %68, %69 : tensor<5x8xf32>
  %72 = stablehlo.add %70, %71 : tensor<5x8xf32>
  %73 = stablehlo.add %64, %68 : tensor<5x8xf32>
  %74 = stablehlo.divide %72, %73 : tensor<5x8xf32>
  %75 = stablehlo.slice %arg1 [0:1, 0:8] : (tensor<11x8xf32>) -> tensor<1x8xf32>
  %76 = stablehlo.concatenate %75, %74, dim = 0 : (tensor<1x8xf32>, tensor<5x8xf32>) -> tensor<6x8xf32>
  %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %77 = stablehlo.pad %76, %cst_7, low = [0, 0], high = [0, 0], interior = [1, 0] : (tensor<6x8xf32>, tensor<f32>) -> tensor<11x8xf32>
  %cst_8 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %78 = stablehlo.pad %67, %cst_8, low = [1, 0], high = [1, 0], interior = [1, 0] : (tensor<5x8xf32>, tensor<f32>) -> tensor<11x8xf32>
  %79 = stablehlo.add %77, %78 : tensor<11x8xf32>
  return %79 : tensor<11x8xf32>
}
func.func public @greatest(%arg0: tensor<12xi32>) -> (tensor<12xi32>) {
  %0 = stablehlo.slice %arg0 [0:11:2] : (tensor<12xi32>) -> tensor<6xi32>
  %1 = stablehlo.slice %arg0 [1:12:2] : (tensor<12xi32>) -> tensor<6xi32>
  %2 = stablehlo.maximum %0, %1 : tensor<6xi32>
  %3 = stablehlo.slice %2 [0:5:2] : (tensor<6xi32>) -> tensor<3xi32>
  %4 = stablehlo.slice %2 [1:6:2] : (tensor<6xi32>) -> tensor<3xi32>
  %5 = stablehlo.maximum %3, %4 : tensor<3xi32>
  %6 = stablehlo.slice %5 [0:2:2] : (tensor<3xi32>) -> tensor<1xi32>
  %7 = stablehlo.slice %5 [1:3:2] : (tensor<3xi32>) -> tensor<1xi32>
  %8 = stablehlo.maximum %6, %7 : tensor<1xi32>
  %9 = stablehlo.slice %5 [2:3:2] : (tensor<3xi32>) -> tensor<1xi32>
  %10 = stablehlo.maximum %8, %9 : tensor<1xi32>
  %11 = stablehlo.slice %5 [0:1] : (tensor<3xi32>) -> tensor<1xi32>
  %12 = stablehlo.concatenate %11, %10, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  %c = stablehlo.constant dense<0> : tensor<i32>
  %13 = stablehlo.pad %12, %c, low = [0], high = [0], interior = [1] : (tensor<2xi32>, tensor<i32>) -> tensor<3xi32>
  %c_0 = stablehlo.constant dense<0> : tensor<i32>
  %14 = stablehlo.pad %8, %c_0, low = [1], high = [1], interior = [1] : (tensor<1xi32>, tensor<i32>) -> tensor<3xi32>
  %15 = stablehlo.add %13, %14 : tensor<3xi32>
  %16 = stablehlo.slice %15 [0:2] : (tensor<3xi32>) -> tensor<2xi32>
  %17 = stablehlo.slice %2 [2:6:2] : (tensor<6xi32>) -> tensor<2xi32>
  %18 = stablehlo.maximum %16, %17 : tensor<2xi32>
  %19 = stablehlo.slice %2 [0:1] : (tensor<6xi32>) -> tensor<1xi32>
  %20 = stablehlo.concatenate %19, %18, dim = 0 : (tensor<1xi32>, tensor<2xi32>) -> tensor<3xi32>
  %c_1 = stablehlo.constant dense<0> : tensor<i32>
  %21 = stablehlo.pad %20, %c_1, low = [0], high = [1], interior = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<6xi32>
  %c_2 = stablehlo.constant dense<0> : tensor<i32>
  %22 = stablehlo.pad %15, %c_2, low = [1], high = [0], interior = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<6xi32>
  %23 = stablehlo.add %21, %22 : tensor<6xi32>
  %24 = stablehlo.slice %23 [0:5] : (tensor<6xi32>) -> tensor<5xi32>
  %25 = stablehlo.slice %arg0 [2:12:2] : (tensor<12xi32>) -> tensor<5xi32>
  %26 = stablehlo.maximum %24, %25 : tensor<5xi32>
  %27 = stablehlo.slice %arg0 [0:1] : (tensor<12xi32>) -> tensor<1xi32>
  %28 = stablehlo.concatenate %27, %26, dim = 0 : (tensor<1xi32>, tensor<5xi32>) -> tensor<6xi32>
  %c_3 = stablehlo.constant dense<0> : tensor<i32>
  %29 = stablehlo.pad %28, %c_3, low = [0], high = [1], interior = [1] : (tensor<6xi32>, tensor<i32>) -> tensor<12xi32>
  %c_4 = stablehlo.constant dense<0> : tensor<i32>
  %30 = stablehlo.pad %23, %c_4, low = [1], high = [0], interior = [1] : (tensor<6xi32>, tensor<i32>) -> tensor<12xi32>
  %31 = stablehlo.add %29, %30 : tensor<12xi32>
  return %31 : tensor<12xi32>
}
func.func public @both(%arg0: tensor<8x8xi1>) -> (tensor<8x8xi1>) {
  %0 = stablehlo.slice %arg0 [0:7:2, 0:8] : (tensor<8x8xi1>) -> tensor<4x8xi1>
  %1 = stablehlo.slice %arg0 [1:8:2, 0:8] : (tensor<8x8xi1>) -> tensor<4x8xi1>
  %2 = stablehlo.and %0, %1 : tensor<4x8xi1>
  %3 = stablehlo.slice %2 [0:3:2, 0:8] : (tensor<4x8xi1>) -> tensor<2x8xi1>
  %4 = stablehlo.slice %2 [1:4:2, 0:8] : (tensor<4x8xi1>) -> tensor<2x8xi1>
  %5 = stablehlo.and %3, %4 : tensor<2x8xi1>
  %6 = stablehlo.slice %5 [0:1:2, 0:8] : (tensor<2x8xi1>) -> tensor<1x8xi1>
  %7 = stablehlo.slice %5 [1:2:2, 0:8] : (tensor<2x8xi1>) -> tensor<1x8xi1>
  %8 = stablehlo.and %6, %7 : tensor<1x8xi1>
  %9 = stablehlo.slice %8 [0:0, 0:8] : (tensor<1x8xi1>) -> tensor<0x8xi1>
  %10 = stablehlo.slice %5 [2:2:2, 0:8] : (tensor<2x8xi1>) -> tensor<0x8xi1>
  %11 = stablehlo.and %9, %10 : tensor<0x8xi1>
  %12 = stablehlo.slice %5 [0:1, 0:8] : (tensor<2x8xi1>) -> tensor<1x8xi1>
  %13 = stablehlo.concatenate %12, %11, dim = 0 : (tensor<1x8xi1>, tensor<0x8xi1>) -> tensor<1x8xi1>
  %c = stablehlo.constant dense<false> : tensor<i1>
  %14 = stablehlo.pad %13, %c, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xi1>, tensor<i1>) -> tensor<2x8xi1>
  %c_0 = stablehlo.constant dense<false> : tensor<i1>
  %15 = stablehlo.pad %8, %c_0, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x8xi1>, tensor<i1>) -> tensor<2x8xi1>
  %16 = stablehlo.or %14, %15 : tensor<2x8xi1>
  %17 = stablehlo.slice %16 [0:1, 0:8] : (tensor<2x8xi1>) -> tensor<1x8xi1>
  %18 = stablehlo.slice %2 [2:4:2, 0:8] : (tensor<4x8xi1>) -> tensor<1x8xi1>
  %19 = stablehlo.and %17, %18 : tensor<1x8xi1>
  %20 = stablehlo.slice %2 [0:1, 0:8] : (tensor<4x8xi1>) -> tensor<1x8xi1>
  %21 = stablehlo.concatenate %20, %19, dim = 0 : (tensor<1x8xi1>, tensor<1x8xi1>) -> tensor<2x8xi1>
  %c_1 = stablehlo.constant dense<false> : tensor<i1>
  %22 = stablehlo.pad %21, %c_1, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<2x8xi1>, tensor<i1>) -> tensor<4x8xi1>
  %c_2 = stablehlo.constant dense<false> : tensor<i1>
  %23 = stablehlo.pad %16, %c_2, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<2x8xi1>, tensor<i1>) -> tensor<4x8xi1>
  %24 = stablehlo.or %22, %23 : tensor<4x8xi1>
  %25 = stablehlo.slice %24 [0:3, 0:8] : (tensor<4x8xi1>) -> tensor<3x8xi1>
  %26 = stablehlo.slice %arg0 [2:8:2, 0:8] : (tensor<8x8xi1>) -> tensor<3x8xi1>
  %27 = stablehlo.and %25, %26 : tensor<3x8xi1>
  %28 = stablehlo.slice %arg0 [0:1, 0:8] : (tensor<8x8xi1>) -> tensor<1x8xi1>
  %29 = stablehlo.concatenate %28, %27, dim = 0 : (tensor<1x8xi1>, tensor<3x8xi1>) -> tensor<4x8xi1>
  %c_3 = stablehlo.constant dense<false> : tensor<i1>
  %30 = stablehlo.pad %29, %c_3, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<4x8xi1>, tensor<i1>) -> tensor<8x8xi1>
  %c_4 = stablehlo.constant dense<false> : tensor<i1>
  %31 = stablehlo.pad %24, %c_4, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<4x8xi1>, tensor<i1>) -> tensor<8x8xi1>
  %32 = stablehlo.or %30, %31 : tensor<8x8xi1>
  return %32 : tensor<8x8xi1>
}
func.func public @not_associative(%arg0: tensor<8x8xf32>) -> (tensor<8x8xf32>) {
  %0 = stablehlo.slice %arg0 [0:7:2, 0:8] : (tensor<8x8xf32>) -> tensor<4x8xf32>
  %1 = stablehlo.slice %arg0 [1:8:2, 0:8] : (tensor<8x8xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.add %0, %1 : tensor<4x8xf32>
  %cst = stablehlo.constant dense<5.000000e-01> : tensor<f32>
  %3 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4x8xf32>
  %4 = stablehlo.multiply %2, %3 : tensor<4x8xf32>
  %5 = stablehlo.slice %4 [0:3:2, 0:8] : (tensor<4x8xf32>) -> tensor<2x8xf32>
  %6 = stablehlo.slice %4 [1:4:2, 0:8] : (tensor<4x8xf32>) -> tensor<2x8xf32>
  %7 = stablehlo.add %5, %6 : tensor<2x8xf32>
  %cst_0 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
  %8 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2x8xf32>
  %9 = stablehlo.multiply %7, %8 : tensor<2x8xf32>
  %10 = stablehlo.slice %9 [0:1:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %11 = stablehlo.slice %9 [1:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %12 = stablehlo.add %10, %11 : tensor<1x8xf32>
  %cst_1 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
  %13 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<1x8xf32>
  %14 = stablehlo.multiply %12, %13 : tensor<1x8xf32>
  %15 = stablehlo.slice %14 [0:0, 0:8] : (tensor<1x8xf32>) -> tensor<0x8xf32>
  %16 = stablehlo.slice %9 [2:2:2, 0:8] : (tensor<2x8xf32>) -> tensor<0x8xf32>
  %17 = stablehlo.add %15, %16 : tensor<0x8xf32>
  %cst_2 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
  %18 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<0x8xf32>
  %19 = stablehlo.multiply %17, %18 : tensor<0x8xf32>
  %20 = stablehlo.slice %9 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %21 = stablehlo.concatenate %20, %19, dim = 0 : (tensor<1x8xf32>, tensor<0x8xf32>) -> tensor<1x8xf32>
  %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %22 = stablehlo.pad %21, %cst_3, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %23 = stablehlo.pad %14, %cst_4, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %24 = stablehlo.add %22, %23 : tensor<2x8xf32>
  %25 = stablehlo.slice %24 [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
  %26 = stablehlo.slice %4 [2:4:2, 0:8] : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %27 = stablehlo.add %25, %26 : tensor<1x8xf32>
  %cst_5 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
  %28 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<1x8xf32>
  %29 = stablehlo.multiply %27, %28 : tensor<1x8xf32>
  %30 = stablehlo.slice %4 [0:1, 0:8] : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %31 = stablehlo.concatenate %30, %29, dim = 0 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %32 = stablehlo.pad %31, %cst_6, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %33 = stablehlo.pad %24, %cst_7, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %34 = stablehlo.add %32, %33 : tensor<4x8xf32>
  %35 = stablehlo.slice %34 [0:3, 0:8] : (tensor<4x8xf32>) -> tensor<3x8xf32>
  %36 = stablehlo.slice %arg0 [2:8:2, 0:8] : (tensor<8x8xf32>) -> tensor<3x8xf32>
  %37 = stablehlo.add %35, %36 : tensor<3x8xf32>
  %cst_8 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
  %38 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<3x8xf32>
  %39 = stablehlo.multiply %37, %38 : tensor<3x8xf32>
  %40 = stablehlo.slice %arg0 [0:1, 0:8] : (tensor<8x8xf32>) -> tensor<1x8xf32>
  %41 = stablehlo.concatenate %40, %39, dim = 0 : (tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<4x8xf32>
  %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %42 = stablehlo.pad %41, %cst_9, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %cst_10 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %43 = stablehlo.pad %34, %cst_10, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %44 = stablehlo.add %42, %43 : tensor<8x8xf32>
  return %44 : tensor<8x8xf32>
}
func.func public @short(%arg0: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %0 = stablehlo.slice %arg0 [0:5:2, 0:8] : (tensor<6x8xf32>) -> tensor<3x8xf32>
  %1 = stablehlo.slice %arg0 [1:6:2, 0:8] : (tensor<6x8xf32>) -> tensor<3x8xf32>
  %2 = stablehlo.add %0, %1 : tensor<3x8xf32>
  %3 = stablehlo.slice %2 [0:2:2, 0:8] : (tensor<3x8xf32>) -> tensor<1x8xf32>
  %4 = stablehlo.slice %2 [1:3:2, 0:8] : (tensor<3x8xf32>) -> tensor<1x8xf32>
  %5 = stablehlo.add %3, %4 : tensor<1x8xf32>
  %6 = stablehlo.slice %2 [2:3:2, 0:8] : (tensor<3x8xf32>) -> tensor<1x8xf32>
  %7 = stablehlo.add %5, %6 : tensor<1x8xf32>
  %8 = stablehlo.slice %2 [0:1, 0:8] : (tensor<3x8xf32>) -> tensor<1x8xf32>
  %9 = stablehlo.concatenate %8, %7, dim = 0 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %10 = stablehlo.pad %9, %cst, low = [0, 0], high = [0, 0], interior = [1, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<3x8xf32>
  %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %11 = stablehlo.pad %5, %cst_0, low = [1, 0], high = [1, 0], interior = [1, 0] : (tensor<1x8xf32>, tensor<f32>) -> tensor<3x8xf32>
  %12 = stablehlo.add %10, %11 : tensor<3x8xf32>
  %13 = stablehlo.slice %12 [0:2, 0:8] : (tensor<3x8xf32>) -> tensor<2x8xf32>
  %14 = stablehlo.slice %arg0 [2:6:2, 0:8] : (tensor<6x8xf32>) -> tensor<2x8xf32>
  %15 = stablehlo.add %13, %14 : tensor<2x8xf32>
  %16 = stablehlo.slice %arg0 [0:1, 0:8] : (tensor<6x8xf32>) -> tensor<1x8xf32>
  %17 = stablehlo.concatenate %16, %15, dim = 0 : (tensor<1x8xf32>, tensor<2x8xf32>) -> tensor<3x8xf32>
  %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %18 = stablehlo.pad %17, %cst_1, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<3x8xf32>, tensor<f32>) -> tensor<6x8xf32>
  %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %19 = stablehlo.pad %12, %cst_2, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<3x8xf32>, tensor<f32>) -> tensor<6x8xf32>
  %20 = stablehlo.add %18, %19 : tensor<6x8xf32>
  return %20 : tensor<6x8xf32>
}
