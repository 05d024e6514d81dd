import Differentiation
import LoopIR
import Optimizer
import Targets
import TensorIR
import Testing

@testable import Fusion

/// What planning within a memory budget takes.
@Suite struct BudgetPlanningTests {
  /// A chain of layers that is differentiated.
  private func chain() throws -> Function {
    let layers = (1...12).map { layer in
      """
          %d\(layer) = stablehlo.dot_general %h\(layer - 1), %w, contracting_dims = [1] x [0]
            : (tensor<64x32xf32>, tensor<32x32xf32>) -> tensor<64x32xf32>
          %h\(layer) = stablehlo.tanh %d\(layer) : tensor<64x32xf32>
      """
    }.joined(separator: "\n")
    let text = """
      func.func @main(%h0: tensor<64x32xf32>, %w: tensor<32x32xf32>) -> tensor<f32> {
      \(layers)
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %r = stablehlo.reduce(%h12 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (tensor<64x32xf32>, tensor<f32>) -> tensor<f32>
        return %r : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "chain.mlir")
    let function = try module.inlined(#require(module.entry)).simplified()
    return try function.withGradient(of: [0, 1]).simplified()
  }

  /// What an observer is told of a function within a budget, and whether it is told that kernels will be others.
  private func told(
    _ function: Function, budget: Int?
  ) throws -> (kernels: Int, ends: Bool, arena: Int) {
    var (kernels, ends) = (0, false)
    var options = ScheduleOptions()
    options.memory.budget = budget
    let lowered = try LoopProgram.lowered(
      function, for: .host, options,
      telling: KernelObserver(add: { _, _ in kernels += 1 }, end: { ends = true }))
    return (kernels, ends, lowered.program.arenaByteCount)
  }

  /// Kernels can be compiled while a plan is looked for that runs steps again.
  @Test func stepsThatRunAgainKeepTheirKernels() throws {
    let function = try chain()
    let whole = try told(function, budget: nil)
    let same = try told(function, budget: whole.arena)
    #expect(same.kernels == whole.kernels && same.arena == whole.arena && !same.ends)
    let less = try told(function, budget: whole.arena / 8 * 7)
    #expect(less.kernels == whole.kernels && less.arena <= whole.arena / 8 * 7 && !less.ends)
  }

  /// Where no plan with these kernels fits, whoever compiles them is told.
  @Test func otherKernelsEndEarlyCompilation() throws {
    var ends = 0
    var options = ScheduleOptions()
    options.memory.budget = 1
    #expect(throws: AdjointError.self) {
      try LoopProgram.lowered(
        chain(), for: .host, options,
        telling: KernelObserver(add: { _, _ in }, end: { ends += 1 }))
    }
    #expect(ends > 0)
  }

  /// What is tried within several budgets is lowered once, unless it is to be explained.
  @Test func functionsAreLoweredOnce() throws {
    let (cache, chain) = (LoweringCache(), try chain())
    var count = 0
    func lower(_ function: Function, explains: Bool = false, isKept: Bool = true) throws {
      _ = try cache.lowered(function, explains: explains, isKept: isKept) {
        count += 1
        let scheduler = Scheduler(
          LoopProgram(name: function.name), for: .host, ScheduleOptions(), knowing: cache.kernels,
          explains: explains)
        var lowering = Lowering(scheduler)
        try lowering.lower(function)
        return (lowering, lowering.scheduler.saveAll())
      }
    }
    try lower(chain, isKept: false)
    try lower(chain)
    #expect(count == 2)
    try lower(chain)
    #expect(count == 2)
    try lower(chain, explains: true)
    #expect(count == 3)
    var other = chain
    other.name = "other"
    try lower(other)
    #expect(count == 4)
  }

  /// No program is planned for four percent of the added time or less.
  @Test func smallPartsAreNotLookedFor() {
    #expect(InliningSearch.isNoticeable(5, of: 100))
    #expect(!InliningSearch.isNoticeable(4, of: 100))
    #expect(!InliningSearch.isNoticeable(0, of: 0))
  }

  /// With the bytes that an error names there is a plan, with a byte less there is none, which the error says again.
  @Test func errorsNameTheLeastBytes() throws {
    let function = try chain()
    func arena(_ budget: Int) throws -> Int { try told(function, budget: budget).arena }
    func least(_ budget: Int) -> Int? {
      do {
        _ = try arena(budget)
        return nil
      } catch {
        let words = "\(error)".split(separator: " ")
        return words.firstIndex(of: "least").flatMap { Int(words[$0 + 1]) }
      }
    }
    let named = try #require(least(1))
    #expect(try arena(named) <= named)
    #expect(least(named - 1) == named)
  }
}
