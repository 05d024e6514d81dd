internal import LoopIR
internal import TensorIR

/// Which operands of kernels may stand in the memory of others, for all kernels that differ in their
/// buffers only: equal layers, and the programs that a search for what is computed again tries.
final class ReplacementAnswers {
  /// What an answer depends on besides the slots that are asked about.
  fileprivate struct Key: Hashable {
    /// The kernel over numbered buffers, without name and sources.
    var kernel: Kernel
    var types: [TensorType]

    init(_ kernel: Kernel, in program: LoopProgram) {
      types = kernel.slots.map { program.buffers[$0.index].type }
      self.kernel = kernel
      self.kernel.name = ""
      self.kernel.sources = []
      self.kernel.slots = kernel.slots.indices.map { BufferID($0) }
    }
  }

  /// Two operands, by slot.
  fileprivate struct Pair: Hashable {
    var old: Int
    var new: Int
  }

  fileprivate var known: [Key: [Pair: Bool]] = [:]

  /// Answers about one kernel of a program.
  struct Asker {
    fileprivate let answers: ReplacementAnswers
    fileprivate let kernel: Kernel
    fileprivate let program: LoopProgram
    fileprivate lazy var key = Key(kernel, in: program)
    /// What kernels do in which order is only asked where nothing is known of an equal one.
    fileprivate lazy var analysis = ReplacementAnalysis(kernel, in: program)

    /// Whether one of the kernel's buffers may stand in another one's memory.
    mutating func mayReplace(_ old: BufferID, with new: BufferID) -> Bool {
      guard let oldSlot = kernel.slots.firstIndex(of: old),
        let newSlot = kernel.slots.firstIndex(of: new)
      else { return true }
      let pair = Pair(old: oldSlot, new: newSlot)
      if let known = answers.known[key]?[pair] { return known }
      let answer = analysis.mayReplace(old, with: new)
      answers.known[key, default: [:]][pair] = answer
      return answer
    }
  }

  /// What is asked about a kernel.
  func asker(_ kernel: Kernel, in program: LoopProgram) -> Asker {
    Asker(answers: self, kernel: kernel, program: program)
  }
}
