import Differentiation
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

/// Loops and branches as native control flow, against the interpreter.
@Suite struct NativeControlTests {
  @Test(arguments: ControlProgram.all + ControlProgram.complexTypes)
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

  /// Two reshaped arguments, of which only a loop reads one, and something else besides reads the other:
  /// the one stands where its argument stands, and the other is stored, whichever comes first.
  @Test(arguments: [("%0, %1", "%1"), ("%1, %0", "%0")])
  func equalReshapesAreToldApart(_ stacks: String, _ other: String) throws {
    let module = try Module(
      parsing: """
        func.func @main(%a: tensor<64x16xf64>, %b: tensor<64x16xf64>, %c: tensor<64x16xf64>)
            -> (tensor<64x16xf64>, tensor<64x8x8xf64>) {
          %0 = stablehlo.reshape %a : (tensor<64x16xf64>) -> tensor<8x8x16xf64>
          %1 = stablehlo.reshape %b : (tensor<64x16xf64>) -> tensor<8x8x16xf64>
          %2 = "adjoint.scan"(%c, \(stacks)) <{carry_count = 1 : i64, length = 8 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %s: tensor<64x16xf64>, %x: tensor<8x16xf64>, %y: tensor<8x16xf64>):
            %3 = stablehlo.dot_general %s, %x, contracting_dims = [1] x [1] : (tensor<64x16xf64>, tensor<8x16xf64>) -> tensor<64x8xf64>
            %4 = stablehlo.sine %3 : tensor<64x8xf64>
            %5 = stablehlo.dot_general %4, %y, contracting_dims = [1] x [0] : (tensor<64x8xf64>, tensor<8x16xf64>) -> tensor<64x16xf64>
            stablehlo.return %5 : tensor<64x16xf64>
          }) : (tensor<64x16xf64>, tensor<8x8x16xf64>, tensor<8x8x16xf64>) -> tensor<64x16xf64>
          %6 = stablehlo.dot_general %2, \(other), contracting_dims = [1] x [2] : (tensor<64x16xf64>, tensor<8x8x16xf64>) -> tensor<64x8x8xf64>
          return %2, %6 : tensor<64x16xf64>, tensor<64x8x8xf64>
        }
        """, file: "reshapes.mlir")
    let function = try #require(module.entry)
    // Small numbers, so that steps do not enlarge rounding.
    let arguments = randomArguments(for: function, seed: 3).map { argument in
      Literal(argument.type, doubles: argument.doubles.map { 0.1 * $0 })
    }
    let expected = try Interpreter().run(function, arguments)
    for (result, expected) in zip(try runNatively(function, arguments, threads: 1), expected) {
      expectClose(result, expected, relative: 1e-9)
    }
  }

  /// A sine in one way of a branch does not hand its angle's cosine to what follows the branch.
  @Test(arguments: [0.5, -0.5]) func cosinesBehindBranches(_ element: Double) throws {
    let text = """
      func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
        %0 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<8xf32>):
          %z = stablehlo.constant dense<0.0> : tensor<f32>
          %1 = stablehlo.reduce(%h init: %z) applies stablehlo.add across dimensions = [0]
            : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
          %2 = stablehlo.compare GT, %1, %z, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %3 = "stablehlo.if"(%2) ({
            %4 = stablehlo.sine %h : tensor<8xf32>
            %5 = stablehlo.multiply %4, %h : tensor<8xf32>
            %6 = stablehlo.add %5, %4 : tensor<8xf32>
            %7 = stablehlo.multiply %6, %6 : tensor<8xf32>
            stablehlo.return %7 : tensor<8xf32>
          }, {
            stablehlo.return %h : tensor<8xf32>
          }) : (tensor<i1>) -> tensor<8xf32>
          %8 = stablehlo.cosine %h : tensor<8xf32>
          %9 = stablehlo.subtract %3, %8 : tensor<8xf32>
          stablehlo.return %9 : tensor<8xf32>
        }) : (tensor<8xf32>) -> tensor<8xf32>
        return %0 : tensor<8xf32>
      }
      """
    let module = try Module(parsing: text, file: "angles.mlir")
    let function = try #require(module.entry)
    let arguments = [
      Literal(TensorType([8], .f32), doubles: (0..<8).map { element + 0.01 * Double($0) })
    ]
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-5, "cosines")
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

  /// Lanes that do not meet go through whole loops by themselves, and keep their bits.
  @Test(arguments: ControlProgram.lanes)
  func loopsAreSharedAsAWhole(_ program: ControlProgram) throws {
    let function = try program.function()
    let arguments = randomArguments(for: function, seed: 3)
    let lowered = try LoopProgram.lowered(function, for: .host, ScheduleOptions()).program
    let shared = lowered.steps.filter { step in
      if case .loop(let loop) = step { loop.isShared } else { false }
    }
    #expect(shared.count == 1)
    try lowered.verify()
    let results = try runNatively(function, arguments, threads: 1)
    for threads in [2, 5] {
      #expect(try runNatively(function, arguments, threads: threads) == results)
    }
    let expected = try Interpreter().run(function, arguments)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-4, program.name)
    }
    // The gradient's loops too.
    let gradient = try function.withVJP(of: [0, 1]).simplified()
    let inputs = randomArguments(for: gradient, seed: 4)
    let derived = try runNatively(gradient, inputs, threads: 1)
    #expect(try runNatively(gradient, inputs, threads: 2) == derived)
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

  /// Which branch a step takes may stand in a row of a stack that the program itself makes.
  @Test func selectorsMayBeRowsOfStacks() throws {
    let text = """
      func.func @main(%x: tensor<4xf64>, %s: tensor<9xi32>, %a: tensor<9x4xf64>) -> tensor<4xf64> {
        %one = stablehlo.constant dense<1> : tensor<9xi32>
        %m = stablehlo.minimum %s, %one : tensor<9xi32>
        %0 = "adjoint.scan"(%x, %m, %a) <{carry_count = 1 : i64, length = 9 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<4xf64>, %b: tensor<i32>, %r: tensor<4xf64>):
          %places = stablehlo.constant dense<[[1], [0], [2], [3]]> : tensor<4x1xi32>
          %zero = stablehlo.constant dense<0.0> : tensor<4xf64>
          %1 = "stablehlo.case"(%b) ({
            %2 = stablehlo.add %h, %h : tensor<4xf64>
            stablehlo.return %2 : tensor<4xf64>
          }, {
            %2 = stablehlo.multiply %h, %r : tensor<4xf64>
            %3 = stablehlo.add %2, %r : tensor<4xf64>
            %4 = stablehlo.multiply %3, %2 : tensor<4xf64>
            stablehlo.return %4 : tensor<4xf64>
          }) : (tensor<i32>) -> tensor<4xf64>
          %5 = "stablehlo.scatter"(%zero, %places, %1) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
          ^bb0(%c: tensor<f64>, %d: tensor<f64>):
            %6 = stablehlo.add %c, %d : tensor<f64>
            stablehlo.return %6 : tensor<f64>
          }) : (tensor<4xf64>, tensor<4x1xi32>, tensor<4xf64>) -> tensor<4xf64>
          stablehlo.return %5 : tensor<4xf64>
        }) : (tensor<4xf64>, tensor<9xi32>, tensor<9x4xf64>) -> tensor<4xf64>
        return %0 : tensor<4xf64>
      }
      """
    let function = try #require(Module(parsing: text, file: "selectors.mlir").entry)
    let arguments = randomArguments(for: function, seed: 3)
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments, threads: 2)
    expectClose(results[0], expected[0], relative: 1e-12, "selectors")
  }
}
