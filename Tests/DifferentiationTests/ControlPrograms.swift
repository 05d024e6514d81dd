import TensorIR

/// Functions of double precision with loops and branches, smooth at the points where they are tested.
enum ControlProgram: String, CaseIterable {
  /// A carry, a capture, a stack and a stacked result, with a product of vectors in each step.
  case recurrence
  /// The same backwards, with the index as a number.
  case reversed
  /// Carries that change places, one returned twice, one nobody reads, one that never changes.
  case shuffledCarries
  /// A recurrent net: products of matrices, captured weights, a stack of inputs and one of outputs.
  case recurrentNet
  /// A scan in a scan, which captures the outer one's carry.
  case nested
  /// A branch in a scan, chosen by the index, and one outside chosen by an argument.
  case branches
  /// A scan in a branch in a scan.
  case branchedScans
  /// A scan that reads and writes a captured stack and a carried one at computed places.
  case slices
  /// No iteration at all, and one.
  case short
  /// A loop that ends when a value is small.
  case dynamic
  /// Such a loop in a scan, after which the values go on.
  case dynamicInScan
  /// A scan in such a loop, where each step's factors are the carries of both.
  case scanInDynamic
  /// A scan of whose stacked results a choice takes some, though each depends on all slices before.
  case maskedStack

  var text: String {
    switch self {
    case .recurrence: recurrenceText(isReversed: false)
    case .reversed: recurrenceText(isReversed: true)
    case .shuffledCarries:
      """
      func.func @main(%a: tensor<f64>, %b: tensor<f64>, %c: tensor<2xf64>) -> (tensor<f64>, tensor<f64>, tensor<2xf64>, tensor<4xf64>) {
        %0:5 = "adjoint.scan"(%a, %b, %c, %a) <{carry_count = 4 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %x: tensor<f64>, %y: tensor<f64>, %z: tensor<2xf64>, %w: tensor<f64>):
          %1 = stablehlo.multiply %x, %y : tensor<f64>
          %2 = stablehlo.sine %1 : tensor<f64>
          %3 = stablehlo.add %2, %y : tensor<f64>
          stablehlo.return %3, %x, %z, %3, %2 : tensor<f64>, tensor<f64>, tensor<2xf64>, tensor<f64>, tensor<f64>
        }) : (tensor<f64>, tensor<f64>, tensor<2xf64>, tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<2xf64>, tensor<f64>, tensor<4xf64>)
        return %0#0, %0#1, %0#2, %0#4 : tensor<f64>, tensor<f64>, tensor<2xf64>, tensor<4xf64>
      }
      """
    case .recurrentNet:
      """
      func.func @main(%w: tensor<3x3xf64>, %u: tensor<2x3xf64>, %x: tensor<4x5x2xf64>, %h: tensor<5x3xf64>) -> (tensor<5x3xf64>, tensor<4x5x3xf64>) {
        %0:2 = "adjoint.scan"(%h, %x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<5x3xf64>, %v: tensor<5x2xf64>):
          %1 = stablehlo.dot_general %s, %w, contracting_dims = [1] x [0] : (tensor<5x3xf64>, tensor<3x3xf64>) -> tensor<5x3xf64>
          %2 = stablehlo.dot_general %v, %u, contracting_dims = [1] x [0] : (tensor<5x2xf64>, tensor<2x3xf64>) -> tensor<5x3xf64>
          %3 = stablehlo.add %1, %2 : tensor<5x3xf64>
          %4 = stablehlo.tanh %3 : tensor<5x3xf64>
          %5 = stablehlo.multiply %4, %4 : tensor<5x3xf64>
          stablehlo.return %4, %5 : tensor<5x3xf64>, tensor<5x3xf64>
        }) : (tensor<5x3xf64>, tensor<4x5x2xf64>) -> (tensor<5x3xf64>, tensor<4x5x3xf64>)
        return %0#0, %0#1 : tensor<5x3xf64>, tensor<4x5x3xf64>
      }
      """
    case .nested:
      """
      func.func @main(%a: tensor<f64>, %x: tensor<3x2xf64>) -> tensor<f64> {
        %0 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<f64>, %row: tensor<2xf64>):
          %1 = "adjoint.scan"(%s, %row) <{carry_count = 1 : i64, length = 2 : i64, reverse = true}> ({
          ^bb0(%j: tensor<i64>, %t: tensor<f64>, %e: tensor<f64>):
            %2 = stablehlo.multiply %t, %e : tensor<f64>
            %3 = stablehlo.cosine %2 : tensor<f64>
            %4 = stablehlo.multiply %3, %s : tensor<f64>
            %5 = stablehlo.add %4, %a : tensor<f64>
            stablehlo.return %5 : tensor<f64>
          }) : (tensor<f64>, tensor<2xf64>) -> tensor<f64>
          stablehlo.return %1 : tensor<f64>
        }) : (tensor<f64>, tensor<3x2xf64>) -> tensor<f64>
        return %0 : tensor<f64>
      }
      """
    case .branches:
      """
      func.func @main(%k: tensor<i32>, %a: tensor<3xf64>, %b: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) {
        %c2 = stablehlo.constant dense<2> : tensor<i64>
        %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<3xf64>):
          %1 = stablehlo.compare LT, %i, %c2 : (tensor<i64>, tensor<i64>) -> tensor<i1>
          %2 = "stablehlo.if"(%1) ({
            %3 = stablehlo.exponential %s : tensor<3xf64>
            %4 = stablehlo.multiply %3, %b : tensor<3xf64>
            stablehlo.return %4 : tensor<3xf64>
          }, {
            %3 = stablehlo.sine %s : tensor<3xf64>
            stablehlo.return %3 : tensor<3xf64>
          }) : (tensor<i1>) -> tensor<3xf64>
          stablehlo.return %2 : tensor<3xf64>
        }) : (tensor<3xf64>) -> tensor<3xf64>
        %5:2 = "stablehlo.case"(%k) ({
          stablehlo.return %0, %a : tensor<3xf64>, tensor<3xf64>
        }, {
          %6 = stablehlo.multiply %0, %b : tensor<3xf64>
          stablehlo.return %b, %6 : tensor<3xf64>, tensor<3xf64>
        }, {
          %6 = stablehlo.tanh %b : tensor<3xf64>
          %7 = stablehlo.multiply %6, %6 : tensor<3xf64>
          stablehlo.return %7, %0 : tensor<3xf64>, tensor<3xf64>
        }) : (tensor<i32>) -> (tensor<3xf64>, tensor<3xf64>)
        return %5#0, %5#1 : tensor<3xf64>, tensor<3xf64>
      }
      """
    case .branchedScans:
      """
      func.func @main(%a: tensor<f64>, %x: tensor<4xf64>) -> tensor<f64> {
        %c1 = stablehlo.constant dense<1> : tensor<i64>
        %0 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<f64>, %e: tensor<f64>):
          %1 = stablehlo.and %i, %c1 : tensor<i64>
          %2 = stablehlo.convert %1 : (tensor<i64>) -> tensor<i32>
          %3 = "stablehlo.case"(%2) ({
            %4 = "adjoint.scan"(%s) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
            ^bb0(%j: tensor<i64>, %t: tensor<f64>):
              %5 = stablehlo.multiply %t, %e : tensor<f64>
              %6 = stablehlo.tanh %5 : tensor<f64>
              stablehlo.return %6 : tensor<f64>
            }) : (tensor<f64>) -> tensor<f64>
            stablehlo.return %4 : tensor<f64>
          }, {
            %4 = stablehlo.add %s, %e : tensor<f64>
            stablehlo.return %4 : tensor<f64>
          }) : (tensor<i32>) -> tensor<f64>
          stablehlo.return %3 : tensor<f64>
        }) : (tensor<f64>, tensor<4xf64>) -> tensor<f64>
        return %0 : tensor<f64>
      }
      """
    case .slices:
      """
      func.func @main(%a: tensor<4x2xf64>, %x: tensor<4xf64>) -> (tensor<4xf64>, tensor<4x2xf64>) {
        %c0 = stablehlo.constant dense<0> : tensor<i64>
        %c3 = stablehlo.constant dense<3> : tensor<i64>
        %0:2 = "adjoint.scan"(%x, %a) <{carry_count = 2 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<4xf64>, %m: tensor<4x2xf64>):
          %1 = stablehlo.subtract %c3, %i : tensor<i64>
          %2 = stablehlo.dynamic_slice %s, %i, sizes = [1] : (tensor<4xf64>, tensor<i64>) -> tensor<1xf64>
          %3 = stablehlo.dynamic_slice %a, %1, %c0, sizes = [1, 2] : (tensor<4x2xf64>, tensor<i64>, tensor<i64>) -> tensor<1x2xf64>
          %4 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<1xf64>) -> tensor<1x2xf64>
          %5 = stablehlo.multiply %3, %4 : tensor<1x2xf64>
          %6 = stablehlo.sine %5 : tensor<1x2xf64>
          %7 = stablehlo.dynamic_update_slice %m, %6, %i, %c0 : (tensor<4x2xf64>, tensor<1x2xf64>, tensor<i64>, tensor<i64>) -> tensor<4x2xf64>
          %8 = stablehlo.slice %6 [0:1, 1:2] : (tensor<1x2xf64>) -> tensor<1x1xf64>
          %9 = stablehlo.reshape %8 : (tensor<1x1xf64>) -> tensor<1xf64>
          %10 = stablehlo.dynamic_update_slice %s, %9, %1 : (tensor<4xf64>, tensor<1xf64>, tensor<i64>) -> tensor<4xf64>
          stablehlo.return %10, %7 : tensor<4xf64>, tensor<4x2xf64>
        }) : (tensor<4xf64>, tensor<4x2xf64>) -> (tensor<4xf64>, tensor<4x2xf64>)
        return %0#0, %0#1 : tensor<4xf64>, tensor<4x2xf64>
      }
      """
    case .short:
      """
      func.func @main(%a: tensor<f64>, %x: tensor<1xf64>, %y: tensor<0xf64>) -> (tensor<f64>, tensor<1xf64>, tensor<0xf64>) {
        %0:2 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 1 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<f64>, %e: tensor<f64>):
          %1 = stablehlo.multiply %s, %e : tensor<f64>
          stablehlo.return %1, %s : tensor<f64>, tensor<f64>
        }) : (tensor<f64>, tensor<1xf64>) -> (tensor<f64>, tensor<1xf64>)
        %2:2 = "adjoint.scan"(%0#0, %y) <{carry_count = 1 : i64, length = 0 : i64, reverse = true}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<f64>, %e: tensor<f64>):
          %3 = stablehlo.sine %e : tensor<f64>
          stablehlo.return %3, %s : tensor<f64>, tensor<f64>
        }) : (tensor<f64>, tensor<0xf64>) -> (tensor<f64>, tensor<0xf64>)
        return %2#0, %0#1, %2#1 : tensor<f64>, tensor<1xf64>, tensor<0xf64>
      }
      """
    case .dynamic: dynamicText
    case .maskedStack:
      """
      func.func @main(%a: tensor<f64>, %x: tensor<4xf64>) -> tensor<4xf64> {
        %kept = stablehlo.constant dense<[false, true, false, true]> : tensor<4xi1>
        %zero = stablehlo.constant dense<0.0> : tensor<4xf64>
        %0:2 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<f64>, %e: tensor<f64>):
          %1 = stablehlo.multiply %s, %e : tensor<f64>
          %2 = stablehlo.sine %1 : tensor<f64>
          %3 = stablehlo.add %2, %e : tensor<f64>
          stablehlo.return %3, %3 : tensor<f64>, tensor<f64>
        }) : (tensor<f64>, tensor<4xf64>) -> (tensor<f64>, tensor<4xf64>)
        %1 = stablehlo.select %kept, %0#1, %zero : tensor<4xi1>, tensor<4xf64>
        return %1 : tensor<4xf64>
      }
      """
    case .scanInDynamic:
      """
      func.func @main(%a: tensor<f64>, %b: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
        %end = stablehlo.constant dense<1.0> : tensor<f64>
        %step = stablehlo.constant dense<0.3> : tensor<f64>
        %0:3 = stablehlo.while(%v = %a, %d = %b, %t = %step) : tensor<f64>, tensor<f64>, tensor<f64>
          cond {
            %1 = stablehlo.compare LT, %t, %end : (tensor<f64>, tensor<f64>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %1 = "adjoint.scan"(%v) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
            ^bb0(%i: tensor<i64>, %k: tensor<f64>):
              %6 = stablehlo.multiply %k, %d : tensor<f64>
              %7 = stablehlo.sine %6 : tensor<f64>
              %8 = stablehlo.add %7, %k : tensor<f64>
              stablehlo.return %8 : tensor<f64>
            }) : (tensor<f64>) -> tensor<f64>
            %2 = stablehlo.tanh %1 : tensor<f64>
            %3 = stablehlo.multiply %1, %d : tensor<f64>
            %4 = stablehlo.multiply %2, %2 : tensor<f64>
            %5 = stablehlo.multiply %4, %step : tensor<f64>
            %9 = stablehlo.add %t, %step : tensor<f64>
            %10 = stablehlo.add %9, %5 : tensor<f64>
            stablehlo.return %2, %3, %10 : tensor<f64>, tensor<f64>, tensor<f64>
          }
        return %0#0, %0#1 : tensor<f64>, tensor<f64>
      }
      """
    case .dynamicInScan:
      """
      func.func @main(%a: tensor<f64>, %x: tensor<3xf64>) -> (tensor<f64>, tensor<3xf64>) {
        %limit = stablehlo.constant dense<0.1> : tensor<f64>
        %half = stablehlo.constant dense<0.5> : tensor<f64>
        %0:2 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %s: tensor<f64>, %e: tensor<f64>):
          %1 = stablehlo.while(%v = %s) : tensor<f64>
            cond {
              %2 = stablehlo.compare GT, %v, %limit : (tensor<f64>, tensor<f64>) -> tensor<i1>
              stablehlo.return %2 : tensor<i1>
            } do {
              %2 = stablehlo.multiply %v, %half : tensor<f64>
              %3 = stablehlo.sine %2 : tensor<f64>
              stablehlo.return %3 : tensor<f64>
            }
          %4 = stablehlo.add %1, %e : tensor<f64>
          %5 = stablehlo.multiply %4, %4 : tensor<f64>
          stablehlo.return %5, %1 : tensor<f64>, tensor<f64>
        }) : (tensor<f64>, tensor<3xf64>) -> (tensor<f64>, tensor<3xf64>)
        return %0#0, %0#1 : tensor<f64>, tensor<3xf64>
      }
      """
    }
  }

  private func recurrenceText(isReversed: Bool) -> String {
    """
    func.func @main(%a: tensor<3xf64>, %w: tensor<3xf64>, %x: tensor<4x3xf64>) -> (tensor<3xf64>, tensor<4xf64>) {
      %zero = stablehlo.constant dense<0.0> : tensor<f64>
      %0:2 = "adjoint.scan"(%a, %x) <{carry_count = 1 : i64, length = 4 : i64, reverse = \(isReversed)}> ({
      ^bb0(%i: tensor<i64>, %s: tensor<3xf64>, %e: tensor<3xf64>):
        %1 = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
        %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f64>) -> tensor<3xf64>
        %3 = stablehlo.multiply %s, %w : tensor<3xf64>
        %4 = stablehlo.add %3, %e : tensor<3xf64>
        %5 = stablehlo.sine %4 : tensor<3xf64>
        %6 = stablehlo.multiply %5, %e : tensor<3xf64>
        %7 = stablehlo.multiply %6, %2 : tensor<3xf64>
        %8 = stablehlo.reduce(%7 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<3xf64>, tensor<f64>) -> tensor<f64>
        stablehlo.return %5, %8 : tensor<3xf64>, tensor<f64>
      }) : (tensor<3xf64>, tensor<4x3xf64>) -> (tensor<3xf64>, tensor<4xf64>)
      return %0#0, %0#1 : tensor<3xf64>, tensor<4xf64>
    }
    """
  }

  private var dynamicText: String {
    """
    func.func @main(%a: tensor<2xf64>, %r: tensor<2xf64>) -> (tensor<2xf64>, tensor<i64>) {
      %c0 = stablehlo.constant dense<0> : tensor<i64>
      %c1 = stablehlo.constant dense<1> : tensor<i64>
      %zero = stablehlo.constant dense<0.0> : tensor<f64>
      %limit = stablehlo.constant dense<0.01> : tensor<f64>
      %0:2 = stablehlo.while(%n = %c0, %v = %a) : tensor<i64>, tensor<2xf64>
        cond {
          %1 = stablehlo.multiply %v, %v : tensor<2xf64>
          %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<2xf64>, tensor<f64>) -> tensor<f64>
          %3 = stablehlo.compare GT, %2, %limit : (tensor<f64>, tensor<f64>) -> tensor<i1>
          stablehlo.return %3 : tensor<i1>
        } do {
          %1 = stablehlo.add %n, %c1 : tensor<i64>
          %2 = stablehlo.logistic %r : tensor<2xf64>
          %3 = stablehlo.multiply %v, %2 : tensor<2xf64>
          %4 = stablehlo.sine %3 : tensor<2xf64>
          stablehlo.return %1, %4 : tensor<i64>, tensor<2xf64>
        }
      return %0#1, %0#0 : tensor<2xf64>, tensor<i64>
    }
    """
  }

  /// The function, and arguments for it.
  func function() throws -> Function {
    try Module(parsing: text, file: rawValue).functions[0]
  }
}
