import Differentiation
import Fusion
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// What fusion makes of the programs, in counters and texts that do not depend on the machine.
@Suite struct KernelCountTests {
  private func program(_ name: String, gradient parameters: [Int]) throws -> LoopProgram {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    let function = try module.inlined(entry).simplified().withGradient(of: parameters).simplified()
    let program = try LoopProgram(
      lowering: function, for: .x86_64v4)
    try program.verify()
    return program
  }

  /// Kernels, and arena bytes; a change of either is a change of what a call does.
  @Test(arguments: [
    ("scalar", [0], 1, 0), ("scalar2000", [0], 1, 0), ("rosenbrock", [0], 2, 0),
    ("blackscholes", [0, 1, 2, 3], 2, 256), ("nbody", [0], 2, 256),
    ("mlp", [0, 1, 2, 3, 4, 5], 11, 1_053_696),
  ])
  func counts(_ name: String, _ parameters: [Int], _ kernels: Int, _ arena: Int) throws {
    let program = try program(name, gradient: parameters)
    #expect(program.kernels.count == kernels)
    #expect(program.arenaByteCount == arena)
  }

  /// Bytes moved and operations of value and gradient, which are not to grow. Elements are counted
  /// as `Kernel.costs(in:)` says.
  @Test(arguments: [
    ("scalar", [0], 24, 43), ("blackscholes", [0, 1, 2, 3], 32_000_600, 172_001_000),
    ("layernorm", [0, 1, 2], 52_000_000, 101_000_000), ("nbody", [0], 50_000, 104_100_000),
    ("mlp", [0, 1, 2, 3, 4, 5], 11_730_000, 411_600_000),
    ("mlp_small", [0, 1, 2, 3], 77_700, 340_000), ("rosenbrock", [0], 24_100, 22_100),
    ("gmm", [0, 1, 2], 24_700_000, 19_200_000),
  ])
  func costs(_ name: String, _ parameters: [Int], _ bytes: Int, _ flops: Int) throws {
    let costs = try program(name, gradient: parameters).costs
    #expect(costs.bytes <= bytes)
    #expect(costs.flops <= flops)
    #expect(costs.bytes > 0 && costs.flops > 0)
  }

  /// No pair of bodies is ever stored: the largest buffer is the gradient.
  @Test func interactionsAreNotStored() throws {
    let program = try program("nbody", gradient: [0])
    #expect(program.buffers.map(\.type.count).max() == 6000)
  }

  /// Value and all gradients of a layer norm come from one pass over the rows.
  @Test func layerNormIsOnePass() throws {
    let program = try program("layernorm", gradient: [0, 1, 2])
    #expect(program.kernels.count == 2)
    let loops = program.kernels[0].body.filter { if case .loop = $0 { true } else { false } }
    #expect(loops.count == 1)
    #expect(program.arenaByteCount < 600_000)
  }

  /// The conversion of a product's left factor is little work, but the threads that share the product are
  /// awake.
  @Test func factorsOfSharedProductsAreShared() throws {
    let matrix = "tensor<256x256xbf16>"
    let module = try Module(
      parsing: """
        func.func @main(%a: \(matrix), %b: \(matrix)) -> \(matrix) {
          %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]
            : (\(matrix), \(matrix)) -> \(matrix)
          return %0 : \(matrix)
        }
        """, file: "factors.mlir")
    let program = try LoopProgram(lowering: #require(module.entry), for: .x86_64v4)
    #expect(program.kernels.count == 2)
    for kernel in program.kernels {
      guard case .loop(let loop)? = kernel.body.last else {
        Issue.record("\(kernel.name) is no loop")
        continue
      }
      #expect(loop.schedule == .parallel)
    }
  }

  /// Texts of loop trees, in `Cases`.
  @Test(arguments: goldenCases(in: "FusionTests").filter { $0.passes == ["lower"] })
  func loops(_ golden: GoldenCase) throws {
    let module = try Module(parsing: golden.text, file: golden.name + ".mlir")
    let entry = try #require(module.entry)
    let parameters = golden.directives["grad"]?.split(separator: ",").compactMap { Int($0) } ?? []
    var function = try module.inlined(entry).simplified()
    if !parameters.isEmpty { function = try function.withGradient(of: parameters).simplified() }
    let program = try LoopProgram(
      lowering: function, for: .x86_64v4, donated: entry.donatedParameters)
    try golden.check(program.description, stage: "loops")
  }
}
