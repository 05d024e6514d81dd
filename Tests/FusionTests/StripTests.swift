import Fusion
import Interpreter
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

/// Row loops that are cut into strips.
@Suite struct StripTests {
  /// The weights of functions in a kernel's loops, apart for each way to carry them out.
  private struct Work: Equatable {
    var inLanes = 0
    var oneByOne = 0

    init(_ program: LoopProgram) {
      for kernel in program.kernels { count(kernel.body, isInLanes: false) }
    }

    private mutating func count(_ nodes: [Node], isInLanes: Bool) {
      for node in nodes {
        switch node {
        case .define(_, .apply(let op, _)) where op.weight > 1:
          if isInLanes { inLanes += 1 } else { oneByOne += 1 }
        case .define, .store, .accumulate, .contract: break
        case .loop(let loop):
          var inner = isInLanes
          if case .vector = loop.schedule { inner = true }
          count(loop.body, isInLanes: inner)
        }
      }
    }
  }

  /// The number of strips and of rows in each loop over strips.
  private func strips(_ program: LoopProgram) -> [Int] {
    program.kernels.flatMap { kernel in
      kernel.variables.filter { $0.name == "strip" }.map(\.extent)
    }
  }

  @Test(arguments: StripProgram.allCases, [(7, 9), (32, 17), (33, 10), (18, 300)])
  func keepTheirMeaning(_ program: StripProgram, _ size: (rows: Int, columns: Int)) throws {
    for target in [TargetDescription.x86_64v4, .x86_64v3, .aarch64] {
      for element in [ElementType.f32, .f64] where size.columns < 50 || target != .aarch64 {
        let function = try program.function(rows: size.rows, columns: size.columns, element)
        let loops = try LoopProgram(lowering: function, for: target)
        try loops.verify()
        let arguments = randomArguments(for: function, seed: 11)
        let results = try LoopInterpreter.run(loops, arguments: arguments)
        for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
          expectClose(
            result, expected, relative: element == .f32 ? 2e-5 : 1e-12,
            "\(program) \(size) \(element) \(target)")
        }
      }
    }
  }

  /// What is computed once for each row is computed in lanes.
  @Test(arguments: [StripProgram.logistic, .lengths, .softmax, .lookedUp])
  func rowsShareVectors(_ program: StripProgram) throws {
    let function = try program.function(rows: 1003, columns: 100, .f32)
    let loops = try LoopProgram(lowering: function, for: .x86_64v4)
    #expect(strips(loops) == [63])
    #expect(Work(loops).oneByOne == 0)
    #expect(Work(loops).inLanes > 0)
  }

  /// A strip's rows stay in the first-level cache; where four do not, rows go one by one.
  @Test(arguments: [(100, [63]), (800, [126]), (1200, [251]), (4000, [])])
  func longRowsHaveShorterStrips(_ columns: Int, _ counts: [Int]) throws {
    let function = try StripProgram.logistic.function(rows: 1003, columns: columns, .f32)
    #expect(strips(try LoopProgram(lowering: function, for: .x86_64v4)) == counts)
  }

  /// A sum along columns is read and written once for a strip, not for each row.
  @Test func columnSumsStayInRegisters() throws {
    let function = try StripProgram.logistic.function(rows: 1003, columns: 100, .f32)
    let loops = try LoopProgram(lowering: function, for: .x86_64v4)
    var rowLoops = 0
    loops.kernels[0].body.forEachNode { node in
      guard case .loop(let loop) = node, !loop.accumulators.isEmpty,
        case .block = loop.range, loop.schedule == .serial
      else { return }
      rowLoops += 1
    }
    #expect(rowLoops == 2)
  }

  /// Strips change neither bytes nor operations of a kernel.
  @Test func costsAreThoseOfRows() throws {
    let (rows, columns) = (1003, 100)
    let function = try StripProgram.softmax.function(rows: rows, columns: columns, .f32)
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    let counted = program.costs
    #expect(counted.bytesRead == 4 * rows * columns)
    #expect(counted.bytesWritten == 4 * (rows * columns + rows))
    // A maximum, a difference, an exponential, a sum and a quotient of each element.
    #expect(counted.flops == rows * (columns * (1 + 1 + 15 + 1 + 4) + 15))
  }

  /// Exponentials that two later passes of a row read are kept once, which leaves room for strips of 16 rows.
  @Test func whatSeveralPassesReadIsKeptOnce() throws {
    let rows = "tensor<64x80xf32>"
    let sum =
      "applies stablehlo.add across dimensions = [1] : (\(rows), tensor<f32>) -> tensor<64xf32>"
    let text = """
      func.func @main(%x: \(rows), %y: \(rows)) -> \(rows) {
        %zero = stablehlo.constant dense<0.0> : tensor<f32>
        %e = stablehlo.exponential %x : \(rows)
        %s = stablehlo.reduce(%e init: %zero) \(sum)
        %b = stablehlo.broadcast_in_dim %s, dims = [0] : (tensor<64xf32>) -> \(rows)
        %d = stablehlo.subtract %y, %b : \(rows)
        %p = stablehlo.multiply %e, %d : \(rows)
        %t = stablehlo.reduce(%p init: %zero) \(sum)
        %u = stablehlo.broadcast_in_dim %t, dims = [0] : (tensor<64xf32>) -> \(rows)
        %r = stablehlo.multiply %e, %u : \(rows)
        return %r : \(rows)
      }
      """
    let function = try #require(Module(parsing: text, file: "kept.mlir").entry)
    let program = try LoopProgram(lowering: function, for: .x86_64v3)
    let kernel = try #require(program.kernels.first)
    #expect(kernel.locals.count { $0.count > 64 } == 1)
    #expect(strips(program) == [4])
  }
}
