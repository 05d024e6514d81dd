import Differentiation
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
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
    return try gradient(of: text)
  }

  /// The gradient of a program for its two arguments.
  private func gradient(of text: String) throws -> Function {
    let module = try Module(parsing: text, file: "program.mlir")
    let function = try module.inlined(#require(module.entry)).simplified()
    return try function.withGradient(of: [0, 1]).simplified()
  }

  /// A scan that is differentiated.
  private func scan() throws -> Function {
    let vector = "tensor<16x4xf32>"
    return try gradient(
      of: """
        func.func @main(%a: \(vector), %w: tensor<4x4xf32>) -> tensor<f32> {
          %0:2 = "adjoint.scan"(%a, %a) <{carry_count = 2 : i64, length = 100 : i64, reverse = true}> ({
          ^bb0(%i: tensor<i64>, %x: \(vector), %y: \(vector)):
            %d = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
              : (\(vector), tensor<4x4xf32>) -> \(vector)
            %t = stablehlo.tanh %d : \(vector)
            stablehlo.return %t, %x : \(vector), \(vector)
          }) : (\(vector), \(vector)) -> (\(vector), \(vector))
          %1 = stablehlo.transpose %0#0, dims = [1, 0] : (\(vector)) -> tensor<4x16xf32>
          %2 = stablehlo.tanh %1 : tensor<4x16xf32>
          %3 = stablehlo.transpose %2, dims = [1, 0] : (tensor<4x16xf32>) -> \(vector)
          %4 = stablehlo.sine %3 : \(vector)
          %5 = stablehlo.multiply %4, %4 : \(vector)
          %z = stablehlo.constant dense<0.0> : tensor<f32>
          %6 = stablehlo.reduce(%5 init: %z) applies stablehlo.add across dimensions = [0, 1]
            : (\(vector), tensor<f32>) -> tensor<f32>
          return %6 : tensor<f32>
        }
        """)
  }

  /// What an observer is told of a function within a budget, and whether it is told that kernels will be others.
  private func told(
    _ function: Function, budget: Int?, policy: Rematerialization = .automatic
  ) throws -> (kernels: Int, ends: Bool, arena: Int) {
    var (kernels, ends) = (0, false)
    var options = ScheduleOptions()
    options.memory.budget = budget
    options.memory.policy = policy
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
        return (lowering, lowering.scheduler.saveAll(), MemoryPlans())
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

  /// What taking out a value changes is known only as long as its kernels are, and those that read it are the same.
  @Test(arguments: [false, true]) func changesAreKnownWhileTheyHold(_ isBackwards: Bool) throws {
    let module = try Module(parsing: programText("wavenet_mulaw"), file: "wavenet_mulaw")
    let function = try module.inlined(#require(module.entry)).simplified()
      .withGradient(of: Array(0..<16)).simplified()
    var lowering = Lowering(
      Scheduler(LoopProgram(name: function.name), for: .host, ScheduleOptions()))
    try lowering.lower(function)
    let program = lowering.scheduler.saveAll().program
    let book = try #require(lowering.scheduler.recipes)
    var plain = InlinedValues(program, ProgramRecipes(book, for: program))
    var asked = plain
    let buffers = program.buffers.indices.map { BufferID($0) }
    for buffer in buffers { _ = asked.cost(of: buffer) }
    for buffer in isBackwards ? buffers.reversed() : buffers {
      #expect(plain.inline(buffer) == asked.inline(buffer))
    }
    #expect(plain.values.count > 10)
    #expect(plain.program == asked.program)
  }

  /// No program is planned for four percent of the added time or less.
  @Test func smallPartsAreNotLookedFor() {
    #expect(InliningSearch.isNoticeable(5, of: 100))
    #expect(!InliningSearch.isNoticeable(4, of: 100))
    #expect(!InliningSearch.isNoticeable(0, of: 0))
  }

  /// The least number of bytes that the error about a budget names; nil where there is a plan.
  private func least(
    _ function: Function, budget: Int, _ policy: Rematerialization
  ) -> Int? {
    do {
      _ = try told(function, budget: budget, policy: policy)
      return nil
    } catch {
      let words = "\(error)".split(separator: " ")
      return words.firstIndex(of: "least").flatMap { Int(words[$0 + 1]) }
    }
  }

  /// With the bytes that an error names there is a plan, with a byte less there is none, which the error says again.
  private func expectLeast(
    of function: Function, _ policy: Rematerialization = .automatic
  ) throws {
    let named = try #require(least(function, budget: 1, policy))
    #expect(try told(function, budget: named, policy: policy).arena <= named)
    #expect(least(function, budget: named - 1, policy) == named)
    #expect(least(function, budget: named / 16 * 15, policy) == named)
  }

  @Test func errorsNameTheLeastBytes() throws {
    try expectLeast(of: chain())
  }

  /// A search within the least bytes looks at other plans than the one that found them.
  @Test(arguments: [Rematerialization.automatic, .saveNothing, .saveProducts])
  func policiesHaveALeastNumberOfBytes(_ policy: Rematerialization) throws {
    try expectLeast(of: scan(), policy)
  }

  /// Searches within several budgets place each program once, and what a budget gives does not depend on others that
  /// were tried before.
  @Test func plansAreKnownWithinOtherBudgets() throws {
    let function = try chain()
    var lowering = Lowering(
      Scheduler(LoopProgram(name: function.name), for: .host, ScheduleOptions()))
    try lowering.lower(function)
    let saved = lowering.scheduler.saveAll()
    func arena(_ part: Int, knowing plans: MemoryPlans) throws -> Int {
      var scheduler = lowering.scheduler
      scheduler.plans = plans
      scheduler.options.memory.budget = saved.placed.arenaByteCount / 8 * part
      try scheduler.planMemory(saved)
      return scheduler.program.arenaByteCount
    }
    let plans = MemoryPlans()
    let known = try [7, 6, 5, 7].map { try arena($0, knowing: plans) }
    #expect(try known == [7, 6, 5, 7].map { try arena($0, knowing: MemoryPlans()) })
    #expect(plans.madeCount == 1)
  }

  // MARK: Scans in blocks

  /// So many functions are lowered to find a plan: the whole one, then one for each division of the scan that is tried.
  @Test func fewDivisionsAreLowered() throws {
    let scan = try scan()
    let whole = try told(scan, budget: nil).arena
    func count(_ budget: Int?, _ policy: Rematerialization = .automatic) throws -> Int {
      var options = ScheduleOptions()
      (options.memory.budget, options.memory.policy) = (budget, policy)
      return try LoopProgram.lowered(scan, for: .host, options).statistics.loweredFunctions
    }
    #expect(try count(nil) == 1)
    #expect(try count(whole) == 1)
    #expect(try count(whole / 2) == 2)
    #expect(try count(whole / 8) == 3)
  }
}
