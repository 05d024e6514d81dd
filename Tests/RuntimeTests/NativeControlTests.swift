import Foundation
import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops and branches as native control flow, against the interpreter.
@Suite struct NativeControlTests {
  @Test(arguments: ControlProgram.all)
  func programsKeepTheirMeaning(_ program: ControlProgram) throws {
    let function = try program.function()
    let arguments = randomArguments(for: function, seed: 7)
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments, threads: 1)
    #expect(try runNatively(function, arguments, threads: 2, policy: .immediate) == results)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-5, "\(program)")
    }
  }

  /// A loop that never ends, in one kernel and in steps, ends when its task is cancelled.
  @Test(arguments: [2, 50])
  func endlessLoopsCanBeCancelled(_ count: Int) async throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<\(count)xf32>) -> tensor<\(count)xf32> {
          %true = stablehlo.constant dense<true> : tensor<i1>
          %0:2 = stablehlo.while(%a = %x, %b = %true) : tensor<\(count)xf32>, tensor<i1>
            cond {
              stablehlo.return %b : tensor<i1>
            } do {
              %1 = stablehlo.tanh %a : tensor<\(count)xf32>
              %2 = stablehlo.compare EQ, %a, %a : (tensor<\(count)xf32>, tensor<\(count)xf32>) -> tensor<\(count)xi1>
              %3 = stablehlo.slice %2 [0:1] : (tensor<\(count)xi1>) -> tensor<1xi1>
              %4 = stablehlo.reshape %3 : (tensor<1xi1>) -> tensor<i1>
              stablehlo.return %1, %4 : tensor<\(count)xf32>, tensor<i1>
            }
          return %0#0 : tensor<\(count)xf32>
        }
        """, file: "endless.mlir")
    let function = try #require(module.entry)
    let task = Task.detached {
      try runNatively(function, randomArguments(for: function, seed: 1), threads: 1)
    }
    // A thread of its own: endless loops may take all threads that tasks have.
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.02)
      task.cancel()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// What is compiled for a loop does not depend on how often it runs.
  @Test(arguments: [2, 60])
  func codeDoesNotGrowWithSteps(_ width: Int) throws {
    let reports = try [10, 1_000_000].map { length in
      let module = try Module(
        parsing: """
          func.func @main(%h0: tensor<\(width)xf64>) -> tensor<\(width)xf64> {
            %0 = "adjoint.scan"(%h0) <{carry_count = 1 : i64, length = \(length) : i64, reverse = false}> ({
            ^bb0(%i: tensor<i64>, %h: tensor<\(width)xf64>):
              %1 = stablehlo.reverse %h, dims = [0] : tensor<\(width)xf64>
              %2 = stablehlo.tanh %1 : tensor<\(width)xf64>
              stablehlo.return %2 : tensor<\(width)xf64>
            }) : (tensor<\(width)xf64>) -> tensor<\(width)xf64>
            return %0 : tensor<\(width)xf64>
          }
          """, file: "steps.mlir")
      return try Executable(#require(module.entry)).report
    }
    #expect(reports[0].instructionCount == reports[1].instructionCount)
    #expect(reports[0].arenaByteCount == reports[1].arenaByteCount)
  }
}
