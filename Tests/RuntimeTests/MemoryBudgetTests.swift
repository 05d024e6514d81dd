import Differentiation
import Foundation
import Interpreter
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Programs under memory budgets and policies: the same bits in no more bytes than asked for.
@Suite struct MemoryBudgetTests {
  /// The policies that change what is kept.
  static let policies: [Rematerialization] = [
    .automatic, .saveNothing, .saveProducts, .save(named: ["a"]),
  ]

  private func executable(
    _ function: Function, budget: Int? = nil, _ policy: Rematerialization = .automatic
  ) throws -> Executable {
    var options = CodeOptions()
    options.memory = MemoryOptions(budget: budget, policy: policy)
    return try Executable(function, options: options)
  }

  /// The least number of bytes that an error names.
  private func least(_ error: AdjointError) throws -> Int {
    #expect(error.kind == .memory)
    let words = error.message.split(separator: " ")
    let place = try #require(words.firstIndex(of: "least"))
    return try #require(Int(words[place + 1]))
  }

  /// Expects the same bits at parts of the save-all arena, or at the least that an error names, and
  /// under every policy.
  ///
  /// - Returns: the least bytes planned.
  @discardableResult
  private func expectSameBits(
    _ function: Function, _ arguments: [Literal], _ name: String,
    parts: [Int] = [100, 75, 50, 33, 25, 1], policies: [Rematerialization] = Self.policies
  ) throws -> Int {
    let whole = try executable(function, .saveAll)
    let expected = try call(whole, arguments)
    var smallest = whole.report.arenaByteCount
    for part in parts {
      var budget = whole.report.arenaByteCount * part / 100
      if budget >= smallest, part < 100 { continue }
      var planned: Executable
      do {
        planned = try executable(function, budget: budget)
      } catch let error as AdjointError {
        budget = try least(error)
        planned = try executable(function, budget: budget)
      }
      #expect(planned.report.arenaByteCount <= budget, "\(name) at \(part) %")
      #expect(try call(planned, arguments) == expected, "\(name) at \(part) %")
      smallest = min(smallest, planned.report.arenaByteCount)
    }
    for policy in policies {
      let planned = try executable(function, policy)
      #expect(try call(planned, arguments) == expected, "\(name) with \(policy)")
    }
    return smallest
  }

  private func executable(
    _ function: Function, _ policy: Rematerialization
  ) throws -> Executable {
    try executable(function, budget: nil, policy)
  }

  /// A network of layers with skips, normalizations and several activations, and its gradient.
  private func network(seed: UInt64, layers: Int) throws -> (Function, [Literal]) {
    var random = SplitMix64(seed: seed)
    var builder = FunctionBuilder(name: "main")
    let (rows, width) = (random.int(in: 8...40), random.pick([16, 33, 48]))
    let type = TensorType([rows, width], .f32)
    let input = builder.parameter(type)
    var weights = [ValueID]()
    var value = input
    var earlier = [input]
    for _ in 0..<layers {
      let weight = builder.parameter(TensorType([width, width], .f32))
      weights.append(weight)
      let small = try builder.splat(1 / Double(width).squareRoot(), type)
      value = try builder.emit(
        .dot(DotDimensions(leftContracting: [1], rightContracting: [0])), [value, weight])
      value = try builder.multiply(value, small)
      switch random.int(in: 0...4) {
      case 0: value = try builder.unary(.tanh, value)
      case 1: value = try builder.multiply(value, builder.unary(.logistic, value))
      case 2:
        let mean = try builder.reduce(.add, value, dimensions: [1])
        let scale = try builder.splat(1 / Double(width), TensorType([rows], .f32))
        let spread = try builder.emit(
          .shape(.broadcast(shape: type.shape, dimensions: [0])), [builder.multiply(mean, scale)])
        value = try builder.emit(.binary(.subtract), [value, spread])
        let square = try builder.unary(.square, value)
        let variance = try builder.multiply(
          builder.reduce(.add, square, dimensions: [1]), scale)
        let root = try builder.unary(
          .rsqrt, builder.add(variance, builder.splat(0.1, TensorType([rows], .f32))))
        let factor = try builder.emit(
          .shape(.broadcast(shape: type.shape, dimensions: [0])), [root])
        value = try builder.multiply(value, factor)
      case 3: value = try builder.unary(.sine, value)
      default:
        let named = builder.location
        builder.location.trail.name = "a"
        value = try builder.emit(.optimizationBarrier, [builder.unary(.erf, value)])
        builder.location = named
      }
      if random.oneIn(2) { value = try builder.add(value, random.pick(earlier)) }
      earlier.append(value)
    }
    let loss = try builder.reduce(.add, builder.unary(.square, value), dimensions: [0, 1])
    let function = builder.finish(returning: [loss])
    let gradient = try function.simplified().withGradient(of: Array(0...layers)).simplified(
      SimplificationOptions(dropsStopGradients: true))
    try gradient.verify()
    return (gradient, randomArguments(for: gradient, seed: seed))
  }

  @Test(arguments: UInt64(0)..<3) func randomNetworksKeepTheirBits(_ seed: UInt64) throws {
    let (function, arguments) = try network(seed: seed, layers: 6)
    let whole = try executable(function, .saveAll).report.arenaByteCount
    let smallest = try expectSameBits(function, arguments, "seed \(seed)")
    #expect(smallest < whole, "nothing was gained for seed \(seed)")
  }

  /// How many random scans are taken apart: `ADJOINT_FUZZ=n` makes n of the few of a normal run.
  private static let scanCount =
    ProcessInfo.processInfo.environment["ADJOINT_FUZZ"].flatMap(UInt64.init) ?? 6

  @Test(arguments: 0..<Self.scanCount) func randomScansKeepTheirBits(_ seed: UInt64) throws {
    let function = try randomScan(seed: seed)
    try function.verify()
    let gradient = try function.simplified().withGradient(of: [0, 1, 2, 3]).simplified(
      SimplificationOptions(dropsStopGradients: true))
    let arguments = function.parameterTypes.map { type in
      var random = SplitMix64(seed: seed)
      return ArgumentValues.uniform(-0.5...0.5).literal(type, using: &random)
    }
    try expectSameBits(gradient, arguments, "seed \(seed)")
  }

  /// The lengths of recurrences, and whether they run backward: `ADJOINT_EXHAUSTIVE=1` takes all.
  private static let recurrenceForms: [(length: Int, isReversed: Bool)] =
    isExhaustive
    ? [24, 29, 96, 104].flatMap { [($0, false), ($0, true)] } : [(29, false), (104, true)]

  /// Loops whose iterations are composed in lanes are cut into pieces of whole vectors.
  @Test(arguments: RecurrenceProgram.all, Self.recurrenceForms)
  func recurrencesKeepTheirBits(
    _ program: RecurrenceProgram, _ form: (length: Int, isReversed: Bool)
  ) throws {
    let function = try program.loss(form.length, .f64, isReversed: form.isReversed)
    let count = function.parameterTypes.count
    let gradient = try function.simplified().withGradient(of: Array(0..<count)).simplified()
    try expectSameBits(
      gradient, program.arguments(form.length, .f64, seed: 9), "\(program)", parts: [75, 33, 1],
      policies: [])
  }

  /// Case programs and how many of their first arguments they are differentiated by: some, one with a loop and one
  /// that draws random bits among them, and all with `ADJOINT_EXHAUSTIVE=1`.
  private static let programs: [(String, Int)] =
    isExhaustive ? fewPrograms + otherPrograms : fewPrograms
  private static let fewPrograms: [(String, Int)] = [
    ("mlp_small", 4), ("gmm", 3), ("layernorm", 3), ("lotka", 1), ("dropout_threefry", 6),
  ]
  private static let otherPrograms: [(String, Int)] = [
    ("char_lstm", 7), ("cox_survival_logcumsumexp", 3), ("hodgkin_huxley", 7),
    ("kalman_smoother_rts", 4), ("mixture_of_experts_switch", 9), ("mlp", 6),
    ("navier_stokes_fft_projection", 2), ("particle_filter_stochastic_volatility", 4),
    ("rosenbrock", 1), ("scalar2000", 1), ("seismic_wave_inversion", 1), ("unet_dice", 8),
    ("wavenet_mulaw", 16),
  ]

  @Test(arguments: programs)
  func programsKeepTheirBits(_ name: String, _ count: Int) throws {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    let function = try module.inlined(entry).simplified().withGradient(of: Array(0..<count))
      .simplified()
    try expectSameBits(
      function, randomArguments(for: function, seed: 7), name,
      parts: isExhaustive ? [100, 75, 50, 33, 25, 1] : [50, 1],
      policies: isExhaustive ? Self.policies : [.saveNothing])
  }

  /// Gathered elements, a table laid out anew, and padding that products read: stored since that is quicker,
  /// and computed where they are read under a budget that has no room for them.
  static let storedForSpeed = [
    """
    func.func @main(%t: tensor<500xf32>, %i: tensor<4096x1xi32>, %j: tensor<4096x1xi32>, %y: tensor<4096xf32>) -> tensor<f32> {
      %0 = "stablehlo.gather"(%t, %i) <{dimension_numbers = #stablehlo.gather<\(gatherNumbers)
      %1 = "stablehlo.gather"(%t, %j) <{dimension_numbers = #stablehlo.gather<\(gatherNumbers)
      %2 = stablehlo.subtract %0, %1 : tensor<4096xf32>
      %m = stablehlo.multiply %2, %2 : tensor<4096xf32>
      %3 = stablehlo.subtract %m, %y : tensor<4096xf32>
      %4 = stablehlo.multiply %3, %3 : tensor<4096xf32>
      %c = stablehlo.constant dense<0.0> : tensor<f32>
      %5 = stablehlo.reduce(%4 init: %c) applies stablehlo.add across dimensions = [0] : (tensor<4096xf32>, tensor<f32>) -> tensor<f32>
      return %5 : tensor<f32>
    }
    """,
    """
    func.func @main(%x: tensor<64x512xf32>, %a: tensor<512x64xf32>) -> tensor<f32> {
      %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<64x512xf32>) -> tensor<512x64xf32>
      %1 = stablehlo.multiply %0, %a : tensor<512x64xf32>
      %c = stablehlo.constant dense<0.0> : tensor<f32>
      %2 = stablehlo.reduce(%1 init: %c) applies stablehlo.add across dimensions = [1] : (tensor<512x64xf32>, tensor<f32>) -> tensor<512xf32>
      %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<512xf32>) -> tensor<512x64xf32>
      %4 = stablehlo.add %0, %3 : tensor<512x64xf32>
      %5 = stablehlo.multiply %4, %4 : tensor<512x64xf32>
      %6 = stablehlo.reduce(%5 init: %c) applies stablehlo.add across dimensions = [0, 1] : (tensor<512x64xf32>, tensor<f32>) -> tensor<f32>
      return %6 : tensor<f32>
    }
    """,
    """
    func.func @main(%x: tensor<2x40x16xf32>, %w: tensor<5x16x16xf32>) -> tensor<f32> {
      %s = stablehlo.sine %x : tensor<2x40x16xf32>
      %c = stablehlo.constant dense<0.0> : tensor<f32>
      %p = stablehlo.pad %s, %c, low = [0, 4, 0], high = [0, 0, 0], interior = [0, 0, 0] : (tensor<2x40x16xf32>, tensor<f32>) -> tensor<2x44x16xf32>
      %0 = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {stride = [1], pad = [[0, 0]], lhs_dilate = [1], rhs_dilate = [1], reverse = [false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x44x16xf32>, tensor<5x16x16xf32>) -> tensor<2x40x16xf32>
      %1 = stablehlo.multiply %0, %0 : tensor<2x40x16xf32>
      %2 = stablehlo.reduce(%1 init: %c) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x40x16xf32>, tensor<f32>) -> tensor<f32>
      return %2 : tensor<f32>
    }
    """,
  ]

  private static let gatherNumbers = """
    offset_dims = [], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, \
    slice_sizes = array<i64: 1>}> : (tensor<500xf32>, tensor<4096x1xi32>) -> tensor<4096xf32>
    """

  @Test(arguments: zip(0..<3, [40, 20, 95]))
  func valuesStoredForSpeedAreGivenUp(_ number: Int, _ percent: Int) throws {
    let module = try Module(parsing: Self.storedForSpeed[number], file: "stored.mlir")
    let entry = try #require(module.entry)
    let function = try module.inlined(entry).simplified().withGradient(of: [0]).simplified()
    let whole = try executable(function, .saveAll).report.arenaByteCount
    let smallest = try expectSameBits(
      function, randomArguments(for: function, seed: 3), "program \(number)", policies: [])
    #expect(smallest * 100 <= whole * percent, "\(smallest) of \(whole) bytes")
  }

  /// Programs without derivatives, of many small kernels, loops and branches.
  @Test func otherProgramsKeepTheirBits() throws {
    for seed in UInt64(300)..<303 {
      let function = try randomFunction(seed: seed, element: .f32)
      try expectSameBits(
        function, randomArguments(for: function, seed: seed), "seed \(seed)", parts: [1],
        policies: [])
    }
    for program in ControlProgram.all {
      let function = try program.function()
      try expectSameBits(
        function, randomArguments(for: function, seed: 3), program.description, parts: [1],
        policies: [])
    }
  }

  /// Values of the way down that the way up reads again, as in a U-net: under the least budget steps
  /// read what was computed again, and are themselves run again later.
  @Test func stepsThatReadCopiesAreRunAgain() throws {
    let (depth, type) = (8, "tensor<256x64xf32>")
    func product(_ name: String, _ operand: String) -> String {
      "%\(name) = stablehlo.dot_general %\(operand), %w, contracting_dims = [1] x [0]"
        + " : (\(type), tensor<64x64xf32>) -> \(type)"
    }
    var lines = ["%h0 = stablehlo.tanh %x : \(type)"]
    for level in 1...depth {
      lines.append(product("p\(level)", "h\(level - 1)"))
      lines.append("%h\(level) = stablehlo.tanh %p\(level) : \(type)")
    }
    lines.append("%d\(depth) = stablehlo.cosine %h\(depth) : \(type)")
    for level in (0..<depth).reversed() {
      lines.append(product("q\(level)", "d\(level + 1)"))
      lines.append("%r\(level) = stablehlo.add %q\(level), %h\(level) : \(type)")
      lines.append("%d\(level) = stablehlo.tanh %r\(level) : \(type)")
    }
    let text = """
      func.func @main(%x: \(type), %w: tensor<64x64xf32>) -> tensor<f32> {
        \(lines.joined(separator: "\n  "))
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %s = stablehlo.reduce(%d0 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (\(type), tensor<f32>) -> tensor<f32>
        return %s : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "test.mlir")
    let function = try module.inlined(try #require(module.entry)).simplified()
      .withGradient(of: [0, 1]).simplified()
    try expectSameBits(
      function, randomArguments(for: function, seed: 5), "U-net", parts: [50, 1], policies: [])
  }

  /// A branch whose way copies one of its results to another: where only the other is computed again, what it is
  /// a copy of is written, too.
  @Test func branchesThatRunAgainWriteWhatTheyRead() throws {
    let text = """
      func.func @main(%p: tensor<i1>, %x: tensor<32x32xf32>, %w: tensor<32x32xf32>) -> tensor<f32> {
        %0:3 = "stablehlo.if"(%p) ({
          %1 = stablehlo.sine %x : tensor<32x32xf32>
          %2 = stablehlo.cosine %x : tensor<32x32xf32>
          stablehlo.return %1, %2, %1 : tensor<32x32xf32>, tensor<32x32xf32>, tensor<32x32xf32>
        }, {
          stablehlo.return %w, %x, %x : tensor<32x32xf32>, tensor<32x32xf32>, tensor<32x32xf32>
        }) : (tensor<i1>) -> (tensor<32x32xf32>, tensor<32x32xf32>, tensor<32x32xf32>)
        %3 = stablehlo.dot_general %0#1, %w, contracting_dims = [0] x [0]
          : (tensor<32x32xf32>, tensor<32x32xf32>) -> tensor<32x32xf32>
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %r = stablehlo.reduce(%0#0 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (tensor<32x32xf32>, tensor<f32>) -> tensor<f32>
        %q = stablehlo.optimization_barrier %r {adjoint.saved = "a"} : tensor<f32>
        %t = stablehlo.tanh %q : tensor<f32>
        %b = stablehlo.broadcast_in_dim %t, dims = [] : (tensor<f32>) -> tensor<32x32xf32>
        %m = stablehlo.multiply %3, %b : tensor<32x32xf32>
        %4 = stablehlo.sine %m : tensor<32x32xf32>
        %5 = stablehlo.dot_general %4, %0#2, contracting_dims = [0] x [0]
          : (tensor<32x32xf32>, tensor<32x32xf32>) -> tensor<32x32xf32>
        %6 = stablehlo.sine %5 : tensor<32x32xf32>
        %8 = stablehlo.reduce(%6 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (tensor<32x32xf32>, tensor<f32>) -> tensor<f32>
        return %8 : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "branch.mlir")
    let function = try module.inlined(try #require(module.entry)).simplified()
      .withGradient(of: [1, 2]).simplified()
    for isTaken in [0, 1] {
      var arguments = randomArguments(for: function, seed: 5)
      arguments[0] = Literal(TensorType([], .i1), integers: [Int64(isTaken)])
      try expectSameBits(function, arguments, "branch", parts: [], policies: Self.policies)
    }
  }

  /// Half and a quarter of the bytes of a deep chain need few more operations.
  @Test func chainsOfLayersFitAQuarter() throws {
    let (function, arguments) = try network(seed: 42, layers: 16)
    let whole = try executable(function, .saveAll)
    let half = try executable(function, budget: whole.report.arenaByteCount / 2)
    let third = try executable(function, budget: whole.report.arenaByteCount / 3)
    #expect(half.report.arenaByteCount * 2 <= whole.report.arenaByteCount)
    #expect(third.report.arenaByteCount * 3 <= whole.report.arenaByteCount)
    #expect(half.report.memory.addedFlops > 0)
    #expect(half.report.memory.addedFlops <= third.report.memory.addedFlops)
    #expect(try call(half, arguments) == call(whole, arguments))
    // No more than one more forward run: a third of the work.
    let flops = 16 * 2 * function[function.parameters[0]].count * 48
    #expect(half.report.memory.addedFlops <= flops)
  }
}

/// Scans under budgets that only segments fit.
@Suite struct CheckpointedScanTests {
  /// A recurrence with stacks, an output and captures, run backwards or forwards, and its gradient.
  private func recurrence(_ length: Int, isReversed: Bool) throws -> Function {
    let text = """
      func.func @main(%a: tensor<40xf32>, %w: tensor<40xf32>, %xs: tensor<\(length)x40xf32>)
          -> tensor<f32> {
        %0:2 = "adjoint.scan"(%a, %xs) <{carry_count = 1 : i64, length = \(length) : i64,
            reverse = \(isReversed)}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<40xf32>, %x: tensor<40xf32>):
          %n = stablehlo.convert %i : (tensor<i64>) -> tensor<f32>
          %c = stablehlo.constant dense<0.01> : tensor<f32>
          %m = stablehlo.multiply %n, %c : tensor<f32>
          %b = stablehlo.broadcast_in_dim %m, dims = [] : (tensor<f32>) -> tensor<40xf32>
          %1 = stablehlo.multiply %h, %w : tensor<40xf32>
          %2 = stablehlo.add %1, %x : tensor<40xf32>
          %3 = stablehlo.add %2, %b : tensor<40xf32>
          %4 = stablehlo.tanh %3 : tensor<40xf32>
          %5 = stablehlo.sine %4 : tensor<40xf32>
          stablehlo.return %4, %5 : tensor<40xf32>, tensor<40xf32>
        }) : (tensor<40xf32>, tensor<\(length)x40xf32>)
          -> (tensor<40xf32>, tensor<\(length)x40xf32>)
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %6 = stablehlo.multiply %0#1, %0#1 : tensor<\(length)x40xf32>
        %7 = stablehlo.reduce(%6 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (tensor<\(length)x40xf32>, tensor<f32>) -> tensor<f32>
        return %7 : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "scan.mlir")
    let function = try module.inlined(#require(module.entry)).simplified()
    return try function.withGradient(of: [0, 1, 2]).simplified()
  }

  /// Lengths with divisors for segments, and a prime number.
  @Test(arguments: [(720, false), (720, true), (709, false), (709, true)])
  func partsOfLoopsKeepBits(_ length: Int, _ isReversed: Bool) throws {
    let function = try recurrence(length, isReversed: isReversed)
    let arguments = randomArguments(for: function, seed: 5)
    var options = CodeOptions()
    options.memory.policy = .saveAll
    let whole = try Executable(function, options: options)
    let expected = try call(whole, arguments)
    options.memory.policy = .automatic
    var last = whole.report.arenaByteCount
    // Until an error names the least: segments, blocks of many steps, and of one.
    for _ in 0..<6 {
      var budget = last * 3 / 4
      var isLast = false
      let planned: Executable
      options.memory.budget = budget
      do {
        planned = try Executable(function, options: options)
      } catch let error as AdjointError {
        (budget, isLast) = (try least(error), true)
        options.memory.budget = budget
        planned = try Executable(function, options: options)
      }
      #expect(planned.report.arenaByteCount <= budget)
      #expect(try call(planned, arguments) == expected)
      last = planned.report.arenaByteCount
      if isLast { break }
    }
    // The output and its cotangent stay, in one place.
    let stack = length * 40 * 4
    #expect((last - stack) * 4 < whole.report.arenaByteCount - stack)
  }

  /// The least number of bytes that an error names.
  private func least(_ error: AdjointError) throws -> Int {
    #expect(error.kind == .memory)
    let words = error.message.split(separator: " ")
    let place = try #require(words.firstIndex(of: "least"))
    return try #require(Int(words[place + 1]))
  }

  /// One scan's stacks read by two scans in one direction and one in the other, one of them twice.
  @Test(arguments: [96, 97]) func severalScansReadOneStack(_ length: Int) throws {
    func scan(_ reversed: Bool, _ carry: String, _ stacks: [String], _ isStacked: Bool) -> String {
      let types = stacks.map { _ in "tensor<\(length)x48xf32>" }.joined(separator: ", ")
      let slices = stacks.indices.map { "%x\($0): tensor<48xf32>" }.joined(separator: ", ")
      let sum = stacks.count > 1 ? "%x1" : "%h"
      let results = isStacked ? "tensor<48xf32>, tensor<\(length)x48xf32>" : "tensor<48xf32>"
      return """
        "adjoint.scan"(\(carry), \(stacks.joined(separator: ", "))) <{carry_count = 1 : i64,
            length = \(length) : i64, reverse = \(reversed)}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<48xf32>, \(slices)):
          %1 = stablehlo.multiply %h, %x0 : tensor<48xf32>
          %2 = stablehlo.subtract \(sum), %1 : tensor<48xf32>
          %3 = stablehlo.tanh %2 : tensor<48xf32>
          stablehlo.return %3\(isStacked ? ", %1" : "") : tensor<48xf32>\(
            isStacked ? ", tensor<48xf32>" : "")
        }) : (tensor<48xf32>, \(types)) -> (\(results))
        """
    }
    let text = """
      func.func @main(%a: tensor<48xf32>, %w: tensor<\(length)x48xf32>) -> (tensor<48xf32>,
          tensor<48xf32>, tensor<48xf32>) {
        %0:2 = \(scan(false, "%a", ["%w"], true))
        %1 = \(scan(true, "%0#0", ["%0#1", "%w"], false))
        %2 = \(scan(false, "%1", ["%0#1"], false))
        %3 = \(scan(true, "%2", ["%0#1", "%0#1"], false))
        return %1, %2, %3 : tensor<48xf32>, tensor<48xf32>, tensor<48xf32>
      }
      """
    let module = try Module(parsing: text, file: "scans.mlir")
    let function = try module.inlined(#require(module.entry))
    let arguments = randomArguments(for: function, seed: 11)
    let whole = try Executable(function)
    let expected = try call(whole, arguments)
    for part in [2, 5, 100] {
      var options = CodeOptions()
      options.memory.budget = whole.report.arenaByteCount / part
      let planned: Executable
      do {
        planned = try Executable(function, options: options)
      } catch let error as AdjointError {
        options.memory.budget = try least(error)
        planned = try Executable(function, options: options)
      }
      #expect(planned.report.arenaByteCount <= options.memory.budget ?? 0)
      #expect(planned.report.arenaByteCount * 2 <= whole.report.arenaByteCount)
      #expect(try call(planned, arguments) == expected)
    }
  }

  /// A scan and what reads its residuals in the body of another scan, and in a branch.
  @Test(arguments: [false, true]) func scansInRegionsAreTakenApart(_ isBranch: Bool) throws {
    let inner = try recurrence(720, isReversed: false)
    let types = inner.parameterTypes
    var builder = FunctionBuilder(name: "main")
    let parameters = types.map { builder.parameter($0) }
    let (a, captures) = (parameters[0], Array(parameters[1...]))
    /// One step down the slope.
    func region(isStepping: Bool, hasIndex: Bool) throws -> Region {
      var body = FunctionBuilder(name: "region")
      if hasIndex { _ = body.parameter(TensorType([], .i64)) }
      let own = (types[1...] + [types[0]]).map { body.parameter($0) }
      guard isStepping else { return body.finish(returning: [own[own.count - 1]]) }
      let results = try body.inline(inner, [own[own.count - 1]] + own.dropLast())
      let step = try body.multiply(results[1], body.splat(0.1, types[0]))
      return body.finish(returning: [try body.subtract(own[own.count - 1], step)])
    }
    let result: ValueID
    if isBranch {
      let selector = builder.parameter(TensorType([], .i1))
      let branch = Branch(
        .predicate,
        branches: [
          try region(isStepping: true, hasIndex: false),
          try region(isStepping: false, hasIndex: false),
        ])
      result = try builder.emitAll(.branch(branch), [selector] + captures + [a])[0]
    } else {
      let scan = Scan(
        length: 3, isReversed: false, captureCount: captures.count, carryCount: 1,
        body: try region(isStepping: true, hasIndex: true))
      result = try builder.emitAll(.scan(scan), captures + [a])[0]
    }
    let function = try builder.finish(returning: [result]).simplified()
    try function.verify()
    var arguments = randomArguments(for: function, seed: 5)
    if isBranch { arguments[3] = Literal(TensorType([], .i1), integers: [1]) }
    let whole = try Executable(function)
    let expected = try call(whole, arguments)
    // The output's cotangent stays, half of all.
    for part in [67, 55] {
      var options = CodeOptions()
      options.memory.budget = whole.report.arenaByteCount * part / 100
      let planned = try Executable(function, options: options)
      #expect(planned.report.arenaByteCount <= whole.report.arenaByteCount * part / 100)
      #expect(planned.report.memory.saveAllByteCount == whole.report.arenaByteCount)
      #expect(try call(planned, arguments) == expected)
    }
  }

  /// Three carries of one segment's length and no stack: as many bytes as two levels take, and fewer.
  @Test func tenThousandStepsTakeTheRootOfTheirBytes() throws {
    let text = """
      func.func @main(%a: tensor<64xf32>) -> tensor<f32> {
        %0 = "adjoint.scan"(%a) <{carry_count = 1 : i64, length = 10000 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<64xf32>):
          %1 = stablehlo.sine %h : tensor<64xf32>
          stablehlo.return %1 : tensor<64xf32>
        }) : (tensor<64xf32>) -> tensor<64xf32>
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %2 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [0]
          : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
        return %2 : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "scan.mlir")
    let function = try module.inlined(#require(module.entry)).withGradient(of: [0]).simplified()
    let arguments = randomArguments(for: function, seed: 5)
    let expected = try runNatively(function, arguments)
    // 2·√(N·c·r) with c = r = 256 bytes, and the carries at hand.
    for (budget, name) in [(2 * 100 * 256 + 2048, "two levels"), (100 * 256, "more levels")] {
      var options = CodeOptions()
      options.memory.budget = budget
      let planned = try Executable(function, options: options)
      #expect(planned.report.arenaByteCount <= budget)
      #expect(try call(planned, arguments) == expected, "\(name)")
      // Sines of 64 numbers at each step are computed once more at least.
      let (memory, steps) = (planned.report.memory, 10_000 * 64 * 20)
      let isSegmented = budget > 2 * 100 * 256
      #expect(isSegmented ? memory.addedFlops == steps : memory.addedFlops > steps)
      #expect(memory.recomputedByteCount > 2_500_000 && memory.recomputedByteCount <= 2_560_000)
    }
  }
}
