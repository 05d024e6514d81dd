import Fusion
import Interpreter
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

/// Loop trees of programs on short rows, whose rows are brought into lanes.
@Suite struct ShortRowTests {
  static let targets: [TargetDescription] = [.x86_64v4, .x86_64v3, .aarch64]

  @Test(arguments: ShortRows.allCases, targets)
  func keepTheirMeaning(_ rows: ShortRows, _ target: TargetDescription) throws {
    for (size, element) in zip(ShortRows.sizes + ShortRows.sizes, elements) {
      let function = try rows.function(rows: size.rows, columns: size.columns, element)
      let program = try LoopProgram(lowering: function, for: target)
      try program.verify()
      let arguments = randomArguments(for: function, seed: 4)
      let results = try LoopInterpreter.run(program, arguments: arguments)
      for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
        expectClose(result, expected, relative: element == .f32 ? 1e-5 : 1e-13, "\(size)")
      }
    }
  }

  private var elements: [ElementType] {
    ShortRows.sizes.map { _ in .f32 } + ShortRows.sizes.map { _ in .f64 }
  }

  /// Rows of ten floats go through squares of four columns where vectors are longer than that; each
  /// row is brought in once, whatever reads it.
  @Test(arguments: [TargetDescription.x86_64v4, .x86_64v3])
  func areCopiedOnce(_ target: TargetDescription) throws {
    let function = try ShortRows.softmax.function(rows: 64, columns: 10, .f32)
    let program = try LoopProgram(lowering: function, for: target)
    let tiled = program.kernels[0].tiledLoops
    #expect(tiled.map { $0.body.count } == [2, 2, 4])
    #expect(tiled.allSatisfy { $0.schedule == .tiled(size: 4) })
    let costs = program.kernels[0].costs(in: program)
    #expect(costs.bytesRead == 4 * (2 * 640 + 10 + 10))
    #expect(costs.bytesWritten == 4 * 640 + 640 + 4 * 10)
  }

  /// Long rows, few rows and elementwise work stay as they are.
  @Test func areTheOnlyOnes() throws {
    let long = try ShortRows.softmax.function(rows: 64, columns: 200, .f32)
    let few = try ShortRows.softmax.function(rows: 3, columns: 10, .f32)
    for function in [long, few] {
      let program = try LoopProgram(lowering: function, for: .x86_64v4)
      #expect(program.kernels.allSatisfy { $0.tiledLoops.isEmpty })
    }
  }
}

extension Kernel {
  /// The loops that transpose squares.
  fileprivate var tiledLoops: [Loop] {
    var loops = [Loop]()
    body.forEachNode { node in
      if case .loop(let loop) = node, loop.isTiled { loops.append(loop) }
    }
    return loops
  }
}
