import Codegen
import Foundation
import Fusion
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

/// Vector loops whose conditions usually have one value have bodies for these without masks.
@Suite struct PieceTests {
  /// How many blocks of a sum over a roll are loops of vectors, without masks or choices and with some.
  private func loops(
    _ shape: [Int], axis: Int, by shift: Int, for target: TargetDescription = .x86_64v4
  ) throws -> (plain: Int, masked: Int) {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType(shape, .f32))
    func slice(_ starts: [Int], _ limits: [Int]) throws -> ValueID {
      let strides = shape.map { _ in 1 }
      return try builder.emit(
        .shape(.slice(starts: starts, limits: limits, strides: strides)), [x])
    }
    let starts = shape.indices.map { $0 == axis ? shape[axis] - shift : 0 }
    let first = try slice(starts, shape)
    let limits = shape.indices.map { $0 == axis ? shape[axis] - shift : shape[$0] }
    let second = try slice(shape.map { _ in 0 }, limits)
    let rolled = try builder.emit(.shape(.concatenate(dimension: axis)), [first, second])
    let product = try builder.multiply(x, rolled)
    let sum = try builder.reduce(.add, product, dimensions: Array(shape.indices))
    let program = try LoopProgram(lowering: builder.finish(returning: [sum]), for: target)
    let module = ProgramEmitter(program, target: target).emitted(entry: "f")
    try module.verify()
    let vector = "<\(target.lanes(ofBits: 32)) x float>"
    let blocks = module.text.components(separatedBy: "\n\n").filter {
      $0.contains("phi \(vector)") && $0.contains("= load \(vector)")
    }
    // Rows that are read as a whole or not at all are chosen by their address.
    let masked = blocks.filter { $0.contains("masked.load") || $0.contains("@adjoint.zeros") }
    return (blocks.count - masked.count, masked.count)
  }

  @Test(arguments: [TargetDescription.x86_64v4, .x86_64v3, .aarch64])
  func rollsHaveOneBodyForMostGroups(_ target: TargetDescription) throws {
    #expect(try loops([8192], axis: 0, by: 1, for: target).plain == 1)
    #expect(try loops([8192], axis: 0, by: 4096, for: target).plain == 2)
    #expect(try loops([100, 320], axis: 0, by: 1, for: target).plain == 1)
    #expect(try loops([100, 320], axis: 1, by: 1, for: target).plain == 1)
  }

  /// Short loops, of which no body is worth its code, have one.
  @Test func shortLoopsHaveOneBody() throws {
    #expect(try loops([1000], axis: 0, by: 1).plain == 0)
  }
}
