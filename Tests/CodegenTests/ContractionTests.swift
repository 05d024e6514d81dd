import Codegen
import Fusion
import LoopIR
import Targets
import TensorIR
import Testing

/// Which products are rounded together with sums.
@Suite struct KernelContractionTests {
  /// The lowered program of `main`, whose `body` gives results of eight numbers from `%x`, `%y`, `%z`.
  private func program(_ body: String, _ results: [String]) throws -> LoopProgram {
    let type = "tensor<8xf32>"
    let types = results.map { _ in type }.joined(separator: ", ")
    let module = try Module(
      parsing: """
        func.func @main(%x: \(type), %y: \(type), %z: \(type)) -> (\(types)) {
          \(body)
          return \(results.joined(separator: ", ")) : \(types)
        }
        """, file: "sums.mlir")
    return try LoopProgram(lowering: try #require(module.entry), for: .x86_64v4)
  }

  private func count(_ part: String, in program: LoopProgram) -> Int {
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    return text.components(separatedBy: part).count - 1
  }

  private static let sum = """
    %p = stablehlo.multiply %x, %y : tensor<8xf32>
    %s = stablehlo.add %z, %p : tensor<8xf32>
    """

  @Test func aProductUsedOnceIsPartOfTheSum() throws {
    let alone = try program(Self.sum, ["%s"])
    #expect(count("@llvm.fma.", in: alone) >= 1 && count("fmul", in: alone) == 0)
    let shared = try program(Self.sum, ["%s", "%p"])
    #expect(count("fadd", in: shared) > 0 && count("fmul", in: shared) > 0)
  }

  @Test func signsGoToFactorsAndAddends() throws {
    let left = try program(
      """
      %p = stablehlo.multiply %x, %y : tensor<8xf32>
      %s = stablehlo.subtract %p, %z : tensor<8xf32>
      """, ["%s"])
    let found = Contractions(try #require(left.kernels.first)).sums.values
    #expect(found.map(\.isNegated) == [false] && found.map(\.isAddendNegated) == [true])
    let right = try program(
      """
      %p = stablehlo.multiply %x, %y : tensor<8xf32>
      %s = stablehlo.subtract %z, %p : tensor<8xf32>
      """, ["%s"])
    let other = Contractions(try #require(right.kernels.first)).sums.values
    #expect(other.map(\.isNegated) == [true] && other.map(\.isAddendNegated) == [false])
  }

  /// A kernel that has lost a store of a product goes on rounding it by itself.
  @Test func lostStoresDoNotChangeRounding() throws {
    let program = try program(Self.sum, ["%s", "%p"])
    let whole = try #require(program.kernels.first)
    #expect(program.kernels.count == 1 && Contractions(whole).products.isEmpty)
    var products = Set<ScalarID>()
    whole.body.forEachNode { node in
      if case .define(let scalar, .apply(.binary(.multiply), _)) = node { products.insert(scalar) }
    }
    var part = whole
    part.body = whole.body.map { node in
      guard case .loop(var loop) = node else { return node }
      loop.body.removeAll { node in
        if case .store(let store) = node { products.contains(store.value) } else { false }
      }
      return .loop(loop)
    }
    #expect(Contractions(part).products == products)
    part.round(as: whole)
    #expect(Contractions(part).products.isEmpty)
    part.dropUnusedSlots()
    #expect(throws: Never.self) { try part.verify(in: program) }
  }

  /// Sums over a loop take their products in.
  @Test func accumulatorsTakeProductsIn() throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<64xf32>, %y: tensor<64xf32>) -> tensor<f32> {
          %z = stablehlo.constant dense<0.0> : tensor<f32>
          %p = stablehlo.multiply %x, %y : tensor<64xf32>
          %s = stablehlo.reduce(%p init: %z) applies stablehlo.add across dimensions = [0]
            : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
          return %s : tensor<f32>
        }
        """, file: "dot.mlir")
    let program = try LoopProgram(lowering: try #require(module.entry), for: .x86_64v4)
    let kernel = try #require(program.kernels.first)
    #expect(Contractions(kernel).accumulated.count == 1)
    #expect(count("fmul", in: program) == 0)
  }
}
