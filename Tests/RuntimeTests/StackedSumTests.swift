import Differentiation
import Interpreter
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Gradients of weights that all steps of a loop share: sums of products of stacks, in an order that lets the
/// stacks be made again in segments.
@Suite struct StackedSumTests {
  /// A recurrent network: 64 steps, so many rows, 32 numbers to a row; the loss is that of the last state, or of
  /// outputs at each step.
  private func network(rows: Int, _ element: String, hasOutputs: Bool) -> String {
    let (row, stack) = ("tensor<\(rows)x32x\(element)>", "tensor<64x\(rows)x32x\(element)>")
    let weight = "tensor<32x32x\(element)>"
    return """
      func.func @main(%w: \(weight), %u: \(weight), %o: \(weight), %h: \(row), %xs: \(stack)) -> tensor<\(element)> {
        %0:2 = "adjoint.scan"(%h, %xs) <{carry_count = 1 : i64, length = 64 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: \(row), %x: \(row)):
          %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (\(row), \(weight)) -> \(row)
          %q = stablehlo.dot_general %a, %u, contracting_dims = [1] x [0] : (\(row), \(weight)) -> \(row)
          %s = stablehlo.add %p, %q : \(row)
          %t = stablehlo.tanh %s : \(row)
          stablehlo.return %t, %t : \(row), \(row)
        }) : (\(row), \(stack)) -> (\(row), \(stack))
        %c = stablehlo.constant dense<0.0> : tensor<\(element)>
        %l = stablehlo.multiply %0#0, %0#0 : \(row)
        %e = stablehlo.reduce(%l init: %c) applies stablehlo.add across dimensions = [0, 1] : (\(row), tensor<\(element)>) -> tensor<\(element)>
        %y = stablehlo.dot_general %0#1, %o, contracting_dims = [2] x [0] : (\(stack), \(weight)) -> \(stack)
        %m = stablehlo.multiply %y, %y : \(stack)
        %v = stablehlo.reduce(%m init: %c) applies stablehlo.add across dimensions = [0, 1, 2] : (\(stack), tensor<\(element)>) -> tensor<\(element)>
        return \(hasOutputs ? "%v" : "%e") : tensor<\(element)>
      }
      """
  }

  /// A budget of a fraction is kept, with the same bits: neither what the loop saves nor the slopes that its
  /// gradient stacks are there as a whole, nor products of its inputs and of the outputs' cotangents. Parts of the sums are several steps, or one with many rows.
  @Test(arguments: [(64, "f32", false), (64, "f32", true), (260, "f64", false)])
  func stacksOfProductsAreMadeInSegments(
    _ rows: Int, _ element: String, _ hasOutputs: Bool
  ) throws {
    let text = network(rows: rows, element, hasOutputs: hasOutputs)
    let module = try Module(parsing: text, file: "network.mlir")
    let function = try #require(module.entry).simplified()
      .withGradient(of: hasOutputs ? [0, 1, 2] : [0, 1]).simplified()
    let arguments = randomArguments(for: function, seed: 3)
    let whole = try Executable(function)
    var options = CodeOptions()
    let budget = whole.report.arenaByteCount * (hasOutputs ? 75 : 45) / 100
    options.memory = MemoryOptions(budget: budget)
    let part = try Executable(function, options: options)
    #expect(part.report.arenaByteCount <= budget)
    #expect(part.report.memory.addedFlops > 0)
    #expect(try call(part, arguments) == call(whole, arguments))
  }

  /// Weights that stand on the left of states have such sums too: there the cotangents are the left factor.
  @Test func stacksOfProductsWithWeightsOnTheLeft() throws {
    let (state, stack) = ("tensor<32x64xf32>", "tensor<96x32x64xf32>")
    let weight = "tensor<32x32xf32>"
    let text = """
      func.func @main(%w: \(weight), %h: \(state), %xs: \(stack)) -> tensor<f32> {
        %0 = "adjoint.scan"(%h, %xs) <{carry_count = 1 : i64, length = 96 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: \(state), %x: \(state)):
          %q = stablehlo.dot_general %w, %a, contracting_dims = [1] x [0] : (\(weight), \(state)) -> \(state)
          %s = stablehlo.add %x, %q : \(state)
          %t = stablehlo.tanh %s : \(state)
          stablehlo.return %t : \(state)
        }) : (\(state), \(stack)) -> \(state)
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %m = stablehlo.multiply %0, %0 : \(state)
        %v = stablehlo.reduce(%m init: %c) applies stablehlo.add across dimensions = [0, 1] : (\(state), tensor<f32>) -> tensor<f32>
        return %v : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "left.mlir")
    let function = try #require(module.entry).simplified().withGradient(of: [0]).simplified()
    let arguments = randomArguments(for: function, seed: 9)
    let whole = try Executable(function)
    var options = CodeOptions()
    options.memory = MemoryOptions(budget: whole.report.arenaByteCount * 3 / 10)
    let part = try Executable(function, options: options)
    #expect(part.report.memory.addedFlops > 0)
    #expect(try call(part, arguments) == call(whole, arguments))
  }

  /// Fewer steps than make up a part leave a product of stacks whole.
  @Test func productOfFewStepsIsWhole() throws {
    let text = """
      func.func @main(%h: tensor<2xf64>, %xs: tensor<100x2xf64>, %ys: tensor<100x1400xf64>) -> tensor<2x1400xf64> {
        %0:2 = "adjoint.scan"(%h, %xs) <{carry_count = 1 : i64, length = 100 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: tensor<2xf64>, %x: tensor<2xf64>):
          %s = stablehlo.add %a, %x : tensor<2xf64>
          %t = stablehlo.tanh %s : tensor<2xf64>
          stablehlo.return %t, %t : tensor<2xf64>, tensor<2xf64>
        }) : (tensor<2xf64>, tensor<100x2xf64>) -> (tensor<2xf64>, tensor<100x2xf64>)
        %y = stablehlo.dot_general %0#1, %ys, contracting_dims = [0] x [0] : (tensor<100x2xf64>, tensor<100x1400xf64>) -> tensor<2x1400xf64>
        return %y : tensor<2x1400xf64>
      }
      """
    let module = try Module(parsing: text, file: "steps.mlir")
    let function = try #require(module.entry)
    let arguments = randomArguments(for: function, seed: 5)
    let expected = try Interpreter().run(function, arguments)
    let results = try call(Executable(function), arguments)
    expectClose(results[0], expected[0], relative: 1e-13)
  }

  /// A loop, one against it that reads its stack, and a sum over parts of both their stacks, which may be returned too.
  private func sum(returning results: String) -> String {
    let (row, stack) = ("tensor<32x16xf32>", "tensor<64x32x16xf32>")
    let (part, parts) = ("tensor<4x32x16xf32>", "tensor<16x4x32x16xf32>")
    let types = results.contains(",") ? "\(part), \(parts)" : part
    return """
      func.func @main(%h: \(row), %xs: \(stack), %z: \(row), %c: \(part)) -> (\(types)) {
        %0:2 = "adjoint.scan"(%h, %xs) <{carry_count = 1 : i64, length = 64 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: \(row), %x: \(row)):
          %s = stablehlo.add %a, %x : \(row)
          %t = stablehlo.tanh %s : \(row)
          stablehlo.return %t, %t : \(row), \(row)
        }) : (\(row), \(stack)) -> (\(row), \(stack))
        %1:2 = "adjoint.scan"(%z, %0#1) <{carry_count = 1 : i64, length = 64 : i64, reverse = true}> ({
        ^bb0(%i: tensor<i64>, %a: \(row), %x: \(row)):
          %s = stablehlo.add %a, %x : \(row)
          %t = stablehlo.sine %s : \(row)
          stablehlo.return %t, %t : \(row), \(row)
        }) : (\(row), \(stack)) -> (\(row), \(stack))
        %p = stablehlo.reshape %0#1 : (\(stack)) -> \(parts)
        %q = stablehlo.reshape %1#1 : (\(stack)) -> \(parts)
        %s = "adjoint.scan"(%c, %p, %q) <{carry_count = 1 : i64, length = 16 : i64, reverse = true}> ({
        ^bb0(%i: tensor<i64>, %a: \(part), %x: \(part), %y: \(part)):
          %d = stablehlo.multiply %x, %a : \(part)
          %t = stablehlo.add %y, %d : \(part)
          stablehlo.return %t : \(part)
        }) : (\(part), \(parts), \(parts)) -> \(part)
        return \(results) : \(types)
      }
      """
  }

  /// Stacks of parts that are returned stay, whatever the budget.
  @Test(arguments: ["%s, %p", "%s, %q"])
  func returnedPartsStay(_ results: String) throws {
    let module = try Module(parsing: sum(returning: results), file: "parts.mlir")
    let function = try #require(module.entry)
    let arguments = randomArguments(for: function, seed: 7)
    let whole = try Executable(function)
    var options = CodeOptions()
    options.memory = MemoryOptions(budget: whole.report.arenaByteCount)
    let part = try Executable(function, options: options)
    #expect(try call(part, arguments) == call(whole, arguments))
    options.memory = MemoryOptions(budget: 1)
    #expect(throws: AdjointError.self) { try Executable(function, options: options) }
  }

  /// Where several loops are taken apart, the report has the stacks of each as they were.
  @Test func reportHasStacksOfEachLoop() throws {
    func loop(_ name: String, _ width: Int) -> String {
      let (row, stack) = ("tensor<64x\(width)xf32>", "tensor<64x64x\(width)xf32>")
      let weight = "tensor<\(width)x\(width)xf32>"
      return """
          %\(name)0 = "adjoint.scan"(%\(name)h, %\(name)p) <{carry_count = 1 : i64, length = 64 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %a: \(row), %x: \(row)):
            %q = stablehlo.dot_general %a, %\(name)u, contracting_dims = [1] x [0] : (\(row), \(weight)) -> \(row)
            %s = stablehlo.add %x, %q : \(row)
            %t = stablehlo.tanh %s : \(row)
            stablehlo.return %t : \(row)
          }) : (\(row), \(stack)) -> \(row)
          %\(name)m = stablehlo.multiply %\(name)0, %\(name)0 : \(row)
          %\(name)v = stablehlo.reduce(%\(name)m init: %c) applies stablehlo.add across dimensions = [0, 1] : (\(row), tensor<f32>) -> tensor<f32>
        """
    }
    func inputs(_ name: String, _ width: Int) -> String {
      "%\(name)p = stablehlo.dot_general %xs, %\(name)w, contracting_dims = [2] x [0] : (tensor<64x64x8xf32>, tensor<8x\(width)xf32>) -> tensor<64x64x\(width)xf32>"
    }
    func parameters(_ name: String, _ width: Int) -> String {
      "%\(name)w: tensor<8x\(width)xf32>, %\(name)u: tensor<\(width)x\(width)xf32>, %\(name)h: tensor<64x\(width)xf32>"
    }
    let text = """
      func.func @main(\(parameters("a", 32)), \(parameters("b", 48)), %xs: tensor<64x64x8xf32>) -> tensor<f32> {
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        \(inputs("a", 32))
        \(inputs("b", 48))
      \(loop("a", 32))
      \(loop("b", 48))
        %r = stablehlo.add %av, %bv : tensor<f32>
        return %r : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "loops.mlir")
    let function = try #require(module.entry).simplified().withGradient(of: [0, 1, 3, 4])
      .simplified()
    var options = CodeOptions()
    options.memory = MemoryOptions(budget: try Executable(function).report.arenaByteCount / 2)
    let memory = try Executable(function, options: options).report.memory
    let stacks = memory.values.filter { $0.reason.hasPrefix("segments") }.map(\.type.shape)
    #expect(stacks == [[64, 64, 32], [64, 64, 32], [64, 64, 48], [64, 64, 48]])
  }
}
