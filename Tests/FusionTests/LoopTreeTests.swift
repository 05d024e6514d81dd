import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// The processors that loop trees are made for in these tests.
private let targets: [TargetDescription] = [.x86_64v4, .x86_64v3, .aarch64]

/// Scheduled loop trees, run by the loop interpreter, against the tensor interpreter.
@Suite struct LoopTreeTests {
  /// Every second case of a row, or all of them: native code, which is tested with all, comes from such loop trees.
  @Test(arguments: opTable)
  func opsKeepTheirMeaning(_ row: OpRow) throws {
    for (position, opCase) in row.cases.enumerated() where isExhaustive || position % 2 == 0 {
      let function = try opCase.function()
      // Complex arguments are pairs in memory, and decompositions and orders are C functions of the
      // runtime: all are compared with the tensor interpreter in native code only.
      if function.types.contains(where: \.element.isComplex)
        || function.operations.contains(where: { $0.op.isRoutine })
      {
        continue
      }
      let program = try LoopProgram(
        lowering: function, for: targets[position % targets.count])
      try program.verify()
      let arguments = row.arguments(for: function, seed: 5)
      let results = try LoopInterpreter.run(program, arguments: arguments)
      let expected = try Interpreter().run(function, arguments)
      // An empty argument that is returned has no buffer of its own.
      if results.isEmpty, expected[0].type.count == 0 { continue }
      expectClose(results[0], expected[0], row.tolerance, "\(opCase)")
    }
  }

  /// Products with every prologue, which are one kernel where the factor is not read too often.
  @Test(arguments: ProductProgram.Prologue.allCases)
  func prologuesKeepTheirMeaning(_ prologue: ProductProgram.Prologue) throws {
    for layout in ProductProgram.Layout.allCases {
      for (target, element) in zip(targets, [ElementType.f32, .f64, .f32]) {
        var product = ProductProgram(9, 6, 11, element)
        product.batch = [2]
        product.left = (layout, prologue)
        product.right = (layout, prologue)
        let function = try product.function()
        let program = try LoopProgram(lowering: function, for: target)
        try program.verify()
        #expect(program.kernels.count == 1, "\(product)")
        let arguments = randomArguments(for: function, seed: 3)
        let results = try LoopInterpreter.run(program, arguments: arguments)
        let expected = try Interpreter().run(function, arguments)
        expectClose(
          results[0], expected[0], relative: element == .f32 ? 1e-5 : 1e-13, "\(product)")
      }
    }
  }

  /// Of several large updates of one place the last one stays, so threads do not share them.
  @Test func updatesOfOnePlaceStayInOrder() throws {
    var builder = FunctionBuilder(name: "main")
    let operand = builder.parameter(TensorType([9, 50, 60], .f32))
    let places = builder.parameter(TensorType([9, 1], .i32))
    let updates = builder.parameter(TensorType([9, 50, 60], .f32))
    let dimensions = ScatterDimensions(
      .set, updateWindowDims: [1, 2], insertedWindowDims: [0], scatterDimsToOperandDims: [0],
      indexVectorDim: 1)
    let sines = try builder.unary(.sine, updates)
    let function = builder.finish(returning: [
      try builder.emit(.scatter(dimensions), [operand, places, sines])
    ])
    try LoopProgram(lowering: function, for: .x86_64v4).verify()
  }

  @Test(arguments: 0..<40)
  func randomProgramsKeepTheirMeaning(_ number: Int) throws {
    let seed = UInt64(9000 + number)
    let function = try randomFunction(seed: seed).simplified()
    let program = try LoopProgram(lowering: function, for: targets[number % targets.count])
    try program.verify()
    let arguments = randomArguments(for: function, seed: seed)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-11, "seed \(seed)")
    }
  }

  @Test(arguments: 0..<30)
  func randomGradientsKeepTheirMeaning(_ number: Int) throws {
    let seed = UInt64(7000 + number)
    let value = try randomFunction(seed: seed, differentiable: true)
    let function = try value.withGradient(of: Array(value.parameters.indices)).simplified()
    let program = try LoopProgram(lowering: function, for: targets[number % targets.count])
    try program.verify()
    let arguments = randomArguments(for: function, seed: seed)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-9, "seed \(seed)")
    }
  }
}

extension Op {
  /// Whether a routine of the runtime carries the operation out.
  fileprivate var isRoutine: Bool {
    switch self {
    case .matrix, .order: true
    default: false
    }
  }
}
