import Differentiation
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Programs with their gradients as code for processors other than this one.
@Suite struct ProgramTargetTests {
  @Test(arguments: [("mlp_small", [0, 1, 2, 3]), ("gmm", [0, 1, 2]), ("layernorm", [0, 1, 2])])
  func useTheProcessorsInstructions(_ name: String, _ parameters: [Int]) throws {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    let function = try module.inlined(entry).simplified().withGradient(of: parameters).simplified()
    for target in TargetDescription.portable {
      let code = try TargetCode(function, for: target)
      let place = Comment("\(name) for \(target.cpu)")
      #expect(!code.text.contains("llvm.x86"), place)
      #expect(!code.assembly.instructions.contains { $0.operands.contains("%zmm") }, place)
      for match in code.text.matches(of: /load <(\d+) x (float|double)>/) {
        let bits = (Int(match.1) ?? 0) * (match.2 == "float" ? 32 : 64)
        #expect(bits <= target.vectorBits, place)
      }
      // A kernel of several pieces calls them, products call their microkernels.
      let names = code.program.kernels.map(\.name) + code.emitter.codeNames
      #expect(code.assembly.callees.isSubset(of: names.map { "f.\($0)" }), place)
    }
  }
}
