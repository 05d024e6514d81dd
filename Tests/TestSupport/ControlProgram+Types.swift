import TensorIR

extension ControlProgram {
  /// A sum of a type that is carried and stacked, beside a scalar of another type and a truth value.
  private static func carried(_ element: ElementType, _ length: Int, isReversed: Bool)
    -> ControlProgram
  {
    let name = element.rawValue
    let (vector, scalar) = ("tensor<5x\(name)>", "tensor<\(name)>")
    let sum = element == .i1 ? "xor" : "add"
    return ControlProgram(
      name: "carried \(name), \(length)\(isReversed ? " reversed" : "")",
      text: """
        func.func @main(%a: \(vector), %s: \(scalar), %p: tensor<i1>, %x: tensor<\(length)x5x\(name)>) -> (\(vector), \(scalar), tensor<i1>, tensor<i8>, tensor<\(length)x5x\(name)>) {
          %n = stablehlo.constant dense<120> : tensor<i8>
          %0:5 = "adjoint.scan"(%a, %s, %p, %n, %x) <{carry_count = 4 : i64, length = \(length) : i64, reverse = \(isReversed)}> ({
          ^bb0(%i: tensor<i64>, %h: \(vector), %t: \(scalar), %q: tensor<i1>, %m: tensor<i8>, %xt: \(vector)):
            %1 = stablehlo.\(sum) %h, %xt : \(vector)
            %2 = stablehlo.broadcast_in_dim %t, dims = [] : (\(scalar)) -> \(vector)
            %3 = stablehlo.select %q, %1, %2 : tensor<i1>, \(vector)
            %4 = stablehlo.slice %h [1:2] : (\(vector)) -> tensor<1x\(name)>
            %5 = stablehlo.reshape %4 : (tensor<1x\(name)>) -> \(scalar)
            %6 = stablehlo.not %q : tensor<i1>
            %one = stablehlo.constant dense<3> : tensor<i8>
            %7 = stablehlo.add %m, %one : tensor<i8>
            stablehlo.return %3, %5, %6, %7, %h : \(vector), \(scalar), tensor<i1>, tensor<i8>, \(vector)
          }) : (\(vector), \(scalar), tensor<i1>, tensor<i8>, tensor<\(length)x5x\(name)>) -> (\(vector), \(scalar), tensor<i1>, tensor<i8>, tensor<\(length)x5x\(name)>)
          return %0#0, %0#1, %0#2, %0#3, %0#4 : \(vector), \(scalar), tensor<i1>, tensor<i8>, tensor<\(length)x5x\(name)>
        }
        """)
  }

  /// A stack read at a step's number from both ends.
  private static func mirrored(_ length: Int) -> ControlProgram {
    ControlProgram(
      name: "from both ends, \(length)",
      text: """
        func.func @main(%a: tensor<4xf64>, %x: tensor<\(length)x4xf64>) -> (tensor<4xf64>, tensor<\(length)x4xf64>) {
          %zero = stablehlo.constant dense<0> : tensor<i32>
          %0:3 = stablehlo.while(%i = %zero, %h = %a, %y = %x) : tensor<i32>, tensor<4xf64>, tensor<\(length)x4xf64>
            cond {
              %length = stablehlo.constant dense<\(length)> : tensor<i32>
              %1 = stablehlo.compare LT, %i, %length : (tensor<i32>, tensor<i32>) -> tensor<i1>
              stablehlo.return %1 : tensor<i1>
            } do {
              %one = stablehlo.constant dense<1> : tensor<i32>
              %none = stablehlo.constant dense<0> : tensor<i32>
              %end = stablehlo.constant dense<\(length - 1)> : tensor<i32>
              %1 = stablehlo.subtract %end, %i : tensor<i32>
              %2 = stablehlo.dynamic_slice %x, %i, %none, sizes = [1, 4] : (tensor<\(length)x4xf64>, tensor<i32>, tensor<i32>) -> tensor<1x4xf64>
              %3 = stablehlo.dynamic_slice %x, %1, %none, sizes = [1, 4] : (tensor<\(length)x4xf64>, tensor<i32>, tensor<i32>) -> tensor<1x4xf64>
              %4 = stablehlo.multiply %2, %3 : tensor<1x4xf64>
              %5 = stablehlo.reshape %4 : (tensor<1x4xf64>) -> tensor<4xf64>
              %6 = stablehlo.add %h, %5 : tensor<4xf64>
              %7 = stablehlo.reshape %6 : (tensor<4xf64>) -> tensor<1x4xf64>
              %8 = stablehlo.dynamic_update_slice %y, %7, %1, %none : (tensor<\(length)x4xf64>, tensor<1x4xf64>, tensor<i32>, tensor<i32>) -> tensor<\(length)x4xf64>
              %9 = stablehlo.add %i, %one : tensor<i32>
              stablehlo.return %9, %6, %8 : tensor<i32>, tensor<4xf64>, tensor<\(length)x4xf64>
            }
          return %0#1, %0#2 : tensor<4xf64>, tensor<\(length)x4xf64>
        }
        """)
  }

  /// Carries of every type, and stacks read from both ends.
  package static let types =
    ElementType.allCases.filter { !$0.isComplex }.map { carried($0, 3, isReversed: $0.isFloat) }
    + [carried(.i32, 0, isReversed: false), carried(.bf16, 2, isReversed: false)]
    + [1, 2, 7].map(mirrored)

  /// Carries of complex numbers.
  package static let complexTypes =
    ElementType.allCases.filter(\.isComplex).map { carried($0, 3, isReversed: true) }
}
