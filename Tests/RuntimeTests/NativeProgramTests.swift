import Differentiation
import Foundation
import Interpreter
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Machine code of whole programs and their gradients.
@Suite struct NativeProgramTests {
  /// A program's function with gradients with respect to some parameters.
  private func gradient(_ name: String, _ parameters: [Int]) throws -> Function {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    return try module.inlined(entry).simplified().withGradient(of: parameters).simplified()
  }

  @Test(arguments: [
    ("mlp_small", [0, 1, 2, 3], 6, 2e-4), ("scalar", [0], 1, 1e-10), ("rosenbrock", [0], 1, 1e-10),
    ("gmm", [0, 1, 2], 4, 1e-10),
  ])
  func agreesWithJAX(
    _ name: String, _ parameters: [Int], _ arguments: Int, _ tolerance: Double
  ) throws {
    let inputs = try (0..<arguments).map { try readNpy(programFile(name, "in\($0).npy").path) }
    let results = try runNatively(gradient(name, parameters), inputs)
    let files = ["value.npy"] + parameters.map { "grad\($0).npy" }
    for (result, file) in zip(results, files) {
      let expected = try readNpy(programFile(name, file).path)
      expectClose(result, expected, relative: tolerance, "\(name) \(file)")
    }
  }

  /// Two hundred programs in one executable: the seed is in the message of a failure.
  @Test(arguments: [ElementType.f32, .f64])
  func randomProgramsAgreeWithTheInterpreter(_ element: ElementType) throws {
    let seeds = (0..<UInt64(60)).map { 1000 + $0 }
    let functions = try seeds.map { try randomFunction(seed: $0, element: element) }
    let arguments = zip(seeds, functions).map { randomArguments(for: $1, seed: $0) }
    let results = try runNatively(combination(of: functions), arguments.flatMap { $0 })
    var position = 0
    for (number, function) in functions.enumerated() {
      for expected in try Interpreter().run(function, arguments[number]) {
        expectClose(
          results[position], expected, relative: element == .f32 ? 1e-4 : 1e-11,
          "seed \(seeds[number])")
        position += 1
      }
    }
  }

  @Test func randomGradientsAgreeWithTheInterpreter() throws {
    let seeds = (0..<UInt64(40)).map { 5000 + $0 }
    let functions = try seeds.map { seed in
      let function = try randomFunction(seed: seed, differentiable: true)
      return try function.withGradient(of: Array(function.parameters.indices)).simplified()
    }
    let arguments = zip(seeds, functions).map { randomArguments(for: $1, seed: $0) }
    let results = try runNatively(combination(of: functions), arguments.flatMap { $0 })
    var position = 0
    for (number, function) in functions.enumerated() {
      for expected in try Interpreter().run(function, arguments[number]) {
        expectClose(results[position], expected, relative: 1e-9, "seed \(seeds[number])")
        position += 1
      }
    }
  }

  @Test(arguments: [
    ("blackscholes", [0, 1, 2, 3]), ("layernorm", [0, 1, 2]), ("nbody", [0]),
    ("mlp", [0, 1, 2, 3, 4, 5]), ("gmm", [0, 1, 2]),
  ])
  func bitsDoNotDependOnThreads(_ name: String, _ parameters: [Int]) throws {
    let function = try gradient(name, parameters)
    var random = SplitMix64(seed: 7)
    let arguments = function.parameterTypes.map {
      ArgumentValues.uniform(0.1...0.9).literal($0, using: &random)
    }
    let alone = try runNatively(function, arguments, threads: 1)
    let together = try runNatively(function, arguments, threads: 2)
    #expect(alone == together)
  }

  @Test func sizesOfNothing() throws {
    let text = """
      func.func @main(%arg0: tensor<0x3xf32>) -> (tensor<3xf32>, tensor<0x3xf32>, tensor<0x3xf32>) {
        %cst = stablehlo.constant dense<1.0> : tensor<f32>
        %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.add across dimensions = [0] : \
      (tensor<0x3xf32>, tensor<f32>) -> tensor<3xf32>
        %1 = stablehlo.add %arg0, %arg0 : tensor<0x3xf32>
        return %0, %1, %arg0 : tensor<3xf32>, tensor<0x3xf32>, tensor<0x3xf32>
      }
      """
    let module = try Module(parsing: text, file: "empty")
    let function = try #require(module.entry)
    let empty = Literal(TensorType([0, 3], .f32), bytes: [])
    let results = try runNatively(function, [empty])
    #expect(results[0].doubles == [1, 1, 1])
    #expect(results[1].type.count == 0)
  }

  @Test func resultsThatAreParametersOrRepeated() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([3], .f64))
    let y = try builder.add(x, x)
    let c = try builder.constant(Literal(TensorType([2], .i32), integers: [4, 5]))
    let function = builder.finish(returning: [x, y, y, c, x])
    let argument = Literal(TensorType([3], .f64), doubles: [1, 2, 3])
    let results = try runNatively(function, [argument])
    #expect(
      results.map(\.doubles) == [[1, 2, 3], [2, 4, 6], [2, 4, 6], [4, 5], [1, 2, 3]])
  }
}
