import Fusion
import LoopIR
import Targets
import TensorIR
import Testing

/// Updates of most of a tensor at a known place are computed where they are written.
@Suite struct PiecewiseUpdateTests {
  /// A tensor of 40 by 40 of whose inside of `extent` by `extent` neighbours are the mean.
  private func smoothed(extent: Int, start: TensorType? = nil) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([40, 40], .f32))
    func part(_ row: Int, _ column: Int) throws -> ValueID {
      try builder.emit(
        .shape(
          .slice(
            starts: [row, column], limits: [row + extent, column + extent], strides: [1, 1])), [x])
    }
    let sum = try builder.add(part(0, 1), part(2, 1))
    let mean = try builder.multiply(
      sum, builder.splat(0.5, TensorType([extent, extent], .f32)))
    let place =
      if let start { builder.parameter(start) } else {
        try builder.constant(Literal(TensorType([], .i32), integers: [1]))
      }
    return builder.finish(returning: [
      try builder.emit(.dynamicUpdateSlice, [x, mean, place, place])
    ])
  }

  private func kernelCount(_ function: Function) throws -> Int {
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    return program.kernels.count
  }

  @Test func mostOfATensorIsOneKernel() throws {
    #expect(try kernelCount(smoothed(extent: 38)) == 1)
  }

  @Test func lessIsWrittenWhereItStands() throws {
    #expect(try kernelCount(smoothed(extent: 20)) > 1)
    #expect(try kernelCount(smoothed(extent: 38, start: TensorType([], .i32))) > 1)
  }
}
