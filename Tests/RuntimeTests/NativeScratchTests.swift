import CAllocations
import Differentiation
import Foundation
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Kernels whose local arrays are larger than the stacks of some threads.
@Suite struct NativeScratchTests {
  private static let (rows, columns) = (64, 4000)

  /// The sum of the squared sums of a Gaussian kernel's rows, weighted, with the gradients for the row points
  /// and the weights: rows are in lanes, and each keeps its elements until the sum over them is known.
  private func function() throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let (rows, columns) = (Self.rows, Self.columns)
    let left = builder.parameter(TensorType([rows, 3], .f32))
    let right = builder.parameter(TensorType([columns, 3], .f32))
    let weights = builder.parameter(TensorType([columns], .f32))
    let (cube, table) = ([rows, columns, 3], [rows, columns])
    let distance = try builder.subtract(
      builder.broadcast(left, to: cube, dimensions: [0, 2]),
      builder.broadcast(right, to: cube, dimensions: [1, 2]))
    let sum = try builder.reduce(.add, builder.multiply(distance, distance), dimensions: [2])
    let kernel = try builder.unary(
      .exponential, builder.multiply(sum, builder.splat(-0.5, TensorType(table, .f32))))
    let sums = try builder.reduce(
      .add,
      builder.multiply(kernel, builder.broadcast(weights, to: table, dimensions: [1])),
      dimensions: [1])
    let total = try builder.reduce(.add, builder.multiply(sums, sums), dimensions: [0])
    return try builder.finish(returning: [total]).simplified().withGradient(of: [0, 2]).simplified()
  }

  /// The gradient for the weights, in double precision.
  private func expected(_ arguments: [Literal]) -> [Double] {
    let numbers = arguments.map(\.doubles)
    let (left, right, weights) = (numbers[0], numbers[1], numbers[2])
    var gradient = [Double](repeating: 0, count: Self.columns)
    var row = gradient
    for i in 0..<Self.rows {
      var sum = 0.0
      for j in 0..<Self.columns {
        var square = 0.0
        for axis in 0..<3 {
          let distance = left[3 * i + axis] - right[3 * j + axis]
          square += distance * distance
        }
        row[j] = exp(-0.5 * square)
        sum += row[j] * weights[j]
      }
      for j in 0..<Self.columns { gradient[j] += 2 * sum * row[j] }
    }
    return gradient
  }

  /// A thread with a stack of 512 KB, less than the array of one kernel, gets right results.
  @Test(arguments: TargetDescription.runnable)
  func smallStacksAreEnough(_ target: TargetDescription) throws {
    let function = try function()
    var options = CodeOptions()
    options.target = target
    options.threads = 1
    let executable = try Executable(function, options: options)
    let arguments = randomArguments(for: function, seed: 8)
    let results = SmallStackCall(executable, arguments).results
    let gradient = try #require(results).get()[2].doubles
    for (found, expected) in zip(gradient, expected(arguments)) {
      #expect(abs(found - expected) <= 1e-4 * max(abs(expected), 1))
    }
  }

  /// Where there is no memory for the arrays a call is an error, and the next one, which finds some, is right.
  @Test func missingMemoryIsAnError() throws {
    let function = try function()
    var options = CodeOptions()
    options.threads = 1
    let executable = try Executable(function, options: options)
    let arguments = randomArguments(for: function, seed: 8)
    guard adjoint_refuse_aligned_blocks(1) != 0 else { return }
    let refused = Result { try call(executable, arguments) }
    _ = adjoint_refuse_aligned_blocks(0)
    let error = #expect(throws: AdjointError.self) { try refused.get() }
    #expect(error?.message.contains("no memory for the local arrays") == true)
    let gradient = try call(executable, arguments)[2].doubles
    #expect(abs(gradient[0] - expected(arguments)[0]) <= 1e-4 * abs(gradient[0]))
  }

  /// Where there is no memory for what a routine works in a call is an error, and the next one is right.
  @Test func missingMemoryOfARoutineIsAnError() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([2, 40], .f64)
    let diagonals = (0..<4).map { _ in builder.parameter(type) }
    let right = try builder.reshape(diagonals[3], to: [2, 40, 1])
    let solved = try builder.emit(.matrix(.tridiagonalSolve), Array(diagonals[..<3]) + [right])
    let function = builder.finish(returning: [solved])
    var options = CodeOptions()
    options.threads = 1
    let executable = try Executable(function, options: options)
    let ones = Literal(type, doubles: Array(repeating: 1, count: 80))
    let zeros = Literal(type, doubles: Array(repeating: 0, count: 80))
    let arguments = [zeros, ones, zeros, ones]
    guard adjoint_refuse_aligned_blocks(1) != 0 else { return }
    let refused = Result { try call(executable, arguments) }
    _ = adjoint_refuse_aligned_blocks(0)
    let error = #expect(throws: AdjointError.self) { try refused.get() }
    #expect(error?.message.contains("no memory for the local arrays") == true)
    #expect(try call(executable, arguments)[0].doubles.allSatisfy { $0 == 1 })
  }
}

/// A call on a thread of its own, which has a stack of 512 KB.
private final class SmallStackCall: @unchecked Sendable {
  private let executable: Executable
  private let arguments: [Literal]
  private(set) var results: Result<[Literal], any Error>?

  /// Carries out the call.
  init(_ executable: Executable, _ arguments: [Literal]) {
    self.executable = executable
    self.arguments = arguments
    let done = DispatchSemaphore(value: 0)
    let thread = Thread { [self] in
      results = Result { try call(executable, arguments) }
      done.signal()
    }
    thread.stackSize = 512 << 10
    thread.start()
    done.wait()
  }
}
