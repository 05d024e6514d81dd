import TensorIR

extension ControlProgram {
  /// Which values of a carry are stacked.
  package enum Stacked: String, CaseIterable, Sendable {
    case current, next, both
  }

  /// A carry of 60 elements whose values are stacked, and sums over the stacks behind the loop.
  package static func stackedCarry(
    _ length: Int, isReversed: Bool, _ stacked: Stacked
  ) -> ControlProgram {
    let row = "tensor<5x12xf32>"
    let stack = "tensor<\(length)x5x12xf32>"
    let slices: [String] =
      switch stacked {
      case .current: ["%h"]
      case .next: ["%3"]
      case .both: ["%3", "%h"]
      }
    let rows = [String](repeating: row, count: slices.count + 1).joined(separator: ", ")
    let types = ([row] + slices.map { _ in stack }).joined(separator: ", ")
    let sums = slices.indices.map { number in
      """
        %s\(number) = stablehlo.multiply %0#\(number + 1), %x : \(stack)
        %t\(number) = stablehlo.reduce(%s\(number) init: %z) applies stablehlo.add across dimensions = [2] : (\(stack), tensor<f32>) -> tensor<\(length)x5xf32>
      """
    }.joined(separator: "\n")
    let values = (["%4"] + slices.indices.map { "%t\($0)" }).joined(separator: ", ")
    let results = ([row] + slices.map { _ in "tensor<\(length)x5xf32>" }).joined(separator: ", ")
    return ControlProgram(
      name: "\(stacked.rawValue) stacked, \(length)\(isReversed ? " reversed" : "")",
      text: """
        func.func @main(%h0: \(row), %x: \(stack)) -> (\(results)) {
          %z = stablehlo.constant dense<0.000000e+00> : tensor<f32>
          %0:\(slices.count + 1) = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = \(length) : i64, reverse = \(isReversed)}> ({
          ^bb0(%i: tensor<i64>, %h: \(row), %xt: \(row)):
            %1 = stablehlo.reverse %h, dims = [1] : \(row)
            %2 = stablehlo.add %1, %xt : \(row)
            %3 = stablehlo.tanh %2 : \(row)
            stablehlo.return %3, \(slices.joined(separator: ", ")) : \(rows)
          }) : (\(row), \(stack)) -> (\(types))
        \(sums)
          %4 = stablehlo.negate %0#0 : \(row)
          return \(values) : \(results)
        }
        """)
  }

  /// A scan with a stacked carry in each step of another one.
  private static let nestedStack = ControlProgram(
    name: "stacked in a loop",
    text: """
      func.func @main(%a: tensor<50xf32>) -> (tensor<50xf32>, tensor<50xf32>) {
        %z = stablehlo.constant dense<0.000000e+00> : tensor<f32>
        %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<50xf32>):
          %1:2 = "adjoint.scan"(%h) <{carry_count = 1 : i64, length = 4 : i64, reverse = true}> ({
          ^bb0(%j: tensor<i64>, %g: tensor<50xf32>):
            %3 = stablehlo.reverse %g, dims = [0] : tensor<50xf32>
            %4 = stablehlo.cosine %3 : tensor<50xf32>
            stablehlo.return %4, %g : tensor<50xf32>, tensor<50xf32>
          }) : (tensor<50xf32>) -> (tensor<50xf32>, tensor<4x50xf32>)
          %2 = stablehlo.reduce(%1#1 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<4x50xf32>, tensor<f32>) -> tensor<50xf32>
          %5 = stablehlo.subtract %2, %1#0 : tensor<50xf32>
          stablehlo.return %5 : tensor<50xf32>
        }) : (tensor<50xf32>) -> tensor<50xf32>
        %6 = stablehlo.sine %0 : tensor<50xf32>
        return %0, %6 : tensor<50xf32>, tensor<50xf32>
      }
      """)

  /// A carry of 60 elements whose values are stacked in a result.
  package static let stackedInResult = ControlProgram(
    name: "stacked in a result",
    text: """
      func.func @main(%h0: tensor<60xf32>) -> (tensor<60xf32>, tensor<5x60xf32>) {
        %0:2 = "adjoint.scan"(%h0) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<60xf32>):
          %1 = stablehlo.reverse %h, dims = [0] : tensor<60xf32>
          %2 = stablehlo.cosine %1 : tensor<60xf32>
          stablehlo.return %2, %h : tensor<60xf32>, tensor<60xf32>
        }) : (tensor<60xf32>) -> (tensor<60xf32>, tensor<5x60xf32>)
        return %0#0, %0#1 : tensor<60xf32>, tensor<5x60xf32>
      }
      """)

  /// Carries that stand in stacks, and some that may not.
  static let stackedCarries: [ControlProgram] =
    Stacked.allCases.flatMap { stacked in
      [false, true].flatMap { isReversed in
        [1, 2, 7].map { stackedCarry($0, isReversed: isReversed, stacked) }
      }
    } + [nestedStack, stackedInResult]

  /// A loop that multiplies by a captured matrix, read by columns, as a right factor and with a vector.
  package static func capturedFactor(_ length: Int) -> ControlProgram {
    ControlProgram(
      name: "captured factor, \(length)",
      text: """
        func.func @main(%h0: tensor<6x16xf64>, %v0: tensor<20xf64>, %w: tensor<20x16xf64>) -> (tensor<6x16xf64>, tensor<20xf64>) {
          %0:2 = "adjoint.scan"(%h0, %v0) <{carry_count = 2 : i64, length = \(length) : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %h: tensor<6x16xf64>, %v: tensor<20xf64>):
            %1 = stablehlo.dot_general %h, %w, contracting_dims = [1] x [1] : (tensor<6x16xf64>, tensor<20x16xf64>) -> tensor<6x20xf64>
            %2 = stablehlo.dot_general %1, %w, contracting_dims = [1] x [0] : (tensor<6x20xf64>, tensor<20x16xf64>) -> tensor<6x16xf64>
            %3 = stablehlo.tanh %2 : tensor<6x16xf64>
            %4 = stablehlo.dot_general %v, %w, contracting_dims = [0] x [0] : (tensor<20xf64>, tensor<20x16xf64>) -> tensor<16xf64>
            %5 = stablehlo.dot_general %w, %4, contracting_dims = [1] x [0] : (tensor<20x16xf64>, tensor<16xf64>) -> tensor<20xf64>
            %6 = stablehlo.sine %5 : tensor<20xf64>
            stablehlo.return %3, %6 : tensor<6x16xf64>, tensor<20xf64>
          }) : (tensor<6x16xf64>, tensor<20xf64>) -> (tensor<6x16xf64>, tensor<20xf64>)
          return %0#0, %0#1 : tensor<6x16xf64>, tensor<20xf64>
        }
        """)
  }

  /// A loop of unknown count, in whose body another loop multiplies by a matrix captured by both.
  package static let nestedFactor = ControlProgram(
    name: "factor of a loop in a loop",
    text: """
      func.func @main(%h0: tensor<6x16xf64>, %w: tensor<16x16xf64>) -> tensor<6x16xf64> {
        %zero = stablehlo.constant dense<0> : tensor<i32>
        %one = stablehlo.constant dense<1> : tensor<i32>
        %end = stablehlo.constant dense<3> : tensor<i32>
        %0:2 = stablehlo.while(%x = %h0, %n = %zero) : tensor<6x16xf64>, tensor<i32>
          cond {
            %1 = stablehlo.compare LT, %n, %end : (tensor<i32>, tensor<i32>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %1 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
            ^bb0(%i: tensor<i64>, %h: tensor<6x16xf64>):
              %3 = stablehlo.dot_general %h, %w, contracting_dims = [1] x [1] : (tensor<6x16xf64>, tensor<16x16xf64>) -> tensor<6x16xf64>
              %4 = stablehlo.tanh %3 : tensor<6x16xf64>
              stablehlo.return %4 : tensor<6x16xf64>
            }) : (tensor<6x16xf64>) -> tensor<6x16xf64>
            %2 = stablehlo.add %n, %one : tensor<i32>
            stablehlo.return %1, %2 : tensor<6x16xf64>, tensor<i32>
          }
        return %0#0 : tensor<6x16xf64>
      }
      """)

  static let factors = [capturedFactor(2), capturedFactor(4), nestedFactor]
}
