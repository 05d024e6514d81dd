import Codegen
import Foundation
import LLVMBridge
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

/// LLVM IR of small kernels for one processor, in `Cases/llvm`: the names of files are those of the
/// tests, and the source is the loop tree built here.
@Suite struct KernelGoldenTests {
  /// `y[i] = 2·x[i]`, and the sum of `x` when asked for, over 40 floats in lanes of 16.
  private func scaling(summing: Bool) -> LoopProgram {
    var program = LoopProgram(name: "scaling")
    let type = TensorType([40], .f32)
    program.buffers = [
      Buffer(name: "x", type: type, storage: .argument(0)),
      Buffer(name: "y", type: type, storage: .result(0)),
      Buffer(name: "s", type: TensorType([], .f32), storage: .result(1)),
    ]
    var kernel = Kernel(name: "k0")
    kernel.slots = [BufferID(0), BufferID(1), BufferID(2)]
    kernel.variables = [Kernel.Variable(name: "i", extent: 40)]
    kernel.scalars = [.f32, .f32, .f32, .f32]
    let index = IndexExpression(VariableID(0))
    let (x, two, y, sum) = (ScalarID(0), ScalarID(1), ScalarID(2), ScalarID(3))
    var loop = Loop(VariableID(0))
    loop.schedule = .vector(width: 16, interleave: 2)
    loop.body = [
      .define(x, .load(.slot(0), index, condition: nil)),
      .define(two, .literal(Literal(TensorType([], .f32), filledWith: 2))),
      .define(y, .apply(.binary(.multiply), [x, two])),
      .store(Store(.slot(1), index, y)),
    ]
    kernel.body = [.loop(loop)]
    if summing {
      loop.accumulators = [Accumulator(sum, .add)]
      loop.body.append(.accumulate(sum, value: x))
      kernel.body = [.loop(loop), .store(Store(.slot(2), IndexExpression(0), sum))]
    }
    program.append(kernel)
    return program
  }

  @Test(arguments: [false, true])
  func masksTheLastLanes(_ summing: Bool) throws {
    let module = ProgramEmitter(scaling(summing: summing), target: .x86_64v4).emitted(entry: "f")
    try module.verify()
    let text = module.text
    // A group of two whole vectors, then eight lanes of a third.
    #expect(text.components(separatedBy: "load <16 x float>").count - 1 == 2)
    #expect(text.contains("@llvm.masked.load.v16f32.p0(ptr align 4"))
    #expect(text.components(separatedBy: "fmul <16 x float>").count - 1 == 3)
    // Loops of one iteration are straight-line code.
    #expect(!text.contains("phi "))
    #expect(text.contains("select <16 x i1>") == summing)
  }
}
