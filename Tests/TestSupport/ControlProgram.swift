import TensorIR

/// A program with loops or branches, as text.
package struct ControlProgram: Sendable, CustomStringConvertible {
  package let name: String
  package let text: String

  package var description: String { name }

  /// The program's function.
  package func function() throws -> Function {
    let module = try Module(parsing: text, file: name + ".mlir")
    guard let entry = module.entry else { throw AdjointError(.argument, "\(name) is empty") }
    return entry
  }

  /// Loops and branches in all the ways in which memory can be handed on.
  package static let all: [ControlProgram] =
    [
      scans, whiles, branches, nests, slices, smallBodies, stackedCarries, factors, repeats, waves,
      types, stencils,
    ].flatMap { $0 }
}

extension ControlProgram {
  /// One carry `h = tanh(h·w + x[t])`, stacked results and a stack read, of some length.
  private static func recurrence(_ length: Int, isReversed: Bool) -> ControlProgram {
    ControlProgram(
      name: "recurrence \(length)\(isReversed ? " reversed" : "")",
      text: """
        func.func @main(%w: tensor<3x3xf64>, %h0: tensor<2x3xf64>, %x: tensor<\(length)x2x3xf64>) -> (tensor<2x3xf64>, tensor<\(length)x2x3xf64>, tensor<\(length)xf64>) {
          %0:3 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = \(length) : i64, reverse = \(isReversed)}> ({
          ^bb0(%i: tensor<i64>, %h: tensor<2x3xf64>, %xt: tensor<2x3xf64>):
            %1 = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0] : (tensor<2x3xf64>, tensor<3x3xf64>) -> tensor<2x3xf64>
            %2 = stablehlo.add %1, %xt : tensor<2x3xf64>
            %3 = stablehlo.tanh %2 : tensor<2x3xf64>
            %4 = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
            stablehlo.return %3, %h, %4 : tensor<2x3xf64>, tensor<2x3xf64>, tensor<f64>
          }) : (tensor<2x3xf64>, tensor<\(length)x2x3xf64>) -> (tensor<2x3xf64>, tensor<\(length)x2x3xf64>, tensor<\(length)xf64>)
          return %0#0, %0#1, %0#2 : tensor<2x3xf64>, tensor<\(length)x2x3xf64>, tensor<\(length)xf64>
        }
        """)
  }

  /// Carries that are updated, exchanged, kept, returned twice, replaced by constants, and unused.
  private static func carries(_ length: Int) -> ControlProgram {
    ControlProgram(
      name: "carries \(length)",
      text: """
        func.func @main(%a: tensor<40xf32>, %b: tensor<40xf32>, %c: tensor<40xf32>) -> (tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<0xf32>) {
          %k = stablehlo.constant dense<5.000000e-01> : tensor<40xf32>
          %z = stablehlo.constant dense<> : tensor<0xf32>
          %0:6 = "adjoint.scan"(%a, %b, %c, %a, %k, %z) <{carry_count = 6 : i64, length = \(length) : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %p: tensor<40xf32>, %q: tensor<40xf32>, %r: tensor<40xf32>, %s: tensor<40xf32>, %u: tensor<40xf32>, %e: tensor<0xf32>):
            %1 = stablehlo.add %s, %u : tensor<40xf32>
            %2 = stablehlo.constant dense<2.500000e-01> : tensor<40xf32>
            stablehlo.return %q, %p, %r, %1, %2, %e : tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<0xf32>
          }) : (tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<0xf32>) -> (tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<0xf32>)
          return %0#0, %0#1, %0#2, %0#3, %0#4, %0#5 : tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<0xf32>
        }
        """)
  }

  /// One value that is two carries and a stacked result, and a sum of the stack after the loop.
  private static let twice = ControlProgram(
    name: "returned twice",
    text: """
      func.func @main(%a: tensor<20xf32>, %z: tensor<f32>) -> (tensor<20xf32>, tensor<20xf32>, tensor<20xf32>) {
        %0:3 = "adjoint.scan"(%a, %a) <{carry_count = 2 : i64, length = 3 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %p: tensor<20xf32>, %q: tensor<20xf32>):
          %1 = stablehlo.reverse %p, dims = [0] : tensor<20xf32>
          %2 = stablehlo.multiply %1, %q : tensor<20xf32>
          stablehlo.return %2, %2, %2 : tensor<20xf32>, tensor<20xf32>, tensor<20xf32>
        }) : (tensor<20xf32>, tensor<20xf32>) -> (tensor<20xf32>, tensor<20xf32>, tensor<3x20xf32>)
        %3 = stablehlo.reduce(%0#2 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<3x20xf32>, tensor<f32>) -> tensor<20xf32>
        %4 = stablehlo.add %0#0, %a : tensor<20xf32>
        return %4, %0#1, %3 : tensor<20xf32>, tensor<20xf32>, tensor<20xf32>
      }
      """)

  private static let scans =
    [0, 1, 2, 4].flatMap { length in
      [false, true].map { recurrence(length, isReversed: $0) } + [carries(length)]
    } + [twice]

  /// Doubling until a sum reaches a limit; where it is there already nothing is done.
  private static func growth(_ limit: Double) -> ControlProgram {
    ControlProgram(
      name: "growth to \(limit)",
      text: """
        func.func @main(%a: tensor<30xf32>) -> (tensor<30xf32>, tensor<i32>) {
          %zero = stablehlo.constant dense<0> : tensor<i32>
          %one = stablehlo.constant dense<1> : tensor<i32>
          %nothing = stablehlo.constant dense<0.000000e+00> : tensor<f32>
          %limit = stablehlo.constant dense<\(limit)> : tensor<f32>
          %0:2 = stablehlo.while(%x = %a, %n = %zero) : tensor<30xf32>, tensor<i32>
            cond {
              %1 = stablehlo.abs %x : tensor<30xf32>
              %2 = stablehlo.reduce(%1 init: %nothing) applies stablehlo.add across dimensions = [0] : (tensor<30xf32>, tensor<f32>) -> tensor<f32>
              %3 = stablehlo.compare LT, %2, %limit : (tensor<f32>, tensor<f32>) -> tensor<i1>
              stablehlo.return %3 : tensor<i1>
            } do {
              %1 = stablehlo.add %x, %x : tensor<30xf32>
              %2 = stablehlo.add %n, %one : tensor<i32>
              stablehlo.return %1, %2 : tensor<30xf32>, tensor<i32>
            }
          return %0#0, %0#1 : tensor<30xf32>, tensor<i32>
        }
        """)
  }

  /// A loop that exchanges two carries, whose number of iterations is odd or even.
  private static func exchange(_ count: Int) -> ControlProgram {
    ControlProgram(
      name: "exchange \(count) times",
      text: """
        func.func @main(%a: tensor<20xf64>, %b: tensor<20xf64>) -> (tensor<20xf64>, tensor<20xf64>) {
          %zero = stablehlo.constant dense<0> : tensor<i64>
          %one = stablehlo.constant dense<1> : tensor<i64>
          %count = stablehlo.constant dense<\(count)> : tensor<i64>
          %0:3 = stablehlo.while(%n = %zero, %x = %a, %y = %b) : tensor<i64>, tensor<20xf64>, tensor<20xf64>
            cond {
              %1 = stablehlo.compare LT, %n, %count : (tensor<i64>, tensor<i64>) -> tensor<i1>
              stablehlo.return %1 : tensor<i1>
            } do {
              %1 = stablehlo.add %n, %one : tensor<i64>
              stablehlo.return %1, %y, %x : tensor<i64>, tensor<20xf64>, tensor<20xf64>
            }
          %2 = stablehlo.negate %0#1 : tensor<20xf64>
          return %2, %0#2 : tensor<20xf64>, tensor<20xf64>
        }
        """)
  }

  private static let whiles =
    [growth(-1), growth(500), exchange(0), exchange(1), exchange(2), exchange(5)]

  /// A choice between a new value, a captured one and nothing.
  private static func choice(_ selector: Int) -> ControlProgram {
    ControlProgram(
      name: "choice \(selector)",
      text: """
        func.func @main(%a: tensor<20xf64>, %b: tensor<20xf64>) -> (tensor<20xf64>, tensor<20xf64>) {
          %s = stablehlo.constant dense<\(selector)> : tensor<i32>
          %c = stablehlo.add %a, %b : tensor<20xf64>
          %0:2 = "stablehlo.case"(%s) ({
            %1 = stablehlo.reverse %c, dims = [0] : tensor<20xf64>
            %2 = stablehlo.multiply %1, %c : tensor<20xf64>
            stablehlo.return %2, %a : tensor<20xf64>, tensor<20xf64>
          }, {
            stablehlo.return %c, %c : tensor<20xf64>, tensor<20xf64>
          }, {
            %1 = stablehlo.tanh %b : tensor<20xf64>
            stablehlo.return %1, %1 : tensor<20xf64>, tensor<20xf64>
          }) : (tensor<i32>) -> (tensor<20xf64>, tensor<20xf64>)
          %3 = stablehlo.add %0#0, %0#1 : tensor<20xf64>
          return %3, %0#1 : tensor<20xf64>, tensor<20xf64>
        }
        """)
  }

  private static let branches = [-1, 0, 1, 2, 9].map(choice)

  /// A scan over rows of scans over their elements, with stacks of stacks.
  private static let rowsOfRows = ControlProgram(
    name: "scan of scans",
    text: """
      func.func @main(%x: tensor<3x4x20xf64>, %h0: tensor<20xf64>) -> (tensor<20xf64>, tensor<3x4x20xf64>) {
        %0:2 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<20xf64>, %row: tensor<4x20xf64>):
          %1:2 = "adjoint.scan"(%h, %row) <{carry_count = 1 : i64, length = 4 : i64, reverse = true}> ({
          ^bb0(%j: tensor<i64>, %g: tensor<20xf64>, %e: tensor<20xf64>):
            %2 = stablehlo.reverse %g, dims = [0] : tensor<20xf64>
            %3 = stablehlo.multiply %2, %e : tensor<20xf64>
            %4 = stablehlo.add %3, %h : tensor<20xf64>
            stablehlo.return %4, %3 : tensor<20xf64>, tensor<20xf64>
          }) : (tensor<20xf64>, tensor<4x20xf64>) -> (tensor<20xf64>, tensor<4x20xf64>)
          stablehlo.return %1#0, %1#1 : tensor<20xf64>, tensor<4x20xf64>
        }) : (tensor<20xf64>, tensor<3x4x20xf64>) -> (tensor<20xf64>, tensor<3x4x20xf64>)
        return %0#0, %0#1 : tensor<20xf64>, tensor<3x4x20xf64>
      }
      """)

  /// A branch in a loop that holds a loop, by the parity of the index; one way leaves the carry.
  private static let loopInBranch = ControlProgram(
    name: "loop in branch in loop",
    text: """
      func.func @main(%h0: tensor<20xf64>, %w: tensor<20xf64>) -> tensor<20xf64> {
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %one = stablehlo.constant dense<1> : tensor<i64>
        %two = stablehlo.constant dense<2> : tensor<i64>
        %0 = "adjoint.scan"(%h0) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<20xf64>):
          %1 = stablehlo.compare GE, %i, %two : (tensor<i64>, tensor<i64>) -> tensor<i1>
          %2 = "stablehlo.if"(%1) ({
            %3:2 = stablehlo.while(%n = %zero, %g = %h) : tensor<i64>, tensor<20xf64>
              cond {
                %4 = stablehlo.compare LT, %n, %i : (tensor<i64>, tensor<i64>) -> tensor<i1>
                stablehlo.return %4 : tensor<i1>
              } do {
                %4 = stablehlo.add %n, %one : tensor<i64>
                %5 = stablehlo.reverse %g, dims = [0] : tensor<20xf64>
                %6 = stablehlo.multiply %5, %w : tensor<20xf64>
                stablehlo.return %4, %6 : tensor<i64>, tensor<20xf64>
              }
            stablehlo.return %3#1 : tensor<20xf64>
          }, {
            stablehlo.return %h : tensor<20xf64>
          }) : (tensor<i1>) -> tensor<20xf64>
          stablehlo.return %2 : tensor<20xf64>
        }) : (tensor<20xf64>) -> tensor<20xf64>
        return %0 : tensor<20xf64>
      }
      """)

  private static let nests = [rowsOfRows, loopInBranch]

  /// Slices at places that are inside, at the edges and outside, read and changed.
  private static func slices(at start: Int) -> ControlProgram {
    ControlProgram(
      name: "slices at \(start)",
      text: """
        func.func @main(%a: tensor<5x20xf32>, %u: tensor<2x20xf32>) -> (tensor<5x20xf32>, tensor<2x3xf32>) {
          %s = stablehlo.constant dense<\(start)> : tensor<i32>
          %b = stablehlo.optimization_barrier %a : tensor<5x20xf32>
          %1 = stablehlo.add %b, %b : tensor<5x20xf32>
          %2 = stablehlo.negate %u : tensor<2x20xf32>
          %3 = stablehlo.dynamic_update_slice %1, %2, %s, %s : (tensor<5x20xf32>, tensor<2x20xf32>, tensor<i32>, tensor<i32>) -> tensor<5x20xf32>
          %4 = stablehlo.dynamic_slice %1, %s, %s, sizes = [2, 3] : (tensor<5x20xf32>, tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
          %5 = stablehlo.tanh %4 : tensor<2x3xf32>
          return %3, %5 : tensor<5x20xf32>, tensor<2x3xf32>
        }
        """)
  }

  /// A buffer that is a carry, of which each step reads one row and changes another.
  private static let rolling = ControlProgram(
    name: "rows changed in place",
    text: """
      func.func @main(%a: tensor<6x20xf64>) -> (tensor<6x20xf64>, tensor<6x20xf64>) {
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %one = stablehlo.constant dense<1> : tensor<i64>
        %0:2 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 6 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<6x20xf64>):
          %1 = stablehlo.subtract %i, %one : tensor<i64>
          %2 = stablehlo.dynamic_slice %h, %1, %zero, sizes = [1, 20] : (tensor<6x20xf64>, tensor<i64>, tensor<i64>) -> tensor<1x20xf64>
          %3 = stablehlo.tanh %2 : tensor<1x20xf64>
          %4 = stablehlo.dynamic_update_slice %h, %3, %i, %zero : (tensor<6x20xf64>, tensor<1x20xf64>, tensor<i64>, tensor<i64>) -> tensor<6x20xf64>
          %5 = stablehlo.dynamic_slice %h, %i, %zero, sizes = [1, 20] : (tensor<6x20xf64>, tensor<i64>, tensor<i64>) -> tensor<1x20xf64>
          %6 = stablehlo.reshape %5 : (tensor<1x20xf64>) -> tensor<20xf64>
          stablehlo.return %4, %6 : tensor<6x20xf64>, tensor<20xf64>
        }) : (tensor<6x20xf64>) -> (tensor<6x20xf64>, tensor<6x20xf64>)
        return %0#0, %0#1 : tensor<6x20xf64>, tensor<6x20xf64>
      }
      """)

  private static let slices = [-3, 0, 2, 17, 90].map(slices(at:)) + [rolling]
}

// MARK: - Bodies of a few scalars

extension ControlProgram {
  /// A Newton iteration to a tolerance for each of a scan's steps, from the carry on.
  private static let newton = ControlProgram(
    name: "iteration in a scan",
    text: """
      func.func @main(%x: tensor<5xf64>, %h0: tensor<f64>) -> (tensor<f64>, tensor<5xf64>, tensor<5xi64>) {
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %one = stablehlo.constant dense<1> : tensor<i64>
        %half = stablehlo.constant dense<5.000000e-01> : tensor<f64>
        %two = stablehlo.constant dense<2.000000e+00> : tensor<f64>
        %eps = stablehlo.constant dense<1.000000e-09> : tensor<f64>
        %0:3 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<f64>, %e: tensor<f64>):
          %a = stablehlo.abs %e : tensor<f64>
          %b = stablehlo.add %a, %half : tensor<f64>
          %1:2 = stablehlo.while(%n = %zero, %y = %two) : tensor<i64>, tensor<f64>
            cond {
              %2 = stablehlo.multiply %y, %y : tensor<f64>
              %3 = stablehlo.subtract %2, %b : tensor<f64>
              %4 = stablehlo.abs %3 : tensor<f64>
              %5 = stablehlo.compare GT, %4, %eps : (tensor<f64>, tensor<f64>) -> tensor<i1>
              stablehlo.return %5 : tensor<i1>
            } do {
              %2 = stablehlo.divide %b, %y : tensor<f64>
              %3 = stablehlo.add %2, %y : tensor<f64>
              %4 = stablehlo.multiply %3, %half : tensor<f64>
              %5 = stablehlo.add %n, %one : tensor<i64>
              stablehlo.return %5, %4 : tensor<i64>, tensor<f64>
            }
          %6 = stablehlo.add %h, %1#1 : tensor<f64>
          stablehlo.return %6, %1#1, %1#0 : tensor<f64>, tensor<f64>, tensor<i64>
        }) : (tensor<f64>, tensor<5xf64>) -> (tensor<f64>, tensor<5xf64>, tensor<5xi64>)
        return %0#0, %0#1, %0#2 : tensor<f64>, tensor<5xf64>, tensor<5xi64>
      }
      """)

  /// Branches in a scan: one with cheap ways, one with a loop in a way, and lookups at the index.
  private static func ways(_ kind: String, _ selector: String) -> ControlProgram {
    ControlProgram(
      name: "\(kind) by \(selector) in a scan",
      text: """
        func.func @main(%x: tensor<7x2xf64>, %h0: tensor<2xf64>, %t: tensor<9xf64>) -> (tensor<2xf64>, tensor<7xf64>) {
          %zero = stablehlo.constant dense<0> : tensor<i64>
          %one = stablehlo.constant dense<1> : tensor<i64>
          %two = stablehlo.constant dense<2> : tensor<i64>
          %0:2 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = 7 : i64, reverse = true}> ({
          ^bb0(%i: tensor<i64>, %h: tensor<2xf64>, %e: tensor<2xf64>):
            %odd = stablehlo.and %i, %one : tensor<i64>
            %p = stablehlo.compare EQ, %odd, %one : (tensor<i64>, tensor<i64>) -> tensor<i1>
            %m = stablehlo.subtract %i, %two : tensor<i64>
            %s = stablehlo.convert %m : (tensor<i64>) -> tensor<i32>
            %1 = "\(kind)"(\(selector)) ({
              %2 = stablehlo.add %h, %e : tensor<2xf64>
              stablehlo.return %2 : tensor<2xf64>
            }, {
              %2:2 = stablehlo.while(%n = %zero, %g = %h) : tensor<i64>, tensor<2xf64>
                cond {
                  %3 = stablehlo.compare LT, %n, %i : (tensor<i64>, tensor<i64>) -> tensor<i1>
                  stablehlo.return %3 : tensor<i1>
                } do {
                  %3 = stablehlo.add %n, %one : tensor<i64>
                  %4 = stablehlo.reverse %g, dims = [0] : tensor<2xf64>
                  %5 = stablehlo.tanh %4 : tensor<2xf64>
                  stablehlo.return %3, %5 : tensor<i64>, tensor<2xf64>
                }
              stablehlo.return %2#1 : tensor<2xf64>
            }) : (\(selector == "%p" ? "tensor<i1>" : "tensor<i32>")) -> tensor<2xf64>
            %6 = "\(kind)"(\(selector)) ({
              stablehlo.return %e : tensor<2xf64>
            }, {
              %7 = stablehlo.negate %h : tensor<2xf64>
              stablehlo.return %7 : tensor<2xf64>
            }) : (\(selector == "%p" ? "tensor<i1>" : "tensor<i32>")) -> tensor<2xf64>
            %8 = stablehlo.dynamic_slice %t, %m, sizes = [1] : (tensor<9xf64>, tensor<i64>) -> tensor<1xf64>
            %9 = stablehlo.dynamic_slice %6, %m, sizes = [1] : (tensor<2xf64>, tensor<i64>) -> tensor<1xf64>
            %10 = stablehlo.add %8, %9 : tensor<1xf64>
            %11 = stablehlo.dynamic_update_slice %1, %10, %odd : (tensor<2xf64>, tensor<1xf64>, tensor<i64>) -> tensor<2xf64>
            %12 = stablehlo.reshape %10 : (tensor<1xf64>) -> tensor<f64>
            stablehlo.return %11, %12 : tensor<2xf64>, tensor<f64>
          }) : (tensor<2xf64>, tensor<7x2xf64>) -> (tensor<2xf64>, tensor<7xf64>)
          return %0#0, %0#1 : tensor<2xf64>, tensor<7xf64>
        }
        """)
  }

  /// A scan in a scan whose stack another scan reads, each of a few scalars.
  private static let stacks = ControlProgram(
    name: "stacks inside",
    text: """
      func.func @main(%x: tensor<4x3xf64>, %h0: tensor<2xf64>) -> (tensor<2xf64>, tensor<4x3xf64>) {
        %z = stablehlo.constant dense<0.000000e+00> : tensor<f64>
        %0:2 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<2xf64>, %row: tensor<3xf64>):
          %1:2 = "adjoint.scan"(%h, %row) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
          ^bb0(%j: tensor<i64>, %g: tensor<2xf64>, %e: tensor<f64>):
            %2 = stablehlo.broadcast_in_dim %e, dims = [] : (tensor<f64>) -> tensor<2xf64>
            %3 = stablehlo.multiply %g, %2 : tensor<2xf64>
            %4 = stablehlo.reduce(%3 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2xf64>, tensor<f64>) -> tensor<f64>
            stablehlo.return %3, %4 : tensor<2xf64>, tensor<f64>
          }) : (tensor<2xf64>, tensor<3xf64>) -> (tensor<2xf64>, tensor<3xf64>)
          %5:2 = "adjoint.scan"(%h, %1#1) <{carry_count = 1 : i64, length = 3 : i64, reverse = true}> ({
          ^bb0(%j: tensor<i64>, %g: tensor<2xf64>, %e: tensor<f64>):
            %6 = stablehlo.slice %g [0:1] : (tensor<2xf64>) -> tensor<1xf64>
            %7 = stablehlo.reshape %6 : (tensor<1xf64>) -> tensor<f64>
            %8 = stablehlo.subtract %7, %e : tensor<f64>
            %9 = stablehlo.reverse %g, dims = [0] : tensor<2xf64>
            stablehlo.return %9, %8 : tensor<2xf64>, tensor<f64>
          }) : (tensor<2xf64>, tensor<3xf64>) -> (tensor<2xf64>, tensor<3xf64>)
          %10 = stablehlo.add %5#0, %1#0 : tensor<2xf64>
          stablehlo.return %10, %5#1 : tensor<2xf64>, tensor<3xf64>
        }) : (tensor<2xf64>, tensor<4x3xf64>) -> (tensor<2xf64>, tensor<4x3xf64>)
        return %0#0, %0#1 : tensor<2xf64>, tensor<4x3xf64>
      }
      """)

  /// Loops with bodies of a few scalars, each of which is one kernel.
  package static let smallBodies = [
    newton, ways("stablehlo.if", "%p"), ways("stablehlo.case", "%s"), stacks,
  ]
}

// MARK: - Fields with rims

extension ControlProgram {
  /// Two fields that step in turns: of one a row is given and the others change, of the other the last
  /// row and column stay.
  package static func rimmedFields(_ m: Int = 24, _ n: Int = 40) -> ControlProgram {
    ControlProgram(
      name: "fields with rims",
      text: """
        func.func @main(%e: tensor<\(m)x\(n)xf32>, %h: tensor<\(m)x\(n)xf32>, %x: tensor<5xf32>) -> (tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>) {
          %none = stablehlo.constant dense<-0.0> : tensor<f32>
          %zero = stablehlo.constant dense<0> : tensor<i32>
          %0:2 = "adjoint.scan"(%e, %h, %x) <{carry_count = 2 : i64, length = 5 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %e0: tensor<\(m)x\(n)xf32>, %h0: tensor<\(m)x\(n)xf32>, %xt: tensor<f32>):
            %row = stablehlo.broadcast_in_dim %xt, dims = [] : (tensor<f32>) -> tensor<1x\(n)xf32>
            %e1 = stablehlo.dynamic_update_slice %e0, %row, %zero, %zero : (tensor<\(m)x\(n)xf32>, tensor<1x\(n)xf32>, tensor<i32>, tensor<i32>) -> tensor<\(m)x\(n)xf32>
            %1 = stablehlo.slice %h0 [1:\(m), 0:\(n)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 1)x\(n)xf32>
            %2 = stablehlo.slice %h0 [0:\(m - 1), 0:\(n)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 1)x\(n)xf32>
            %3 = stablehlo.subtract %1, %2 : tensor<\(m - 1)x\(n)xf32>
            %4 = stablehlo.pad %3, %none, low = [1, 0], high = [0, 0], interior = [0, 0] : (tensor<\(m - 1)x\(n)xf32>, tensor<f32>) -> tensor<\(m)x\(n)xf32>
            %e2 = stablehlo.add %e1, %4 : tensor<\(m)x\(n)xf32>
            %5 = stablehlo.slice %e2 [1:\(m), 0:\(n - 1)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 1)x\(n - 1)xf32>
            %6 = stablehlo.slice %e2 [0:\(m - 1), 1:\(n)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 1)x\(n - 1)xf32>
            %7 = stablehlo.subtract %5, %6 : tensor<\(m - 1)x\(n - 1)xf32>
            %8 = stablehlo.pad %7, %none, low = [0, 0], high = [1, 1], interior = [0, 0] : (tensor<\(m - 1)x\(n - 1)xf32>, tensor<f32>) -> tensor<\(m)x\(n)xf32>
            %h1 = stablehlo.add %h0, %8 : tensor<\(m)x\(n)xf32>
            stablehlo.return %e2, %h1 : tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>
          }) : (tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>, tensor<5xf32>) -> (tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>)
          return %0#0, %0#1 : tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>
        }
        """)
  }

  /// Two fields of which each is made of the other's neighbours inside, and keeps its rim.
  package static func relaxation(_ m: Int = 24, _ n: Int = 40) -> ControlProgram {
    ControlProgram(
      name: "fields with rims that stay",
      text: """
        func.func @main(%a: tensor<\(m)x\(n)xf32>, %b: tensor<\(m)x\(n)xf32>) -> (tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>) {
          %one = stablehlo.constant dense<1> : tensor<i32>
          %0:2 = "adjoint.scan"(%a, %b) <{carry_count = 2 : i64, length = 5 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %a0: tensor<\(m)x\(n)xf32>, %b0: tensor<\(m)x\(n)xf32>):
            %1 = stablehlo.slice %a0 [0:\(m - 2), 1:\(n - 1)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 2)x\(n - 2)xf32>
            %2 = stablehlo.slice %a0 [1:\(m - 1), 2:\(n)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 2)x\(n - 2)xf32>
            %3 = stablehlo.add %1, %2 : tensor<\(m - 2)x\(n - 2)xf32>
            %b1 = stablehlo.dynamic_update_slice %b0, %3, %one, %one : (tensor<\(m)x\(n)xf32>, tensor<\(m - 2)x\(n - 2)xf32>, tensor<i32>, tensor<i32>) -> tensor<\(m)x\(n)xf32>
            %4 = stablehlo.slice %b1 [0:\(m - 2), 1:\(n - 1)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 2)x\(n - 2)xf32>
            %5 = stablehlo.slice %b1 [2:\(m), 1:\(n - 1)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 2)x\(n - 2)xf32>
            %6 = stablehlo.subtract %4, %5 : tensor<\(m - 2)x\(n - 2)xf32>
            %a1 = stablehlo.dynamic_update_slice %a0, %6, %one, %one : (tensor<\(m)x\(n)xf32>, tensor<\(m - 2)x\(n - 2)xf32>, tensor<i32>, tensor<i32>) -> tensor<\(m)x\(n)xf32>
            stablehlo.return %a1, %b1 : tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>
          }) : (tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>) -> (tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>)
          return %0#0, %0#1 : tensor<\(m)x\(n)xf32>, tensor<\(m)x\(n)xf32>
        }
        """)
  }

  /// A field whose rows move up by one, the first one behind the last.
  package static func rotation(_ m: Int = 24, _ n: Int = 40) -> ControlProgram {
    ControlProgram(
      name: "rows that move on",
      text: """
        func.func @main(%a: tensor<\(m)x\(n)xf32>) -> (tensor<\(m)x\(n)xf32>) {
          %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 5 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %a0: tensor<\(m)x\(n)xf32>):
            %1 = stablehlo.slice %a0 [1:\(m), 0:\(n)] : (tensor<\(m)x\(n)xf32>) -> tensor<\(m - 1)x\(n)xf32>
            %2 = stablehlo.slice %a0 [0:1, 0:\(n)] : (tensor<\(m)x\(n)xf32>) -> tensor<1x\(n)xf32>
            %3 = stablehlo.tanh %2 : tensor<1x\(n)xf32>
            %4 = stablehlo.concatenate %1, %3, dim = 0 : (tensor<\(m - 1)x\(n)xf32>, tensor<1x\(n)xf32>) -> tensor<\(m)x\(n)xf32>
            stablehlo.return %4 : tensor<\(m)x\(n)xf32>
          }) : (tensor<\(m)x\(n)xf32>) -> (tensor<\(m)x\(n)xf32>)
          return %0 : tensor<\(m)x\(n)xf32>
        }
        """)
  }

  /// Rows of a field, one after the other, made of the rows around them.
  package static func sweep(_ m: Int = 12, _ n: Int = 20) -> ControlProgram {
    ControlProgram(
      name: "rows made of their neighbours",
      text: """
        func.func @main(%a: tensor<\(m)x\(n)xf64>) -> (tensor<\(m)x\(n)xf64>) {
          %zero = stablehlo.constant dense<0> : tensor<i64>
          %one = stablehlo.constant dense<1> : tensor<i64>
          %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = \(m - 2) : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %h: tensor<\(m)x\(n)xf64>):
            %j = stablehlo.add %i, %one : tensor<i64>
            %k = stablehlo.add %j, %one : tensor<i64>
            %1 = stablehlo.dynamic_slice %h, %i, %zero, sizes = [1, \(n)] : (tensor<\(m)x\(n)xf64>, tensor<i64>, tensor<i64>) -> tensor<1x\(n)xf64>
            %2 = stablehlo.dynamic_slice %h, %k, %zero, sizes = [1, \(n)] : (tensor<\(m)x\(n)xf64>, tensor<i64>, tensor<i64>) -> tensor<1x\(n)xf64>
            %3 = stablehlo.add %1, %2 : tensor<1x\(n)xf64>
            %4 = stablehlo.sine %3 : tensor<1x\(n)xf64>
            %5 = stablehlo.reshape %4 : (tensor<1x\(n)xf64>) -> tensor<\(n)xf64>
            %6 = stablehlo.broadcast_in_dim %j, dims = [] : (tensor<i64>) -> tensor<1xi64>
            %7 = "stablehlo.scatter"(%h, %6, %5) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]>, unique_indices = true}> ({
            ^bb0(%x: tensor<f64>, %y: tensor<f64>):
              stablehlo.return %y : tensor<f64>
            }) : (tensor<\(m)x\(n)xf64>, tensor<1xi64>, tensor<\(n)xf64>) -> tensor<\(m)x\(n)xf64>
            stablehlo.return %7 : tensor<\(m)x\(n)xf64>
          }) : (tensor<\(m)x\(n)xf64>) -> tensor<\(m)x\(n)xf64>
          return %0 : tensor<\(m)x\(n)xf64>
        }
        """)
  }

  private static let stencils = [rimmedFields(), relaxation(), rotation(), sweep()]
}
