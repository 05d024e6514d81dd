internal import LoopIR
internal import TensorIR

/// The recipes of a program's values: what they read and take, and scheduled kernels for those asked for.
struct ProgramRecipes {
  private var book: RecipeBook
  private var buffers: [ValueID: BufferID] = [:]
  private var constants: [Literal: BufferID] = [:]
  private var kernels: [BufferID: Kernel?] = [:]
  private let drafts = Drafts()

  /// Kernels without a schedule, for all copies.
  private final class Drafts {
    @exclusivity(unchecked) var known: [BufferID: Kernel?] = [:]
  }

  /// The recipes that a book has for a program.
  init(_ book: RecipeBook, for program: LoopProgram) {
    self.book = book
    for (position, buffer) in program.buffers.enumerated() {
      if let origin = buffer.origin { buffers[ValueID(origin.value)] = BufferID(position) }
      if case .constant(let literal) = buffer.storage { constants[literal] = BufferID(position) }
    }
  }

  /// The recipes of a graph's values, by number: of those that are large enough to matter.
  mutating func recipes(
    for graph: RematerializationGraph, of program: LoopProgram, leastByteCount: Int
  ) -> [RematerializationGraph.Recipe?] {
    graph.values.map { value in
      guard value.isArena, value.byteCount >= leastByteCount, value.isStable,
        let origin = program.buffers[value.buffer.index].origin,
        let inputs = book.inputs(of: ValueID(origin.value))
      else { return nil }
      var numbers = [Int]()
      var bytes = value.byteCount
      for input in inputs.sorted() {
        guard let buffer = buffers[input] else { return nil }
        bytes += program.buffers[buffer.index].type.byteCount
        if let number = graph.numbers[buffer] {
          // What changes later may not be what was read.
          guard graph.values[number].isStable else { return nil }
          numbers.append(number)
        }
      }
      let weight = Double(graph.groups[value.group].hasProduct ? 30 : 8)
      let count = Double(program.buffers[value.buffer.index].type.count)
      return RematerializationGraph.Recipe(
        inputs: numbers, nanoseconds: max(Double(bytes) / 12, count * weight / 60) + 20,
        flops: Int(count * 8))
    }
  }

  /// The kernel, without a schedule, that writes a value to its own buffer; nil where the value has no
  /// recipe.
  mutating func draft(of buffer: BufferID, in program: LoopProgram) -> Kernel? {
    if let known = drafts.known[buffer] { return known }
    let kernel = newDraft(of: buffer, in: program)
    drafts.known[buffer] = .some(kernel)
    return kernel
  }

  private mutating func newDraft(of buffer: BufferID, in program: LoopProgram) -> Kernel? {
    guard let value = program.buffers[buffer.index].origin.map({ ValueID($0.value) }),
      let inputs = book.inputs(of: value), inputs.allSatisfy({ buffers[$0] != nil })
    else { return nil }
    var others = buffers
    others[value] = nil
    return book.kernel(
      of: value, to: buffer, reading: others, constants: constants, isSplit: false)
  }

  /// The scheduled kernel that writes a value to its own buffer; nil where there is none of one loop
  /// nest.
  mutating func kernel(of buffer: BufferID, in scheduler: inout Scheduler) -> Kernel? {
    if let known = kernels[buffer] { return known }
    var kernel: Kernel?
    if let origin = scheduler.program.buffers[buffer.index].origin {
      let value = ValueID(origin.value)
      var others = buffers
      others[value] = nil
      if let draft = book.kernel(of: value, to: buffer, reading: others, constants: constants) {
        let scheduled = scheduler.kernels(of: [Draft(draft)], readers: [buffer: [Int.max]])
        if scheduled.count == 1 { kernel = scheduled[0] }
      }
    }
    kernels[buffer] = .some(kernel)
    return kernel
  }
}
