import Differentiation
import Fusion
import LoopIR
import Optimizer
import TensorIR
import Testing

/// What is stored since several nests of loops would take long to make it again, in counts of accesses.
@Suite struct StoredValueTests {
  private func program(_ text: String, gradient parameters: [Int] = []) throws -> LoopProgram {
    let module = try Module(parsing: text, file: "stored.mlir")
    var function = try module.inlined(try #require(module.entry)).simplified()
    if !parameters.isEmpty { function = try function.withGradient(of: parameters).simplified() }
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    return program
  }

  /// The loss and both sums of cotangents need the differences of gathered elements, which one kernel gathers.
  @Test func gatheredElementsAreGatheredOnce() throws {
    let gather = """
      offset_dims = [], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, \
      slice_sizes = array<i64: 1>}> : (tensor<500xf32>, tensor<4096x1xi32>) -> tensor<4096xf32>
      """
    let program = try program(
      """
      func.func @main(%t: tensor<500xf32>, %i: tensor<4096x1xi32>, %j: tensor<4096x1xi32>, %y: tensor<4096xf32>) -> tensor<f32> {
        %0 = "stablehlo.gather"(%t, %i) <{dimension_numbers = #stablehlo.gather<\(gather)
        %1 = "stablehlo.gather"(%t, %j) <{dimension_numbers = #stablehlo.gather<\(gather)
        %2 = stablehlo.subtract %0, %1 : tensor<4096xf32>
        %3 = stablehlo.subtract %2, %y : tensor<4096xf32>
        %4 = stablehlo.multiply %3, %3 : tensor<4096xf32>
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %5 = stablehlo.reduce(%4 init: %c) applies stablehlo.add across dimensions = [0] : (tensor<4096xf32>, tensor<f32>) -> tensor<f32>
        return %5 : tensor<f32>
      }
      """, gradient: [0])
    let gathers = program.kernels.reduce(0) { count, kernel in
      count + kernel.body.accesses.count { $0.isRead && !$0.isWrite && $0.address.isLookedUp }
    }
    #expect(gathers == 2)
  }

  /// A table that two nests read across memory is transposed once, and no other kernel reads it: of whatever
  /// shape it is, as the parts of a loop stack what the whole loop does in another one.
  @Test(arguments: ["64x512", "8x8x512"]) func tablesAreLaidOutOnce(_ shape: String) throws {
    let program = try program(
      """
      func.func @main(%t: tensor<\(shape)xf32>, %a: tensor<512x64xf32>) -> (tensor<512xf32>, tensor<512x64xf32>) {
        %x = stablehlo.reshape %t : (tensor<\(shape)xf32>) -> tensor<64x512xf32>
        %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<64x512xf32>) -> tensor<512x64xf32>
        %1 = stablehlo.multiply %0, %a : tensor<512x64xf32>
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %2 = stablehlo.reduce(%1 init: %c) applies stablehlo.add across dimensions = [1] : (tensor<512x64xf32>, tensor<f32>) -> tensor<512xf32>
        %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<512xf32>) -> tensor<512x64xf32>
        %4 = stablehlo.add %0, %3 : tensor<512x64xf32>
        return %2, %4 : tensor<512xf32>, tensor<512x64xf32>
      }
      """)
    let readers = program.kernels.filter { kernel in
      kernel.slots.contains { program.buffers[$0.index].name == "arg0" }
    }
    #expect(readers.count == 1)
    #expect(readers.first?.body.accesses.count == 2)
  }

  /// The loss sums a table of pairs along its rows, the gradient along rows and columns: one pass over the
  /// pairs computes each once, and adds up columns beside rows.
  @Test func functionsOfPairsAreComputedOnce() throws {
    let program = try program(
      """
      func.func @main(%x: tensor<300xf32>) -> tensor<f32> {
        %0 = stablehlo.broadcast_in_dim %x, dims = [0] : (tensor<300xf32>) -> tensor<300x300xf32>
        %1 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<300xf32>) -> tensor<300x300xf32>
        %2 = stablehlo.subtract %0, %1 : tensor<300x300xf32>
        %3 = stablehlo.logistic %2 : tensor<300x300xf32>
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %4 = stablehlo.reduce(%3 init: %c) applies stablehlo.add across dimensions = [1] : (tensor<300x300xf32>, tensor<f32>) -> tensor<300xf32>
        %5 = stablehlo.multiply %4, %4 : tensor<300xf32>
        %6 = stablehlo.reduce(%5 init: %c) applies stablehlo.add across dimensions = [0] : (tensor<300xf32>, tensor<f32>) -> tensor<f32>
        return %6 : tensor<f32>
      }
      """, gradient: [0])
    #expect(program.description.components(separatedBy: "logistic").count == 2)
  }

  /// A costly function of a small table is computed on the table, not at each place that is looked up.
  @Test func functionsOfTablesAreComputedOnTables() throws {
    let program = try program(
      """
      func.func @main(%a: tensor<100xf32>, %b: tensor<100xf32>, %i: tensor<4096x1xi32>) -> tensor<4096xf32> {
        %0 = stablehlo.divide %a, %b : tensor<100xf32>
        %1 = "stablehlo.gather"(%0, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<100xf32>, tensor<4096x1xi32>) -> tensor<4096xf32>
        return %1 : tensor<4096xf32>
      }
      """)
    #expect(program.kernels.count == 2)
    #expect(program.kernels.last?.slots.count { program.buffers[$0.index].name == "arg1" } == 0)
  }
}
