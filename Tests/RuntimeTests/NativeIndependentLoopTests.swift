import Foundation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops of unknown count that do not depend on one another, as lanes and on several threads.
@Suite struct NativeIndependentLoopTests {
  /// What is done for each element, from `%a` and its number `%i` to `%r`.
  enum Work: String, CaseIterable {
    /// A root by Newton's way.
    case root
    /// Loops in loops, of which some never start, with branches in them.
    case nested
    /// A loop that fills a short array, which another one looks up.
    case array
    /// Much work for each element.
    case long

    var text: String {
      switch self {
      case .root:
        """
        %one = stablehlo.constant dense<1.0> : tensor<f64>
        %near = stablehlo.constant dense<1.0e-9> : tensor<f64>
        %half = stablehlo.constant dense<0.5> : tensor<f64>
        %sq = stablehlo.multiply %a, %a : tensor<f64>
        %b = stablehlo.add %sq, %one : tensor<f64>
        %r = stablehlo.while(%s = %b) : tensor<f64>
          cond {
            %1 = stablehlo.multiply %s, %s : tensor<f64>
            %2 = stablehlo.subtract %1, %b : tensor<f64>
            %3 = stablehlo.abs %2 : tensor<f64>
            %4 = stablehlo.compare GT, %3, %near : (tensor<f64>, tensor<f64>) -> tensor<i1>
            stablehlo.return %4 : tensor<i1>
          } do {
            %1 = stablehlo.divide %b, %s : tensor<f64>
            %2 = stablehlo.add %s, %1 : tensor<f64>
            %3 = stablehlo.multiply %2, %half : tensor<f64>
            stablehlo.return %3 : tensor<f64>
          }
        """
      case .nested:
        """
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %one = stablehlo.constant dense<1> : tensor<i64>
        %five = stablehlo.constant dense<5> : tensor<i64>
        %half = stablehlo.constant dense<0.5> : tensor<f64>
        %tenth = stablehlo.constant dense<0.1> : tensor<f64>
        %n = stablehlo.remainder %i, %five : tensor<i64>
        %l:2 = stablehlo.while(%k = %zero, %s = %a) : tensor<i64>, tensor<f64>
          cond {
            %1 = stablehlo.compare LT, %k, %n : (tensor<i64>, tensor<i64>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %2:2 = stablehlo.while(%j = %k, %t = %s) : tensor<i64>, tensor<f64>
              cond {
                %1 = stablehlo.compare LT, %j, %five : (tensor<i64>, tensor<i64>) -> tensor<i1>
                stablehlo.return %1 : tensor<i1>
              } do {
                %3 = stablehlo.compare LT, %t, %half : (tensor<f64>, tensor<f64>) -> tensor<i1>
                %4 = "stablehlo.if"(%3) ({
                  %5 = "adjoint.scan"(%t) <{carry_count = 1 : i64, length = 30 : i64, reverse = false}> ({
                  ^bb0(%q: tensor<i64>, %h: tensor<f64>):
                    %6 = stablehlo.sine %h : tensor<f64>
                    %7 = stablehlo.add %6, %tenth : tensor<f64>
                    stablehlo.return %7 : tensor<f64>
                  }) : (tensor<f64>) -> tensor<f64>
                  stablehlo.return %5 : tensor<f64>
                }, {
                  %5 = stablehlo.multiply %t, %half : tensor<f64>
                  stablehlo.return %5 : tensor<f64>
                }) : (tensor<i1>) -> tensor<f64>
                %6 = stablehlo.add %j, %one : tensor<i64>
                stablehlo.return %6, %4 : tensor<i64>, tensor<f64>
              }
            %7 = stablehlo.add %k, %one : tensor<i64>
            stablehlo.return %7, %2#1 : tensor<i64>, tensor<f64>
          }
        %r = stablehlo.multiply %l#1, %tenth : tensor<f64>
        """
      case .array:
        """
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %one = stablehlo.constant dense<1> : tensor<i64>
        %seven = stablehlo.constant dense<7> : tensor<i64>
        %none = stablehlo.constant dense<0.0> : tensor<f64>
        %n = stablehlo.remainder %i, %seven : tensor<i64>
        %t:2 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 8 : i64, reverse = false}> ({
        ^bb0(%q: tensor<i64>, %h: tensor<f64>):
          %6 = stablehlo.cosine %h : tensor<f64>
          stablehlo.return %6, %h : tensor<f64>, tensor<f64>
        }) : (tensor<f64>) -> (tensor<f64>, tensor<8xf64>)
        %l:2 = stablehlo.while(%k = %n, %s = %none) : tensor<i64>, tensor<f64>
          cond {
            %1 = stablehlo.compare LT, %k, %seven : (tensor<i64>, tensor<i64>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %2 = stablehlo.dynamic_slice %t#1, %k, sizes = [1] : (tensor<8xf64>, tensor<i64>) -> tensor<1xf64>
            %3 = stablehlo.reshape %2 : (tensor<1xf64>) -> tensor<f64>
            %4 = stablehlo.add %s, %3 : tensor<f64>
            %5 = stablehlo.add %k, %one : tensor<i64>
            stablehlo.return %5, %4 : tensor<i64>, tensor<f64>
          }
        %r = stablehlo.add %l#1, %t#0 : tensor<f64>
        """
      case .long:
        """
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %one = stablehlo.constant dense<1> : tensor<i64>
        %nine = stablehlo.constant dense<9> : tensor<i64>
        %n = stablehlo.remainder %i, %nine : tensor<i64>
        %l:2 = stablehlo.while(%k = %zero, %s = %a) : tensor<i64>, tensor<f64>
          cond {
            %1 = stablehlo.compare LT, %k, %n : (tensor<i64>, tensor<i64>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %2 = stablehlo.tanh %s : tensor<f64>
            %3 = stablehlo.exponential %2 : tensor<f64>
            %4 = stablehlo.cosine %3 : tensor<f64>
            %5 = stablehlo.add %k, %one : tensor<i64>
            stablehlo.return %5, %4 : tensor<i64>, tensor<f64>
          }
        %r = stablehlo.add %l#1, %a : tensor<f64>
        """
      }
    }

    /// The work for each of so many elements.
    func function(_ count: Int) throws -> Function {
      try Function.each(of: count, text)
    }
  }

  /// Elements that are done after different numbers of iterations keep what they have, whatever others do.
  @Test(arguments: Work.allCases, [3, 37, 64, 1000])
  func lanesWaitForEachOther(_ work: Work, _ count: Int) throws {
    let function = try work.function(count)
    let arguments = randomArguments(for: function, seed: 5)
    let expected = try Interpreter().run(function, arguments)
    let program = try LoopProgram.lowered(function, for: .x86_64v4, ScheduleOptions()).program
    try program.verify()
    let text = "\(program)"
    #expect(text.contains("vector(") == (count > 3), "\(text)")
    if count == 1000 { #expect(text.contains("parallel"), "\(text)") }
    #expect(text.contains("if ") == (work == .nested), "\(text)")
    if count == 3, work != .nested { #expect(!text.contains("parallel"), "\(text)") }
    let results = try runNatively(function, arguments, threads: 1)
    #expect(try runNatively(function, arguments, threads: 2, policy: .immediate) == results)
    expectClose(results[0], expected[0], relative: 1e-12, "\(work)")
    let narrow = try runNatively(function, arguments, threads: 2, target: .x86_64v3)
    expectClose(narrow[0], expected[0], relative: 1e-12, "\(work)")
    let interpreted = try LoopInterpreter.run(program, arguments: arguments)
    expectClose(interpreted[0], expected[0], relative: 1e-12, "\(work)")
  }

  /// Rows that hand something on are not cut into strips, whose parts would go over all rows of a strip each,
  /// whatever is computed for a row besides.
  @Test func carriesStayInOneLoop() throws {
    let text = """
      func.func @main(%x: tensor<6xf32>, %s: tensor<10xi32>) -> (tensor<6xf32>, tensor<10xf32>) {
        %0:2 = "adjoint.scan"(%x, %s) <{carry_count = 1 : i64, length = 10 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<6xf32>, %b: tensor<i32>):
          %1 = "stablehlo.case"(%b) ({
            %2 = stablehlo.sine %h : tensor<6xf32>
            %3 = stablehlo.cosine %2 : tensor<6xf32>
            %4 = stablehlo.sine %3 : tensor<6xf32>
            %5 = stablehlo.cosine %4 : tensor<6xf32>
            %6 = stablehlo.sine %5 : tensor<6xf32>
            stablehlo.return %6 : tensor<6xf32>
          }, {
            %2 = stablehlo.tanh %h : tensor<6xf32>
            stablehlo.return %2 : tensor<6xf32>
          }) : (tensor<i32>) -> tensor<6xf32>
          %z = stablehlo.constant dense<0.0> : tensor<f32>
          %7 = stablehlo.reduce(%1 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<6xf32>, tensor<f32>) -> tensor<f32>
          %8 = stablehlo.exponential %7 : tensor<f32>
          %10 = stablehlo.tanh %8 : tensor<f32>
          %11 = stablehlo.sine %10 : tensor<f32>
          %12 = stablehlo.cosine %11 : tensor<f32>
          %13 = stablehlo.sine %12 : tensor<f32>
          %14 = stablehlo.exponential %13 : tensor<f32>
          %9 = stablehlo.tanh %14 : tensor<f32>
          stablehlo.return %1, %9 : tensor<6xf32>, tensor<f32>
        }) : (tensor<6xf32>, tensor<10xi32>) -> (tensor<6xf32>, tensor<10xf32>)
        return %0#0, %0#1 : tensor<6xf32>, tensor<10xf32>
      }
      """
    let function = try #require(Module(parsing: text, file: "rows.mlir").entry)
    let arguments = randomArguments(for: function, seed: 3)
    let program = try LoopProgram.lowered(function, for: .x86_64v4, ScheduleOptions()).program
    try program.verify()
    #expect("\(program)".contains("if "))
    let expected = try Interpreter().run(function, arguments)
    for (result, expected) in zip(try runNatively(function, arguments), expected) {
      expectClose(result, expected, relative: 1e-5, "rows")
    }
  }

  /// A loop that never ends ends on every thread when the task that made the call is cancelled.
  @Test func endlessLoopsEndOnAllThreads() async throws {
    let function = try Function.each(
      of: 4000,
      """
      %true = stablehlo.constant dense<true> : tensor<i1>
      %l:2 = stablehlo.while(%s = %a, %go = %true) : tensor<f64>, tensor<i1>
        cond {
          stablehlo.return %go : tensor<i1>
        } do {
          %2 = stablehlo.tanh %s : tensor<f64>
          %3 = stablehlo.exponential %2 : tensor<f64>
          %4 = stablehlo.cosine %3 : tensor<f64>
          %5 = stablehlo.compare EQ, %s, %s : (tensor<f64>, tensor<f64>) -> tensor<i1>
          stablehlo.return %4, %5 : tensor<f64>, tensor<i1>
        }
      %r = stablehlo.add %l#0, %a : tensor<f64>
      """)
    let program = try LoopProgram.lowered(function, for: .host, ScheduleOptions()).program
    #expect("\(program)".contains("parallel"))
    let task = Task.detached {
      try runNatively(function, randomArguments(for: function, seed: 1), threads: 2)
    }
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.05)
      task.cancel()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

extension Function {
  /// What some text does for each of so many elements `%a`, which gives `%r`.
  fileprivate static func each(of count: Int, _ text: String) throws -> Function {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<\(count)xf64>) -> tensor<\(count)xf64> {
          %0 = "adjoint.scan"(%x) <{carry_count = 0 : i64, length = \(count) : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %a: tensor<f64>):
            \(text)
            stablehlo.return %r : tensor<f64>
          }) : (tensor<\(count)xf64>) -> tensor<\(count)xf64>
          return %0 : tensor<\(count)xf64>
        }
        """, file: "each.mlir")
    guard let entry = module.entry else { throw AdjointError(.argument, "there is no function") }
    return entry
  }
}
