internal import LoopIR
internal import TensorIR

/// Which operands of kernels may stand in the memory of others, for all kernels that differ in their
/// buffers only: equal layers, and the programs that a search for what is computed again tries.
final class ReplacementAnswers {
  /// What an answer depends on besides the slots that are asked about.
  fileprivate struct Key: Hashable {
    /// The kernel over numbered buffers.
    var kernel: Kernel
    var types: [TensorType]

    init(_ kernel: Kernel, in program: LoopProgram) {
      types = kernel.slots.map { program.buffers[$0.index].type }
      self.kernel = kernel.overNumberedBuffers
    }
  }

  /// A question about two operands, by slot, of kernels of one number.
  fileprivate struct Question: Hashable {
    var kernel: Int
    var old: Int
    var new: Int
  }

  /// The numbers of kernels.
  fileprivate var numbers: [HashedOnce<Key>: Int] = [:]
  fileprivate var known: [Question: Bool] = [:]

  /// Answers about one kernel of a program.
  struct Asker {
    fileprivate let answers: ReplacementAnswers
    fileprivate let kernel: Kernel
    fileprivate let program: LoopProgram
    /// Long kernels take long to hash, so that is done once for all questions.
    fileprivate lazy var number = answers.numbers.number(of: HashedOnce(Key(kernel, in: program)))
    /// What kernels do in which order is only asked where nothing is known of an equal one.
    fileprivate lazy var analysis = ReplacementAnalysis(DependenceAnalysis(kernel, in: program))

    /// Whether one of the kernel's buffers may stand in another one's memory.
    mutating func mayReplace(_ old: BufferID, with new: BufferID) -> Bool {
      guard let oldSlot = kernel.slots.firstIndex(of: old),
        let newSlot = kernel.slots.firstIndex(of: new)
      else { return true }
      let question = Question(kernel: number, old: oldSlot, new: newSlot)
      if let known = answers.known[question] { return known }
      let answer = analysis.mayReplace(old, with: new)
      answers.known[question] = answer
      return answer
    }
  }

  /// What is asked about a kernel.
  func asker(_ kernel: Kernel, in program: LoopProgram) -> Asker {
    Asker(answers: self, kernel: kernel, program: program)
  }
}
