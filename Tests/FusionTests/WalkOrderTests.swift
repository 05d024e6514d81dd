import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Reductions of one matrix along different axes, which share loops only where these go over the matrix in
/// one order.
@Suite struct WalkOrderTests {
  /// The sum of the squares of a Gaussian kernel's products with a vector, for points of three coordinates.
  private func gaussians(_ count: Int, gradient parameters: [Int]) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let points = TensorType([count, 3], .f32)
    let (left, right) = (builder.parameter(points), builder.parameter(points))
    let weights = builder.parameter(TensorType([count], .f32))
    let (cube, square) = ([count, count, 3], [count, count])
    let distance = try builder.subtract(
      builder.broadcast(left, to: cube, dimensions: [0, 2]),
      builder.broadcast(right, to: cube, dimensions: [1, 2]))
    let sum = try builder.reduce(.add, builder.multiply(distance, distance), dimensions: [2])
    let kernel = try builder.unary(
      .exponential, builder.multiply(sum, builder.splat(-0.5, TensorType(square, .f32))))
    let products = try builder.multiply(
      kernel, builder.broadcast(weights, to: square, dimensions: [1]))
    let rows = try builder.reduce(.add, products, dimensions: [1])
    let total = try builder.reduce(.add, builder.multiply(rows, rows), dimensions: [0])
    return try builder.finish(returning: [total]).simplified().withGradient(of: parameters)
      .simplified()
  }

  /// The sums over rows and over columns, each with something to do behind it, so that it has loops over
  /// what is kept.
  private func sums(_ count: Int) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let matrix = builder.parameter(TensorType([count, count], .f32))
    let results = try [0, 1].map { axis in
      try builder.unary(.exponential, builder.reduce(.add, matrix, dimensions: [axis]))
    }
    return try builder.finish(returning: results).simplified()
  }

  /// Nothing of the size of the matrix is stored, whichever gradients are wanted.
  @Test(arguments: [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]])
  func pairsAreNotStored(_ parameters: [Int]) throws {
    let program = try LoopProgram(
      lowering: gaussians(3000, gradient: parameters), for: .x86_64v4)
    #expect(program.arenaByteCount < 4_000_000)
  }

  @Test(arguments: [[0, 1, 2], [1, 2]])
  func gradientsAreRight(_ parameters: [Int]) throws {
    let function = try gaussians(24, gradient: parameters)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    let arguments = randomArguments(for: function, seed: 11)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-4, "\(parameters)")
    }
  }

  /// No loop in lanes goes over rows of the matrix: where both sums shared their outer loop, one of them
  /// would go across.
  @Test func sumsAlongBothAxesHaveLoopsOfTheirOwn() throws {
    let function = try sums(2000)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    for kernel in program.kernels {
      kernel.body.forEachNode { node in
        guard case .loop(let loop) = node, case .vector = loop.schedule else { return }
        for access in loop.body.accesses where access.address.uses(loop.variable) {
          let stride = access.address.terms.first { $0.atom == .variable(loop.variable) }
          #expect(stride?.coefficient == 1, "\(kernel.description(in: program))")
        }
      }
    }
    let small = try sums(40)
    let arguments = randomArguments(for: small, seed: 12)
    let results = try LoopInterpreter.run(
      LoopProgram(lowering: small, for: .x86_64v4), arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(small, arguments)) {
      expectClose(result, expected, relative: 1e-4, "sums")
    }
  }
}
