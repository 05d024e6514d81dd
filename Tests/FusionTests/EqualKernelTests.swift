import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Kernels that differ in their buffers only are planned, built and scheduled once, and kernels that
/// look alike are told apart.
@Suite struct EqualKernelTests {
  /// What lowering a function takes.
  private func statistics(_ function: Function) throws -> PlanningStatistics {
    var statistics = PlanningStatistics()
    let program = try LoopProgram(lowering: function, for: .x86_64v4, counting: &statistics)
    try program.verify()
    return statistics
  }

  /// More equal layers take no more audits, kernels or schedules.
  @Test func layersArePlannedOnce() throws {
    let (few, many) = try (statistics(layers(6)), statistics(layers(12)))
    #expect(few.auditedDemands > 20)
    #expect(many.auditedDemands <= few.auditedDemands + few.auditedDemands / 4)
    #expect(many.builtDemands == few.builtDemands)
    #expect(many.scheduledKernels == few.scheduledKernels)
    #expect(few.fittedChains > 1)
    #expect(many.fittedChains == few.fittedChains)
  }

  /// Value and gradient of as many layers: a product, a normalization of rows, a function.
  private func layers(_ count: Int) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([16, 32], .f32)
    let zero = try builder.constant(Literal(TensorType([], .f32), filledWith: 0))
    var state = builder.parameter(type)
    for _ in 0..<count {
      let weights = builder.parameter(TensorType([32, 32], .f32))
      let product = try builder.emit(
        .dot(DotDimensions(leftContracting: [1], rightContracting: [0])), [state, weights])
      let square = try builder.emit(.binary(.multiply), [product, product])
      let sum = try builder.emit(.reduce(Reduction(.add, dimensions: [1])), [square, zero])
      let scale = try builder.emit(.unary(.rsqrt), [sum])
      let scales = try builder.emit(.shape(.broadcast(shape: type.shape, dimensions: [0])), [scale])
      let scaled = try builder.emit(.binary(.multiply), [product, scales])
      state = try builder.emit(.unary(.tanh), [scaled])
    }
    let sum = try builder.emit(.reduce(Reduction(.add, dimensions: [0, 1])), [state, zero])
    return try builder.finish(returning: [sum]).simplified().withGradient(
      of: Array(1...count)
    ).simplified()
  }

  /// Sums over rows of products of tensors in several patterns, of other constants, types and orders.
  @Test func kernelsThatLookAlikeAreToldApart() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([8, 40], .f32)
    let (x, y, z) = (builder.parameter(type), builder.parameter(type), builder.parameter(type))
    let wide = builder.parameter(TensorType([40, 8], .f32))
    let zero = try builder.constant(Literal(TensorType([], .f32), filledWith: 0))
    let one = try builder.constant(Literal(TensorType([], .f32), filledWith: 1))
    let table = try builder.constant(Literal(type, doubles: (0..<320).map { Double($0 % 7) }))
    let other = try builder.constant(Literal(type, doubles: (0..<320).map { Double($0 % 5) }))
    var results = [ValueID]()
    func sum(_ value: ValueID, _ axis: Int = 1, from initial: ValueID? = nil) throws {
      results.append(
        try builder.emit(
          .reduce(Reduction(.add, dimensions: [axis])), [value, initial ?? zero]))
    }
    for (left, right) in [(x, y), (x, x), (y, y), (y, z), (x, table), (x, other), (z, table)] {
      let product = try builder.emit(.binary(.multiply), [left, right])
      try sum(product)
      try sum(product, from: one)
      try sum(product, 0)
      let difference = try builder.emit(.binary(.subtract), [product, right])
      try sum(try builder.emit(.unary(.exponential), [difference]))
      results.append(try builder.emit(.binary(.subtract), [left, difference]))
      results.append(try builder.emit(.binary(.subtract), [difference, left]))
    }
    try sum(wide)
    try sum(wide, 0)
    let turned = try builder.emit(.shape(.transpose(permutation: [1, 0])), [wide])
    results.append(try builder.emit(.binary(.add), [turned, x]))
    results.append(try builder.emit(.binary(.add), [x, turned]))
    let function = builder.finish(returning: results)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    let arguments = randomArguments(for: function, seed: 11)
    let found = try LoopInterpreter.run(program, arguments: arguments)
    let expected = try Interpreter().run(function, arguments)
    for (position, (result, wanted)) in zip(found, expected).enumerated() {
      expectClose(result, wanted, relative: 1e-5, "result \(position)")
    }
  }

  /// A wrong kernel is refused wherever it stands among equal ones.
  @Test func everyKernelIsVerified() throws {
    var builder = FunctionBuilder(name: "main")
    let results = try (0..<4).map { _ in
      let argument = builder.parameter(TensorType([64], .f32))
      return try builder.emit(.unary(.exponential), [argument])
    }
    let program = try LoopProgram(
      lowering: builder.finish(returning: results), for: .x86_64v4)
    try program.verify()
    for number in program.kernels.indices {
      var wrong = program
      wrong.kernels[number].variables[0].extent += 1
      #expect(throws: AdjointError.self) { try wrong.verify() }
      wrong = program
      wrong.kernels[number].slots.swapAt(0, 1)
      #expect(throws: AdjointError.self) { try wrong.verify() }
    }
  }
}
