import Differentiation
import Fusion
import LoopIR
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// What policies and the default keep, and what they compute again.
@Suite struct MemoryPolicyTests {
  /// The function of a text with its gradient.
  private func gradient(_ text: String, of arguments: [Int]) throws -> Function {
    let module = try Module(parsing: text, file: "policy.mlir")
    return try module.inlined(#require(module.entry)).simplified()
      .withGradient(of: arguments).simplified()
  }

  private func executable(
    _ function: Function, _ policy: Rematerialization, budget: Int? = nil
  ) throws -> Executable {
    var options = CodeOptions()
    options.memory = MemoryOptions(budget: budget, policy: policy)
    return try Executable(function, options: options)
  }

  private func planned(_ function: Function, _ memory: MemoryOptions) throws -> MemoryReport {
    try LoopProgram.lowered(function, for: .host, ScheduleOptions(memory: memory)).memory
  }

  /// Layers of a product, its hyperbolic tangent, and rows divided by their lengths: the gradient reads what
  /// the product's kernel stores, a number for each row, and the divided rows.
  private static let layers: String = {
    let (rows, lengths) = ("tensor<64x32xf32>", "tensor<64xf32>")
    let lines = (1...4).map { layer in
      """
        %d\(layer) = stablehlo.dot_general %h\(layer - 1), %w, contracting_dims = [1] x [0]
          : (\(rows), tensor<32x32xf32>) -> \(rows)
        %t\(layer) = stablehlo.tanh %d\(layer) : \(rows)
        %q\(layer) = stablehlo.multiply %t\(layer), %t\(layer) : \(rows)
        %r\(layer) = stablehlo.reduce(%q\(layer) init: %c) applies stablehlo.add
          across dimensions = [1] : (\(rows), tensor<f32>) -> \(lengths)
        %s\(layer) = stablehlo.add %r\(layer), %one : \(lengths)
        %v\(layer) = stablehlo.rsqrt %s\(layer) : \(lengths)
        %b\(layer) = stablehlo.broadcast_in_dim %v\(layer), dims = [0] : (\(lengths)) -> \(rows)
        %h\(layer) = stablehlo.multiply %t\(layer), %b\(layer) : \(rows)
      """
    }
    return """
      func.func @main(%h0: \(rows), %w: tensor<32x32xf32>) -> tensor<f32> {
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %one = stablehlo.constant dense<1.0> : \(lengths)
      \(lines.joined(separator: "\n"))
        %l = stablehlo.reduce(%h4 init: %c) applies stablehlo.add across dimensions = [0, 1]
          : (\(rows), tensor<f32>) -> tensor<f32>
        return %l : tensor<f32>
      }
      """
  }()

  /// Three products, three vectors of lengths and three tensors of divided rows go from the forward to the
  /// backward computation.
  @Test func policiesKeepWhatTheySay() throws {
    let function = try gradient(Self.layers, of: [0, 1])
    let arguments = randomArguments(for: function, seed: 3)
    let (rows, lengths) = (64 * 32 * 4, 64 * 4)
    let whole = try executable(function, .saveAll)
    let expected = try call(whole, arguments)
    let all = whole.report.memory
    #expect(all.savedByteCount == 6 * rows + 3 * lengths && all.recomputedByteCount == 0)
    #expect(all.addedFlops == 0 && all.values.allSatisfy { $0.recomputations == 0 })

    let products = try executable(function, .saveProducts)
    #expect(try call(products, arguments) == expected)
    var memory = products.report.memory
    #expect(memory.savedByteCount == 3 * rows)
    #expect(memory.recomputedByteCount == 3 * rows + 3 * lengths)
    for value in memory.values where value.isCrossing {
      #expect((value.reason == "a product") == (value.recomputations == 0), "\(value)")
    }
    // No product is computed again.
    #expect(memory.addedFlops > 0 && memory.addedFlops < 2 * 64 * 32 * 32)
    #expect(products.report.arenaByteCount < whole.report.arenaByteCount)

    let nothing = try executable(function, .saveNothing)
    #expect(try call(nothing, arguments) == expected)
    memory = nothing.report.memory
    #expect(memory.savedByteCount == 0 && memory.recomputedByteCount == all.savedByteCount)
    #expect(memory.values.allSatisfy { $0.recomputations == ($0.isCrossing ? 1 : 0) })
    #expect(memory.addedFlops > 3 * 2 * 64 * 32 * 32)
    #expect(nothing.report.arenaByteCount <= whole.report.arenaByteCount)
  }

  /// Two results of one kernel that one step reads are computed again by running it once.
  @Test func whatOneStepNeedsIsComputedAgainOnce() throws {
    let (left, right, rows) = ("tensor<64x32xf32>", "tensor<32x40xf32>", "tensor<64x40xf32>")
    let function = try gradient(
      """
      func.func @main(%x: \(left), %w: \(right), %a: \(left), %b: \(right)) -> tensor<f32> {
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
        %k = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]
          : (\(left), \(right)) -> \(rows)
        %m = stablehlo.reduce(%k init: %low) applies stablehlo.maximum across dimensions = [1]
          : (\(rows), tensor<f32>) -> tensor<64xf32>
        %e = stablehlo.exponential %k : \(rows)
        %z = stablehlo.reduce(%e init: %c) applies stablehlo.add across dimensions = [1]
          : (\(rows), tensor<f32>) -> tensor<64xf32>
        %d = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
          : (\(left), \(right)) -> \(rows)
        %bm = stablehlo.broadcast_in_dim %m, dims = [0] : (tensor<64xf32>) -> \(rows)
        %bz = stablehlo.broadcast_in_dim %z, dims = [0] : (tensor<64xf32>) -> \(rows)
        %p = stablehlo.multiply %d, %bm : \(rows)
        %s = stablehlo.sine %p : \(rows)
        %q = stablehlo.divide %s, %bz : \(rows)
        %l = stablehlo.reduce(%q init: %c) applies stablehlo.add across dimensions = [0, 1]
          : (\(rows), tensor<f32>) -> tensor<f32>
        %t = stablehlo.tanh %l : tensor<f32>
        return %t : tensor<f32>
      }
      """, of: [0, 1])
    let memory = try planned(function, MemoryOptions(policy: .saveNothing))
    let crossing = memory.values.filter(\.isCrossing)
    #expect(crossing.count == 3 && crossing.allSatisfy { $0.recomputations == 1 })
    // Both products, and what rows take: each once.
    let product = 2 * 64 * 40 * 32
    #expect(memory.addedFlops > 2 * product && memory.addedFlops < 2 * product + product / 2)
  }

  /// Layers of a product and gelu, of `rows` rows: what goes into gelu is kept, and what comes out of it can be
  /// rebuilt from that.
  private func gelu(rows: Int) throws -> Function {
    let (type, weight) = ("tensor<\(rows)x256xf32>", "tensor<256x256xf32>")
    let lines = (1...4).map { layer in
      """
        %d\(layer) = stablehlo.dot_general %h\(layer - 1), %w, contracting_dims = [1] x [0]
          : (\(type), \(weight)) -> \(type)
        %s\(layer) = stablehlo.multiply %d\(layer), %root : \(type)
        %e\(layer) = chlo.erf %s\(layer) : \(type) -> \(type)
        %p\(layer) = stablehlo.add %e\(layer), %one : \(type)
        %m\(layer) = stablehlo.multiply %d\(layer), %half : \(type)
        %h\(layer) = stablehlo.multiply %m\(layer), %p\(layer) : \(type)
      """
    }
    return try gradient(
      """
      func.func @main(%h0: \(type), %w: \(weight)) -> tensor<f32> {
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %root = stablehlo.constant dense<0.70710677> : \(type)
        %half = stablehlo.constant dense<0.5> : \(type)
        %one = stablehlo.constant dense<1.0> : \(type)
      \(lines.joined(separator: "\n"))
        %l = stablehlo.reduce(%h4 init: %c) applies stablehlo.add across dimensions = [0, 1]
          : (\(type), tensor<f32>) -> tensor<f32>
        return %l : tensor<f32>
      }
      """, of: [0, 1])
  }

  /// The default drops what a backward kernel can rebuild where the arena is of 4 MB or more.
  @Test func theDefaultDropsWhatIsNearlyFree() throws {
    let (rows, type) = (2048, TensorType([2048, 256], .f32))
    let function = try gelu(rows: rows)
    let whole = try planned(function, MemoryOptions(policy: .saveAll))
    #expect(whole.arenaByteCount >= 4 << 20 && whole.recomputedByteCount == 0)
    #expect(whole.savedByteCount == 6 * type.byteCount)
    let usual = try planned(function, MemoryOptions())
    #expect(usual.saveAllByteCount == whole.arenaByteCount)
    #expect(usual.arenaByteCount == whole.arenaByteCount - 2 * type.byteCount)
    let dropped = usual.values.filter { $0.recomputations > 0 }
    #expect(dropped.map(\.type) == [type, type])
    #expect(
      dropped.allSatisfy { $0.reason == "computed element by element from what is there" })
    #expect(usual.recomputedByteCount == 2 * type.byteCount)
    #expect(usual.savedByteCount == 4 * type.byteCount)
    // No product is computed again.
    #expect(usual.addedFlops > 0 && usual.addedFlops < rows * 256 * 256)

    // Small arenas stay as they are.
    let small = try planned(gelu(rows: 64), MemoryOptions())
    #expect(small.recomputedByteCount == 0 && small.arenaByteCount == small.saveAllByteCount)
  }

  /// A budget that the automatic plan keeps to changes nothing.
  @Test func roomyBudgetsGiveTheAutomaticPlan() throws {
    let function = try gelu(rows: 2048)
    let usual = try LoopProgram.lowered(function, for: .host, ScheduleOptions())
    let arena = usual.program.arenaByteCount
    #expect(arena < usual.memory.saveAllByteCount)
    for budget in [arena, usual.memory.saveAllByteCount] {
      let options = ScheduleOptions(memory: MemoryOptions(budget: budget))
      let lowered = try LoopProgram.lowered(function, for: .host, options)
      #expect(lowered.program.description == usual.program.description, "\(budget) bytes")
      #expect(lowered.memory == usual.memory)
    }
    let options = ScheduleOptions(memory: MemoryOptions(budget: arena - 1))
    let less = try LoopProgram.lowered(function, for: .host, options)
    #expect(less.program.arenaByteCount < arena)
  }
}
