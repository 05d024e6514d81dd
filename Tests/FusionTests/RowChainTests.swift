import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Kernels that take rows through several steps.
@Suite struct RowChainTests {
  private func program(_ text: String, for target: TargetDescription = .x86_64v4) throws
    -> LoopProgram
  {
    let module = try Module(parsing: text, file: "test.mlir")
    let entry = try #require(module.entry)
    let program = try LoopProgram(lowering: module.inlined(entry).simplified(), for: target)
    try program.verify()
    return program
  }

  /// A softmax of `x · w`, which `results` may return together with it.
  private func softmax(
    rows: Int, depth: Int, columns: Int, axis: Int = 1, returnsProduct: Bool = false
  ) -> String {
    let (x, w) = ("tensor<\(rows)x\(depth)xf32>", "tensor<\(depth)x\(columns)xf32>")
    let y = "tensor<\(rows)x\(columns)xf32>"
    let s = "tensor<\(axis == 1 ? rows : columns)xf32>"
    return """
      func.func @main(%x: \(x), %w: \(w)) -> (\(y)\(returnsProduct ? ", \(y)" : "")) {
        %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
        %zero = stablehlo.constant dense<0.0> : tensor<f32>
        %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (\(x), \(w)) -> \(y)
        %1 = stablehlo.reduce(%0 init: %low) applies stablehlo.maximum across dimensions = [\(axis)]
          : (\(y), tensor<f32>) -> \(s)
        %2 = stablehlo.broadcast_in_dim %1, dims = [\(1 - axis)] : (\(s)) -> \(y)
        %3 = stablehlo.subtract %0, %2 : \(y)
        %4 = stablehlo.exponential %3 : \(y)
        %5 = stablehlo.reduce(%4 init: %zero) applies stablehlo.add across dimensions = [\(axis)]
          : (\(y), tensor<f32>) -> \(s)
        %6 = stablehlo.broadcast_in_dim %5, dims = [\(1 - axis)] : (\(s)) -> \(y)
        %7 = stablehlo.divide %4, %6 : \(y)
        return \(returnsProduct ? "%7, %0 : \(y), \(y)" : "%7 : \(y)")
      }
      """
  }

  /// A product and the statistics of its rows are one kernel, and the product is never stored,
  /// whether threads share the rows or not.
  @Test(arguments: [(20, 6, 10), (4096, 64, 10), (5000, 32, 256), (999, 1, 17)])
  func rowStatisticsFollowTheirProduct(_ rows: Int, _ depth: Int, _ columns: Int) throws {
    let program = try program(softmax(rows: rows, depth: depth, columns: columns))
    #expect(program.kernels.count == 1)
    #expect(program.arenaByteCount == 0)
  }

  /// Steps of their own remain where the steps do not go row by row, where somebody else reads the
  /// product too, and where blocks of rows would read a large right factor too often.
  @Test func whatIsBetterApart() throws {
    let columns = softmax(rows: 4096, depth: 64, columns: 10, axis: 0)
    #expect(try program(columns).kernels.count > 1)
    let both = softmax(rows: 4096, depth: 64, columns: 10, returnsProduct: true)
    #expect(try program(both).kernels.count == 2)
    let large = softmax(rows: 1024, depth: 256, columns: 1000)
    #expect(try program(large).kernels.count == 2)
    let wide = softmax(rows: 4096, depth: 4, columns: 6000)
    #expect(try program(wide).kernels.count == 2)
  }

  /// Scores, their softmax and the values it weighs are one kernel; scores and weights share memory.
  @Test func attentionIsOneKernel() throws {
    let (q, s) = ("tensor<1024x64xf32>", "tensor<1024x1024xf32>")
    let program = try program(
      """
      func.func @main(%q: \(q), %k: \(q), %v: \(q)) -> \(q) {
        %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
        %zero = stablehlo.constant dense<0.0> : tensor<f32>
        %0 = stablehlo.dot_general %q, %k, contracting_dims = [1] x [1] : (\(q), \(q)) -> \(s)
        %1 = stablehlo.reduce(%0 init: %low) applies stablehlo.maximum across dimensions = [1]
          : (\(s), tensor<f32>) -> tensor<1024xf32>
        %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<1024xf32>) -> \(s)
        %3 = stablehlo.subtract %0, %2 : \(s)
        %4 = stablehlo.exponential %3 : \(s)
        %5 = stablehlo.reduce(%4 init: %zero) applies stablehlo.add across dimensions = [1]
          : (\(s), tensor<f32>) -> tensor<1024xf32>
        %6 = stablehlo.broadcast_in_dim %5, dims = [0] : (tensor<1024xf32>) -> \(s)
        %7 = stablehlo.divide %4, %6 : \(s)
        %8 = stablehlo.dot_general %7, %v, contracting_dims = [1] x [0] : (\(s), \(q)) -> \(q)
        return %8 : \(q)
      }
      """)
    #expect(program.kernels.count == 1)
    #expect(program.arenaByteCount == 0)
    #expect(program.kernels[0].locals.map(\.shape) == [[1024], [48, 1024]])
  }

  /// What a chain keeps on the stack stays below a limit, whatever the rows.
  @Test(arguments: [(100_000, 8, 700), (50, 3, 900), (4096, 16, 1024)])
  func localsAreSmall(_ rows: Int, _ depth: Int, _ columns: Int) throws {
    let program = try program(softmax(rows: rows, depth: depth, columns: columns))
    for kernel in program.kernels {
      let bytes = kernel.locals.reduce(0) { $0 + $1.count * $1.element.byteCount }
      #expect(bytes <= 200 << 10)
    }
  }

  /// Chains end where planning them would take long.
  @Test func longChainsAreCut() throws {
    let y = "tensor<256x32xf32>"
    let layers = (0..<40).map { layer in
      """
        %p\(layer) = stablehlo.dot_general %y\(layer), %w, contracting_dims = [1] x [0]
          : (\(y), tensor<32x32xf32>) -> \(y)
        %y\(layer + 1) = stablehlo.tanh %p\(layer) : \(y)
      """
    }
    let program = try program(
      """
      func.func @main(%y0: \(y), %w: tensor<32x32xf32>) -> \(y) {
      \(layers.joined(separator: "\n"))
        return %y40 : \(y)
      }
      """)
    #expect(program.kernels.map(\.stepCount) == [24, 16])
  }

  /// A small sum of two products does not keep the first one's large factor until the second.
  @Test func chainsMoveForMoreThanTheyProlong() throws {
    let (x, d, w) = ("tensor<1200x20xf64>", "tensor<1200x5xf64>", "tensor<20x5xf64>")
    let program = try program(
      """
      func.func @main(%x: \(x), %z: \(x), %d: \(d)) -> \(w) {
        %0 = stablehlo.tanh %x : \(x)
        %1 = stablehlo.dot_general %0, %d, contracting_dims = [0] x [0] : (\(x), \(d)) -> \(w)
        %2 = stablehlo.exponential %z : \(x)
        %3 = stablehlo.dot_general %2, %d, contracting_dims = [0] x [0] : (\(x), \(d)) -> \(w)
        %4 = stablehlo.add %1, %3 : \(w)
        return %4 : \(w)
      }
      """)
    #expect(program.arenaByteCount < 2 * 1200 * 20 * 8)
  }

  /// Random chains, run by the loop interpreter, against the tensor interpreter; most of them have a
  /// kernel of several steps.
  @Test func randomChainsKeepTheirMeaning() throws {
    let targets: [TargetDescription] = [.x86_64v4, .x86_64v3, .aarch64]
    var chains = 0
    for number in 0..<24 {
      let seed = UInt64(500 + number)
      let rows = [7, 64, 200][number % 3]
      let function = try randomChainFunction(seed: seed, element: .f64, rows: rows).simplified()
      let program = try LoopProgram(lowering: function, for: targets[number / 3 % 3])
      try program.verify()
      let arguments = randomArguments(for: function, seed: seed)
      let results = try LoopInterpreter.run(program, arguments: arguments)
      for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
        expectClose(result, expected, relative: 1e-11, "seed \(seed)")
      }
      if program.kernels.contains(where: { $0.productCount > 0 && $0.stepCount > 1 }) {
        chains += 1
      }
    }
    #expect(chains >= 12)
  }
}

extension Kernel {
  /// Loops and products at the top, or at the top of a parallel loop.
  fileprivate var stepCount: Int {
    var count = 0
    for case .loop(let loop) in body where loop.schedule == .parallel {
      count += loop.body.count(where: \.isStep)
    }
    return max(count, body.count(where: \.isStep))
  }

  fileprivate var productCount: Int {
    var count = 0
    body.forEachNode { if case .contract = $0 { count += 1 } }
    return count
  }
}

extension Node {
  fileprivate var isStep: Bool {
    switch self {
    case .loop, .contract: true
    case .define, .store, .accumulate: false
    }
  }
}
