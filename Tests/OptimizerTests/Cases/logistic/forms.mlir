// run: unary,arithmetic,negation,logistic  stage: simplified
// The logistic function as JAX 0.10 writes it, and as programs do.
func.func public @exported(%x: tensor<3xf32>) -> tensor<3xf32> {
  %0 = stablehlo.negate %x : tensor<3xf32>
  %1 = stablehlo.exponential %0 : tensor<3xf32>
  %one = stablehlo.constant dense<1.0> : tensor<3xf32>
  %2 = stablehlo.add %one, %1 : tensor<3xf32>
  %3 = stablehlo.divide %one, %2 : tensor<3xf32>
  return %3 : tensor<3xf32>
}
func.func private @inverse(%x: tensor<3xf64>) -> tensor<3xf64> {
  %0 = stablehlo.negate %x : tensor<3xf64>
  %1 = stablehlo.exponential %0 : tensor<3xf64>
  %one = stablehlo.constant dense<1.0> : tensor<3xf64>
  %2 = stablehlo.add %1, %one : tensor<3xf64>
  %minus = stablehlo.constant dense<-1.0> : tensor<3xf64>
  %3 = stablehlo.power %2, %minus : tensor<3xf64>
  return %3 : tensor<3xf64>
}
func.func private @ofExponential(%x: tensor<f64>) -> tensor<f64> {
  %0 = stablehlo.exponential %x : tensor<f64>
  %one = stablehlo.constant dense<1.0> : tensor<f64>
  %1 = stablehlo.add %0, %one : tensor<f64>
  %2 = stablehlo.divide %0, %1 : tensor<f64>
  return %2 : tensor<f64>
}
func.func private @stable(%x: tensor<3xf64>) -> tensor<3xf64> {
  %zero = stablehlo.constant dense<0.0> : tensor<3xf64>
  %one = stablehlo.constant dense<1.0> : tensor<3xf64>
  %0 = stablehlo.abs %x : tensor<3xf64>
  %1 = stablehlo.negate %0 : tensor<3xf64>
  %2 = stablehlo.exponential %1 : tensor<3xf64>
  %3 = stablehlo.add %2, %one : tensor<3xf64>
  %4 = stablehlo.divide %one, %3 : tensor<3xf64>
  %5 = stablehlo.divide %2, %3 : tensor<3xf64>
  %6 = stablehlo.compare GE, %x, %zero : (tensor<3xf64>, tensor<3xf64>) -> tensor<3xi1>
  %7 = stablehlo.select %6, %4, %5 : tensor<3xi1>, tensor<3xf64>
  return %7 : tensor<3xf64>
}
// Another numerator is left alone.
func.func private @other(%x: tensor<f64>, %y: tensor<f64>) -> tensor<f64> {
  %0 = stablehlo.exponential %x : tensor<f64>
  %one = stablehlo.constant dense<1.0> : tensor<f64>
  %1 = stablehlo.add %0, %one : tensor<f64>
  %2 = stablehlo.divide %y, %1 : tensor<f64>
  return %2 : tensor<f64>
}
