import Differentiation
import Foundation
import Interpreter
import Optimizer
import Runtime
import Targets
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

  /// Sixty programs in one executable: the seed is in the message of a failure. Code that is made quickly gives
  /// the same to the bit.
  @Test(arguments: [ElementType.f32, .f64], TargetDescription.runnable)
  func randomProgramsAgreeWithTheInterpreter(
    _ element: ElementType, _ target: TargetDescription
  ) throws {
    let seeds = (0..<UInt64(60)).map { 1000 + $0 }
    let functions = try seeds.map { try randomFunction(seed: $0, element: element) }
    let arguments = zip(seeds, functions).map { randomArguments(for: $1, seed: $0) }
    let combined = try combination(of: functions)
    let results = try runNatively(combined, arguments.flatMap { $0 }, target: target)
    if target == .host {
      #expect(
        try runNatively(combined, arguments.flatMap { $0 }, policy: .immediate) == results)
    }
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

  /// Results that take the place of donated arguments are the same to the bit.
  @Test(arguments: [ElementType.f32, .i32])
  func donationChangesNoBit(_ element: ElementType) throws {
    for seed in UInt64(20)..<26 {
      let function = try randomRowFunction(seed: seed, element: element, work: 500)
      let arguments = randomArguments(for: function, seed: seed)
      #expect(
        try runNatively(function, arguments, donated: Set(arguments.indices))
          == runNatively(function, arguments), "seed \(seed)")
    }
  }

  /// A step of gradient descent in place: every weight stands where the last one stood.
  @Test func weightsAreUpdatedInPlace() throws {
    let value = try gradient("mlp_small", [0, 1, 2, 3])
    let function = try value.descended(by: 0.25).simplified()
    let arguments = try (0..<6).map { try readNpy(programFile("mlp_small", "in\($0).npy").path) }
    var options = CodeOptions()
    options.donated = [0, 1, 2, 3]
    let executable = try Executable(function, options: options)
    #expect(executable.donations == [1: 0, 2: 1, 3: 2, 4: 3])
    let gradients = try runNatively(value, arguments)
    let updated = try call(executable, arguments)
    for (index, weight) in updated.dropFirst().enumerated() {
      let expected = zip(arguments[index].doubles, gradients[index + 1].doubles).map {
        $0 - 0.25 * $1
      }
      expectClose(
        weight, Literal(weight.type, doubles: expected), relative: 1e-6, "weight \(index)")
    }
  }

  /// Row programs over long axes, cut into blocks; once more with threads, to the bit.
  @Test(arguments: [ElementType.f32, .f64, .i32], TargetDescription.runnable)
  func randomRowProgramsAgreeWithTheInterpreter(
    _ element: ElementType, _ target: TargetDescription
  ) throws {
    for seed in UInt64(0)..<4 {
      let function = try randomRowFunction(seed: seed, element: element, work: 2000)
      let arguments = randomArguments(for: function, seed: seed)
      let results = try runNatively(function, arguments, threads: 1, target: target)
      let together = try runNatively(function, arguments, threads: 2, target: target)
      #expect(together == results, "seed \(seed)")
      for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
        let tolerance = element == .f64 ? 1e-10 : element == .f32 ? 2e-4 : 0
        expectClose(result, expected, relative: tolerance, "seed \(seed)")
      }
    }
  }

  /// Products whose tiles are cut off at both ends, with each factor plain or transposed.
  @Test(arguments: [ElementType.f32, .f64], TargetDescription.runnable)
  func productsAgreeWithTheInterpreter(_ element: ElementType, _ target: TargetDescription) throws {
    let (rows, columns, depth) = (53, 71, 37)
    for (isLeftTransposed, isRightTransposed) in [(false, false), (true, false), (false, true)] {
      var builder = FunctionBuilder(name: "main")
      let left = builder.parameter(
        TensorType(isLeftTransposed ? [depth, rows] : [rows, depth], element))
      let right = builder.parameter(
        TensorType(isRightTransposed ? [columns, depth] : [depth, columns], element))
      let dimensions = DotDimensions(
        leftBatching: [], rightBatching: [], leftContracting: [isLeftTransposed ? 0 : 1],
        rightContracting: [isRightTransposed ? 1 : 0])
      let function = builder.finish(returning: [try builder.emit(.dot(dimensions), [left, right])])
      let arguments = randomArguments(for: function, seed: 2)
      let results = try runNatively(function, arguments, target: target)
      expectClose(
        results[0], try Interpreter().run(function, arguments)[0],
        relative: element == .f32 ? 1e-5 : 1e-13)
    }
  }

  /// A tensor that is compared with its own maximum, in kernels that round its elements differently
  /// where they compute them.
  @Test func elementsEqualTheirMaximum() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([64, 50], .f32)
    let (a, b, c) = (
      builder.parameter(type), builder.parameter(type), builder.parameter(type)
    )
    let product = try builder.multiply(a, b)
    let greatest = try builder.reduce(.maximum, builder.add(product, c), dimensions: [0])
    let sine = try builder.unary(.sine, product)
    let function = builder.finish(returning: [
      try builder.add(
        builder.reduce(.add, greatest, dimensions: [0]),
        builder.reduce(.add, sine, dimensions: [0, 1]))
    ])
    let gradient = try function.simplified().withGradient(of: [0, 1, 2]).simplified()
    let arguments = randomArguments(for: gradient, seed: 1)
    let results = try runNatively(gradient, arguments)
    for (result, expected) in zip(results, try Interpreter().run(gradient, arguments)) {
      expectClose(result, expected, relative: 1e-4)
    }
  }

  /// The same in one kernel, of whose passes one could multiply and add with one rounding, and the
  /// other, which needs the product too, with two: every row has a greatest element.
  @Test func elementsEqualTheirMaximumInOneKernel() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([40, 30], .f32)
    let (x, y, z) = (
      builder.parameter(type), builder.parameter(type), builder.parameter(type)
    )
    let products = try builder.multiply(x, y)
    let values = try builder.add(products, z)
    let greatest = try builder.reduce(.maximum, values, dimensions: [1])
    let function = builder.finish(returning: [
      try builder.compare(
        .equal, values, builder.broadcast(greatest, to: [40, 30], dimensions: [0])),
      try builder.reduce(.add, products, dimensions: [1]),
    ])
    for seed in UInt64(0)..<6 {
      let results = try runNatively(function, randomArguments(for: function, seed: seed))
      let isGreatest = results[0].denseBytes
      for row in 0..<40 {
        #expect(isGreatest[(row * 30)..<(row * 30 + 30)].contains(1), "seed \(seed), row \(row)")
      }
    }
  }

  /// A few columns with long sums, so that a whole group of vectors never happens in a block.
  @Test func narrowSumsInBlocks() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([9000, 13], .f64))
    let columns = try builder.reduce(.add, x, dimensions: [0])
    let greatest = try builder.reduce(.maximum, x, dimensions: [0])
    let function = builder.finish(returning: [
      try builder.reduce(.add, builder.multiply(columns, greatest), dimensions: [0])
    ])
    let argument = randomArguments(for: function, seed: 1)
    let results = try runNatively(function, argument)
    expectClose(results[0], try Interpreter().run(function, argument)[0], relative: 1e-11)
  }

  /// Sixty steps around a circle: the number of places read doubles with every step unless values
  /// are stored between.
  @Test func chainsOfShiftedReads() throws {
    var builder = FunctionBuilder(name: "main")
    var state = builder.parameter(TensorType([100], .f64))
    let half = try builder.splat(0.5, TensorType([100], .f64))
    for _ in 0..<60 {
      let parts = try [(1, 100), (0, 1)].map { start, limit in
        try builder.emit(
          .shape(.slice(starts: [start], limits: [limit], strides: [1])), [state])
      }
      let shifted = try builder.emit(.shape(.concatenate(dimension: 0)), parts)
      state = try builder.multiply(builder.add(state, shifted), half)
    }
    let function = builder.finish(returning: [state])
    let argument = randomArguments(for: function, seed: 1)
    let results = try runNatively(function, argument)
    expectClose(results[0], try Interpreter().run(function, argument)[0], relative: 1e-11)
  }

  /// A normalization read through a guard that depends on an inner loop too.
  @Test func guardedStatistics() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([5, 6], .f64))
    let weight = try builder.splat(1.0 / 6, TensorType([5], .f64))
    let mean = try builder.multiply(builder.reduce(.add, x, dimensions: [1]), weight)
    let centered = try builder.subtract(
      x, builder.broadcast(mean, to: [5, 6], dimensions: [0]))
    let variance = try builder.reduce(.add, builder.unary(.square, centered), dimensions: [1])
    let result = try builder.divide(
      centered, builder.broadcast(variance, to: [5, 6], dimensions: [0]))
    let filling = try builder.constant(Literal(TensorType([], .f64), filledWith: 7))
    let pad = ShapeOp.pad(low: [1, 2], high: [1, 3], interior: [0, 1])
    let function = builder.finish(returning: [
      try builder.emit(.shape(.concatenate(dimension: 1)), [result, x]),
      try builder.emit(.shape(pad), [result, filling]),
    ])
    let argument = randomArguments(for: function, seed: 1)
    let expected = try Interpreter().run(function, argument)
    for (result, expected) in zip(try runNatively(function, argument), expected) {
      expectClose(result, expected, relative: 1e-12)
    }
  }

  @Test(arguments: TargetDescription.runnable)
  func randomGradientsAgreeWithTheInterpreter(_ target: TargetDescription) throws {
    let seeds = (0..<UInt64(40)).map { 5000 + $0 }
    let functions = try seeds.map { seed in
      let function = try randomFunction(seed: seed, differentiable: true)
      return try function.withGradient(of: Array(function.parameters.indices)).simplified()
    }
    let arguments = zip(seeds, functions).map { randomArguments(for: $1, seed: $0) }
    let combined = try combination(of: functions)
    let results = try runNatively(combined, arguments.flatMap { $0 }, target: target)
    if target == .host {
      #expect(
        try runNatively(combined, arguments.flatMap { $0 }, policy: .immediate) == results)
    }
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

extension Function {
  /// The function, whose results are a value and the gradients of its first parameters, with these
  /// parameters after a step against their gradients instead.
  fileprivate func descended(by rate: Double) throws -> Function {
    var builder = FunctionBuilder(continuing: self, name: name)
    let moved = try zip(parameters, results.dropFirst()).map { parameter, gradient in
      let step = try builder.multiply(gradient, builder.splat(rate, builder[gradient]))
      return try builder.subtract(parameter, step)
    }
    return builder.finish(returning: results.prefix(1) + moved)
  }
}
