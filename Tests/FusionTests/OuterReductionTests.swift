import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Programs that reduce stored tables over other axes than the last, which go down the columns with the
/// columns in lanes.
@Suite struct OuterReductionTests {
  /// What is reduced, of the sum of a table and a vector along the reduced axis.
  enum Form: CaseIterable {
    case maximum, minimum, product, softMaximum, centered
  }

  private static let targets: [TargetDescription] = [.x86_64v4, .x86_64v3, .aarch64]
  private static let shapes = [[24, 24], [24, 33], [33, 24], [9, 8], [3, 17, 12], [5, 1, 16]]

  /// The value, all its parts and the gradient for table and vector.
  private func function(_ form: Form, _ shape: [Int], _ element: ElementType) throws -> Function {
    let axis = shape.count - 2
    let kept = shape.removing([axis])
    let others = shape.indices.filter { $0 != axis }
    var builder = FunctionBuilder(name: "main")
    let table = builder.parameter(TensorType(shape, element))
    let vector = builder.parameter(TensorType([shape[axis]], element))
    let wide = try builder.broadcast(vector, to: shape, dimensions: [axis])
    let sum = try builder.add(table, wide)
    func reduce(_ kind: Reduction.Kind, _ value: ValueID) throws -> ValueID {
      try builder.reduce(kind, value, dimensions: [axis])
    }
    func spread(_ value: ValueID) throws -> ValueID {
      try builder.broadcast(value, to: shape, dimensions: others)
    }
    let reduced: ValueID
    switch form {
    case .maximum: reduced = try reduce(.maximum, sum)
    case .minimum: reduced = try reduce(.minimum, builder.multiply(sum, table))
    case .product:
      reduced = try builder.multiply(reduce(.maximum, sum), reduce(.add, sum))
    case .softMaximum:
      let greatest = try reduce(.maximum, sum)
      let scaled = try builder.unary(.exponential, builder.subtract(sum, spread(greatest)))
      reduced = try builder.add(greatest, builder.unary(.log, reduce(.add, scaled)))
    case .centered:
      let mean = try builder.divide(
        reduce(.add, sum), builder.splat(Double(shape[axis]), TensorType(kept, element)))
      reduced = try reduce(.add, builder.unary(.square, builder.subtract(sum, spread(mean))))
    }
    let total = try builder.reduce(
      .add, builder.unary(.square, reduced), dimensions: Array(kept.indices))
    return try builder.finish(returning: [total]).withGradient(of: [0, 1]).simplified()
  }

  @Test(arguments: Form.allCases, targets)
  func keepTheirMeaning(_ form: Form, _ target: TargetDescription) throws {
    for shape in Self.shapes {
      for element in [ElementType.f32, .f64] {
        let function = try function(form, shape, element)
        let program = try LoopProgram(lowering: function, for: target)
        try program.verify()
        let arguments = randomArguments(for: function, seed: 7)
        let results = try LoopInterpreter.run(program, arguments: arguments)
        for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
          expectClose(result, expected, relative: element == .f32 ? 1e-4 : 1e-12, "\(shape)")
        }
      }
    }
  }

  /// The table of which the greatest elements are taken is neither written nor computed twice, and columns
  /// are in lanes: no lane reads or writes further apart than its neighbour.
  @Test(arguments: [[24, 24], [24, 40]])
  func goDownColumns(_ shape: [Int]) throws {
    let function = try function(.maximum, shape, .f64)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    let reducing = program.kernels.filter { $0.body.contains(where: \.isMaximumOverColumns) }
    #expect(reducing.count == 1)
    let tables = program.buffers.filter { buffer in
      guard case .arena = buffer.storage else { return false }
      return buffer.type.shape == shape && buffer.type.element == .f64
    }
    #expect(tables.isEmpty)
  }

  /// What is made of a sum with a short axis written out finds it where it is computed.
  @Test func sumsOverPairsAreMadeOnce() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([8, 3], .f64)
    let (places, speeds) = (builder.parameter(type), builder.parameter(type))
    let cube = [8, 8, 3]
    let distance = try builder.subtract(
      builder.broadcast(places, to: cube, dimensions: [1, 2]),
      builder.broadcast(places, to: cube, dimensions: [0, 2]))
    let square = try builder.reduce(.add, builder.unary(.square, distance), dimensions: [2])
    let softened = try builder.add(square, builder.splat(0.01, builder[square]))
    let weight = try builder.broadcast(
      builder.unary(.rsqrt, softened), to: cube, dimensions: [0, 1])
    let force = try builder.reduce(.add, builder.multiply(distance, weight), dimensions: [1])
    let faster = try builder.add(speeds, force)
    let moved = try builder.add(places, faster)
    let function = builder.finish(returning: [faster, moved])
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    var roots = 0
    for kernel in program.kernels {
      kernel.body.forEachNode { node in
        if case .define(_, .apply(.unary(.rsqrt), _)) = node { roots += 1 }
      }
    }
    #expect(roots == 1)
    let arguments = randomArguments(for: function, seed: 3)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-13, "pairs")
    }
  }
}

extension Node {
  /// Whether the node is a loop in lanes, over serial loops of which one takes a maximum.
  fileprivate var isMaximumOverColumns: Bool {
    guard case .loop(let loop) = self, case .vector = loop.schedule else { return false }
    return loop.body.contains { node in
      guard case .loop(let inner) = node, inner.schedule == .serial else { return false }
      return inner.accumulators.contains { $0.kind == .maximum }
    }
  }
}
