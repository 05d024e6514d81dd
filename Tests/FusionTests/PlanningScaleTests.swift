import Differentiation
import Foundation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Planning takes work in proportion to the program, in counted steps.
@Suite struct PlanningScaleTests {
  /// Programs of any size.
  enum Family: String, CaseIterable {
    /// Sums of the rows of as many arguments.
    case rowSums
    /// Value and gradient of the squared norm of as many arguments.
    case squaredNorm
    /// Adam with clipping by the global norm, for as many parameter tensors.
    case clippedSteps
    /// Adam in the memory of its arguments.
    case donatedSteps
    /// As many pieces, one after the other.
    case concatenation
    /// As many products with one constant.
    case constantProducts
    /// A chain of as many elementwise operations.
    case chain
    /// A state that each step adds a product to, and that another product reads.
    case carriedState
    /// Value and gradient of as many steps of a recurrent network.
    case recurrent
    /// Value and gradient of as many products of small matrices.
    case smallProducts
    /// Value and gradient of as many steps of a Kalman filter.
    case filterSteps
    /// Value and gradient of as many residual layers with normalized rows.
    case residualLayers
    /// Value and gradient of as many steps whose elements are made of neighbours around a ring.
    case ringSteps
    /// Value and gradient of as many steps whose elements are looked up.
    case lookedUpSteps
    /// As many transposes that are taken as tensors of another shape.
    case flattenedTransposes

    /// The size of the smallest program.
    var size: Int {
      switch self {
      case .rowSums, .squaredNorm, .concatenation: 100
      case .clippedSteps, .donatedSteps: 60
      case .chain: 600
      case .constantProducts, .carriedState, .recurrent: 12
      case .smallProducts, .filterSteps: 10
      case .residualLayers: 6
      case .ringSteps, .flattenedTransposes: 20
      case .lookedUpSteps: 60
      }
    }

    /// How much more work twice the program may be. Where values must be stored because what reads them would
    /// compute them too often, the plan is looked at again for each that is found.
    var growth: Double {
      switch self {
      case .ringSteps, .flattenedTransposes: 3.3
      case .rowSums, .squaredNorm, .clippedSteps, .donatedSteps, .concatenation, .constantProducts,
        .chain, .carriedState, .recurrent, .smallProducts, .filterSteps, .residualLayers,
        .lookedUpSteps:
        2.3
      }
    }

    /// The arguments whose memory results may take over.
    func donated(_ count: Int) -> Set<Int> { self == .donatedSteps ? Set(0..<3 * count) : [] }

    /// The program of a size.
    func function(_ count: Int) throws -> Function {
      var builder = FunctionBuilder(name: "main")
      switch self {
      case .rowSums: return try rowSumsProgram(count, &builder)
      case .squaredNorm: return try squaredNormProgram(count, &builder).gradient(of: count)
      case .clippedSteps, .donatedSteps: return try clippedStepsProgram(count, &builder)
      case .concatenation: return try concatenationProgram(count, &builder)
      case .constantProducts: return try constantProductsProgram(count, &builder)
      case .chain: return try chainProgram(count, &builder)
      case .carriedState: return try carriedStateProgram(count, &builder)
      case .recurrent: return try recurrentProgram(count, &builder, [16, 32]).gradient(of: 3)
      case .smallProducts: return try recurrentProgram(count, &builder, [4, 4]).gradient(of: 3)
      case .filterSteps: return try filterProgram(count, &builder).gradient(of: 2)
      case .residualLayers: return try residualProgram(count, &builder).gradient(of: 1 + 2 * count)
      case .ringSteps: return try ringProgram(count, &builder).gradient(of: 1)
      case .lookedUpSteps: return try lookedUpProgram(count, &builder).gradient(of: 1)
      case .flattenedTransposes: return try transposesProgram(count, &builder)
      }
    }
  }

  /// Twice the program is little more than twice the work.
  @Test(arguments: Family.allCases)
  func stepsGrowWithTheProgram(_ family: Family) throws {
    let steps = try [1, 2, 4].map { factor in
      var statistics = PlanningStatistics()
      _ = try LoopProgram(
        lowering: family.function(factor * family.size).simplified(), for: .x86_64v4,
        donated: family.donated(factor * family.size), counting: &statistics)
      return statistics.steps
    }
    #expect(steps[0] > family.size)
    #expect(Double(steps[1]) <= family.growth * Double(steps[0]), "\(steps)")
    #expect(Double(steps[2]) <= family.growth * Double(steps[1]), "\(steps)")
  }

  /// What all gradients are scaled by is one number, found by one kernel.
  @Test(arguments: [Family.clippedSteps, .donatedSteps])
  func theScaleIsFoundOnce(_ family: Family) throws {
    let function = try family.function(12)
    let program = try LoopProgram(
      lowering: function.simplified(), for: .x86_64v4, donated: family.donated(12))
    #expect(program.kernels.count == 24)
    #expect(program.kernels.count { $0.slots.count > 12 } == 1)
    let arguments = randomArguments(for: function, seed: 3)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-5, "\(family)")
    }
  }

  /// Indices that are taken apart again and again, which would double each time, are cut by memory.
  @Test func flattenedTransposesKeepTheirMeaning() throws {
    let function = try Family.flattenedTransposes.function(20)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    #expect(program.kernels.count < 10)
    let arguments = randomArguments(for: function, seed: 5)
    let found = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(found, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-6, "transposes")
    }
  }

  /// Steps whose gradients need all states: each is computed by few kernels.
  @Test(arguments: [Family.ringSteps, .lookedUpSteps])
  func statesAreFoundOnce(_ family: Family) throws {
    let lines = try [40, 80].map { count in
      let function = try family.function(count).simplified()
      let program = try LoopProgram(lowering: function, for: .x86_64v4)
      return program.description.split(separator: "\n").count
    }
    #expect(Double(lines[1]) <= 2.3 * Double(lines[0]), "\(lines)")
  }

  /// A chain of scalars that each nest of loops needs some of is found once, piece by piece.
  @Test func longScalarChainsAreFoundOnce() throws {
    var builder = FunctionBuilder(name: "main")
    var scalar = builder.parameter(TensorType([], .f64))
    let vector = builder.parameter(TensorType([64], .f64))
    let sixth = try builder.constant(Literal(TensorType([], .f64), filledWith: 0.17))
    var results = [ValueID]()
    for step in 1...1200 {
      let sine = try builder.emit(.unary(.sine), [scalar])
      scalar = try builder.emit(.binary(.add), [sine, sixth])
      guard step.isMultiple(of: 200) else { continue }
      let factor = try builder.emit(.shape(.broadcast(shape: [64], dimensions: [])), [scalar])
      let scaled = try builder.emit(.binary(.multiply), [vector, factor])
      results.append(try builder.emit(.unary(.exponential), [scaled]))
    }
    let function = builder.finish(returning: results)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    let sines = program.description.components(separatedBy: "sin(").count - 1
    // Each kernel repeats at most what is behind the last number in memory.
    #expect((1200..<2400).contains(sines))
    let arguments = randomArguments(for: function, seed: 4)
    let found = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(found, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-12, "chain")
    }
  }
}

extension Function {
  /// The function and its gradient with respect to the first arguments.
  fileprivate func gradient(of count: Int) throws -> Function {
    try simplified().withGradient(of: Array(0..<count))
  }
}

private func rowSumsProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  let zero = try builder.constant(Literal(TensorType([], .f32), filledWith: 0))
  let results = try (0..<count).map { _ in
    let rows = builder.parameter(TensorType([64, 128], .f32))
    return try builder.emit(.reduce(Reduction(.add, dimensions: [1])), [rows, zero])
  }
  return builder.finish(returning: results)
}

private func squaredNormProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  let zero = try builder.constant(Literal(TensorType([], .f32), filledWith: 0))
  var sum = zero
  for _ in 0..<count {
    let argument = builder.parameter(TensorType([32, 16], .f32))
    let square = try builder.emit(.binary(.multiply), [argument, argument])
    let part = try builder.emit(.reduce(Reduction(.add, dimensions: [0, 1])), [square, zero])
    sum = try builder.emit(.binary(.add), [sum, part])
  }
  return builder.finish(returning: [sum])
}

/// Each step is scaled by what the norm of all gradients gives.
private func clippedStepsProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function
{
  let type = TensorType([32, 16], .f32)
  func constant(_ number: Double, _ type: TensorType) throws -> ValueID {
    try builder.constant(Literal(type, filledWith: number))
  }
  let (parameters, first, second, gradients) = (
    (0..<count).map { _ in builder.parameter(type) },
    (0..<count).map { _ in builder.parameter(type) },
    (0..<count).map { _ in builder.parameter(type) },
    (0..<count).map { _ in builder.parameter(type) }
  )
  let zero = try constant(0, TensorType([], .f32))
  var sum = zero
  for gradient in gradients {
    let square = try builder.emit(.binary(.multiply), [gradient, gradient])
    let part = try builder.emit(.reduce(Reduction(.add, dimensions: [0, 1])), [square, zero])
    sum = try builder.emit(.binary(.add), [sum, part])
  }
  let one = try constant(1, TensorType([], .f32))
  let inverse = try builder.emit(.unary(.rsqrt), [sum])
  let factor = try builder.emit(.binary(.minimum), [one, inverse])
  let scale = try builder.emit(.shape(.broadcast(shape: [32, 16], dimensions: [])), [factor])
  var results: [[ValueID]] = [[], [], []]
  for number in 0..<count {
    let step = try builder.emit(.binary(.multiply), [gradients[number], scale])
    func mean(_ old: ValueID, _ new: ValueID, _ share: Double) throws -> ValueID {
      let kept = try builder.emit(.binary(.multiply), [old, constant(1 - share, type)])
      let added = try builder.emit(.binary(.multiply), [new, constant(share, type)])
      return try builder.emit(.binary(.add), [kept, added])
    }
    let moment = try mean(first[number], step, 0.1)
    let square = try builder.emit(.binary(.multiply), [step, step])
    let spread = try mean(second[number], square, 0.001)
    let root = try builder.emit(.unary(.sqrt), [spread])
    let divisor = try builder.emit(.binary(.add), [root, constant(1e-8, type)])
    let change = try builder.emit(.binary(.divide), [moment, divisor])
    let next = try builder.emit(.binary(.subtract), [parameters[number], change])
    for (place, value) in [next, moment, spread].enumerated() { results[place].append(value) }
  }
  return builder.finish(returning: results.flatMap { $0 })
}

private func concatenationProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function
{
  let pieces = (0..<count).map { _ in builder.parameter(TensorType([16], .f32)) }
  return builder.finish(
    returning: [try builder.emit(.shape(.concatenate(dimension: 0)), pieces)])
}

private func constantProductsProgram(_ count: Int, _ builder: inout FunctionBuilder) throws
  -> Function
{
  let type = TensorType([64, 64], .f32)
  let factor = try builder.constant(Literal(type, doubles: (0..<4096).map { Double($0 % 17) }))
  let dimensions = DotDimensions(leftContracting: [1], rightContracting: [0])
  let results = try (0..<count).map { _ in
    let argument = builder.parameter(TensorType([8, 64], .f32))
    return try builder.emit(.dot(dimensions), [argument, factor])
  }
  return builder.finish(returning: results)
}

private func chainProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  let argument = builder.parameter(TensorType([1000], .f32))
  var value = argument
  for _ in 0..<count {
    let sine = try builder.emit(.unary(.sine), [value])
    value = try builder.emit(.binary(.multiply), [sine, argument])
  }
  return builder.finish(returning: [value])
}

private func ringProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  var state = builder.parameter(TensorType([128], .f32))
  for _ in 0..<count {
    let parts = try [(1, 128), (0, 1)].map { start, limit in
      try builder.emit(
        .shape(.slice(starts: [start], limits: [limit], strides: [1])), [state])
    }
    let neighbours = try builder.emit(.shape(.concatenate(dimension: 0)), parts)
    state = try builder.unary(.sine, builder.multiply(neighbours, state))
  }
  return try builder.finish(returning: [builder.reduce(.add, state, dimensions: [0])])
}

private func lookedUpProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  var state = builder.parameter(TensorType([64], .f32))
  let places = builder.parameter(TensorType([64, 1], .i32))
  let dimensions = GatherDimensions(
    offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
    sliceSizes: [1])
  for _ in 0..<count {
    state = try builder.unary(.sine, builder.emit(.gather(dimensions), [state, places]))
  }
  return try builder.finish(returning: [builder.reduce(.add, state, dimensions: [0])])
}

private func transposesProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  var value = builder.parameter(TensorType([24, 36], .f32))
  for _ in 0..<count {
    value = try builder.reshape(builder.transpose(value, permutation: [1, 0]), to: [24, 36])
    value = try builder.emit(.shape(.reverse(dimensions: [1])), [value])
  }
  return builder.finish(returning: [value])
}

private func carriedStateProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function
{
  let type = TensorType([32, 64], .f32)
  let weights = builder.parameter(TensorType([64, 64], .f32))
  var state = builder.parameter(type)
  let dimensions = DotDimensions(leftContracting: [1], rightContracting: [0])
  var results = [ValueID]()
  for _ in 0..<count {
    let input = builder.parameter(type)
    let product = try builder.emit(.dot(dimensions), [input, weights])
    state = try builder.emit(.binary(.add), [state, product])
    let output = try builder.emit(.unary(.tanh), [state])
    results.append(try builder.emit(.dot(dimensions), [output, weights]))
  }
  return builder.finish(returning: results)
}

private func recurrentProgram(
  _ count: Int, _ builder: inout FunctionBuilder, _ shape: [Int]
) throws -> Function {
  let type = TensorType(shape, .f32)
  let weights = TensorType([shape[1], shape[1]], .f32)
  let own = builder.parameter(weights)
  let incoming = builder.parameter(weights)
  var state = builder.parameter(type)
  let dimensions = DotDimensions(leftContracting: [1], rightContracting: [0])
  for _ in 0..<count {
    let input = builder.parameter(type)
    let first = try builder.emit(.dot(dimensions), [input, incoming])
    let second = try builder.emit(.dot(dimensions), [state, own])
    let sum = try builder.emit(.binary(.add), [first, second])
    state = try builder.emit(.unary(.tanh), [sum])
  }
  let zero = try builder.constant(Literal(TensorType([], .f32), filledWith: 0))
  let square = try builder.emit(.binary(.multiply), [state, state])
  return builder.finish(
    returning: [
      try builder.emit(.reduce(Reduction(.add, dimensions: [0, 1])), [square, zero])
    ])
}

/// The likelihood of a series of readings of the first of four numbers.
private func filterProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  let (scalar, matrix) = (TensorType([], .f32), TensorType([4, 4], .f32))
  let (motion, noise) = (builder.parameter(matrix), builder.parameter(matrix))
  var mean = builder.parameter(TensorType([4], .f32))
  var spread = builder.parameter(matrix)
  let product = DotDimensions(leftContracting: [1], rightContracting: [0])
  let transposed = DotDimensions(leftContracting: [1], rightContracting: [1])
  func first(_ value: ValueID, _ shape: [Int]) throws -> ValueID {
    let limits = builder[value].shape.enumerated().map { axis, extent in
      axis < builder[value].rank - shape.count ? 1 : extent
    }
    let slice = try builder.emit(
      .shape(
        .slice(
          starts: limits.map { _ in 0 }, limits: limits, strides: limits.map { _ in 1 })), [value])
    return try builder.reshape(slice, to: shape)
  }
  var sum = try builder.splat(0, scalar)
  for _ in 0..<count {
    let reading = builder.parameter(scalar)
    mean = try builder.emit(.dot(product), [motion, mean])
    let moved = try builder.emit(.dot(product), [motion, spread])
    spread = try builder.add(builder.emit(.dot(transposed), [moved, motion]), noise)
    let row = try first(spread, [4])
    let variance = try builder.add(first(row, []), builder.splat(1, scalar))
    let rest = try builder.subtract(reading, first(mean, []))
    let gain = try builder.divide(row, builder.broadcast(variance, to: [4], dimensions: []))
    mean = try builder.add(
      mean, builder.multiply(gain, builder.broadcast(rest, to: [4], dimensions: [])))
    let known = try builder.multiply(
      builder.broadcast(gain, to: [4, 4], dimensions: [0]),
      builder.broadcast(row, to: [4, 4], dimensions: [1]))
    spread = try builder.subtract(spread, known)
    sum = try builder.add(sum, builder.divide(builder.multiply(rest, rest), variance))
  }
  return builder.finish(returning: [sum])
}

/// Layers that each add two products of their input, whose rows are divided by their norms.
private func residualProgram(_ count: Int, _ builder: inout FunctionBuilder) throws -> Function {
  let (rows, width, inner) = (32, 48, 80)
  var state = builder.parameter(TensorType([rows, width], .f32))
  let weights = (0..<count).map { _ in
    (
      builder.parameter(TensorType([width, inner], .f32)),
      builder.parameter(TensorType([inner, width], .f32))
    )
  }
  let product = DotDimensions(leftContracting: [1], rightContracting: [0])
  for (wide, narrow) in weights {
    let square = try builder.reduce(.add, builder.multiply(state, state), dimensions: [1])
    let scale = try builder.unary(.rsqrt, square)
    let normal = try builder.multiply(
      state, builder.broadcast(scale, to: [rows, width], dimensions: [0]))
    let hidden = try builder.unary(.tanh, builder.emit(.dot(product), [normal, wide]))
    state = try builder.add(state, builder.emit(.dot(product), [hidden, narrow]))
  }
  let total = try builder.reduce(.add, builder.multiply(state, state), dimensions: [0, 1])
  return builder.finish(returning: [total])
}
