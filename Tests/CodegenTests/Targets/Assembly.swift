import Codegen
import Fusion
import LLVMBridge
import LoopIR
import Targets
import TensorIR

/// The text of assembly for a processor, as tests look at it.
struct Assembly {
  /// One instruction: its mnemonic, with what the assembler of a Mac appends to it, and operands.
  struct Instruction {
    let mnemonic: String
    let operands: String

    /// Whether it is a fused multiply-add of vectors.
    var isVectorMultiplyAdd: Bool {
      if mnemonic.hasPrefix("fmla") { return true }
      return mnemonic.hasPrefix("vfmadd") && (mnemonic.hasSuffix("ps") || mnemonic.hasSuffix("pd"))
    }

    /// Whether a factor is one lane of a register: `v3.s[1]`, `v3[1]`.
    var takesLane: Bool { operands.contains(/v\d+(\.[sd])?\[\d\]/) }

    /// Whether it reads or writes the stack.
    var usesStack: Bool { operands.contains("[sp") || operands.contains("(%rsp") }

    /// The function that is called directly, without the underscore that a Mac's symbols start with.
    var callee: String? {
      guard mnemonic == "bl" || mnemonic == "callq", !operands.hasPrefix("*") else { return nil }
      let symbol = operands.replacing("@PLT", with: "")
      return symbol.hasPrefix("_") ? String(symbol.dropFirst()) : symbol
    }
  }

  /// The instructions in order.
  private(set) var instructions: [Instruction] = []
  /// Loops without a loop inside: labels without another label before the jump back.
  private(set) var innermostLoops: [[Instruction]] = []

  init(_ text: String) {
    var labels: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      if let label = line.prefixMatch(of: /(\.?L\w+):/) {
        labels = [label.1: instructions.count]
        continue
      }
      guard let parts = line.wholeMatch(of: /\t([a-z][\w.]*)(?:\t(.*))?/) else { continue }
      let operands = parts.2 ?? ""
      instructions.append(Instruction(mnemonic: String(parts.1), operands: String(operands)))
      guard parts.1.hasPrefix("b") || parts.1.hasPrefix("j") || parts.1.hasPrefix("cb") else {
        continue
      }
      if let label = operands.split(separator: " ").last, let start = labels[label] {
        innermostLoops.append(Array(instructions[start...]))
      }
    }
  }

  /// The functions that are called by name.
  var callees: Set<String> { Set(instructions.compactMap(\.callee)) }

  /// The loops over the depth of matrix products: innermost loops that are mostly multiply-adds.
  var microKernels: [[Instruction]] {
    innermostLoops.filter { loop in
      loop.count(where: \.isVectorMultiplyAdd) * 3 >= loop.count
    }
  }
}

/// A function as code for a processor.
struct TargetCode {
  let program: LoopProgram
  let emitter: ProgramEmitter
  /// LLVM IR.
  let text: String
  let assembly: Assembly

  init(_ function: Function, for target: TargetDescription) throws {
    program = try LoopProgram(lowering: function, for: target)
    try program.verify()
    emitter = ProgramEmitter(program, target: target)
    let module = emitter.emitted(entry: "f")
    try module.verify()
    text = module.text
    assembly = Assembly(try ObjectCompiler(target: target, level: 1).assembly(module))
  }

  /// The contractions of all kernels.
  var contracts: [Contract] {
    func contracts(_ nodes: [Node]) -> [Contract] {
      nodes.flatMap { node -> [Contract] in
        switch node {
        case .contract(let contract): [contract]
        case .loop(let loop): contracts(loop.body)
        case .define, .store, .accumulate: []
        }
      }
    }
    return program.kernels.flatMap { contracts($0.body) }
  }
}

extension TargetDescription {
  /// A processor by LLVM's name, with the features of another.
  func tuned(for cpu: String) -> TargetDescription {
    TargetDescription(triple: triple, cpu: cpu, features: features)
  }

  /// Processors other than AVX-512 ones, for which code is made on any machine.
  static let portable: [TargetDescription] = [.x86_64v3, .aarch64, .appleM1]
}
