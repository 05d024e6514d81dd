import LoopIR
import Targets
import TensorIR
import Testing

@testable import Codegen
@testable import Fusion

/// Which left factors are made in lanes before they are used.
@Suite struct LeftLanesTests {
  /// The extents of the variables along which left factors are made: those of two products of what `body`
  /// makes of a 48×96 matrix, or of its transpose, within a budget that it is not stored in.
  private func lanes(_ body: String, transposed: Bool = false) throws -> [Int?] {
    let type = transposed ? "tensor<96x48xf32>" : "tensor<48x96xf32>"
    func product(_ name: String, _ right: String) -> String {
      """
      %\(name) = stablehlo.dot_general %h, %\(right), contracting_dims = [\(transposed ? 0 : 1)] x [0]
            : (\(type), tensor<96x8xf32>) -> tensor<48x8xf32>
      """
    }
    let module = try Module(
      parsing: """
        func.func @main(%x: \(type), %v: tensor<96x8xf32>, %w: tensor<96x8xf32>)
          -> (tensor<48x8xf32>, tensor<48x8xf32>) {
          \(body.replacing("TYPE", with: type))
          \(product("p", "v"))
          \(product("q", "w"))
          return %p, %q : tensor<48x8xf32>, tensor<48x8xf32>
        }
        """, file: "left.mlir")
    var options = ScheduleOptions()
    options.memory = MemoryOptions(budget: 1024)
    let program = try LoopProgram.lowered(
      try #require(module.entry), for: .x86_64v4, options
    ).program
    var found: [Int?] = []
    for kernel in program.kernels {
      kernel.body.forEachNode { node in
        guard case .contract(let contract) = node else { return }
        found.append(contract.leftLanes(in: kernel).map { kernel.variables[$0.index].extent })
      }
    }
    return found
  }

  @Test func costlyFactorsAreMadeAlongMemory() throws {
    let curve = "%s = stablehlo.logistic %x : TYPE\n%h = stablehlo.multiply %x, %s : TYPE"
    #expect(try lanes(curve) == [96, 96])
    #expect(try lanes(curve, transposed: true) == [48, 48])
    #expect(try lanes("%h = stablehlo.add %x, %x : TYPE") == [nil, nil])
  }
}
