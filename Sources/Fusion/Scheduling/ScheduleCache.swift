internal import LoopIR
internal import TensorIR

/// What kernels became, for others that differ in their buffers only.
final class ScheduleCache {
  /// What the schedule of a kernel depends on.
  struct Key: Hashable {
    /// The kernel over numbered buffers, without name and sources.
    var kernel: Kernel
    var types: [TensorType]
    var keepsRows: Bool
    /// The passes that went over it, by number.
    var passes: [Int]

    /// The key of a kernel of a program.
    init(_ kernel: Kernel, in program: LoopProgram, keepsRows: Bool = false, passes: [Int] = []) {
      self.kernel = kernel.overNumberedBuffers
      types = kernel.slots.map { program.buffers[$0.index].type }
      (self.keepsRows, self.passes) = (keepsRows, passes)
    }
  }

  /// The same for a kernel whose form is known.
  struct Step: Hashable {
    var form: Int
    var keepsRows: Bool
    /// The passes that went over it, by number.
    var passes: [Int]
  }

  /// A kernel that stores less than another one.
  private struct Remainder: Hashable {
    var form: Int
    /// The slots that are not stored to.
    var slots: [Int]
  }

  /// Scheduled kernels over numbered buffers.
  @exclusivity(unchecked) var known: [HashedOnce<Key>: Kernel] = [:]
  /// The same by form, with the form that they have afterwards.
  @exclusivity(unchecked) var scheduled: [Step: (kernel: Kernel, form: Int)] = [:]
  /// What scheduled kernels do where loops stay in order that are not proven to have none.
  @exclusivity(unchecked) var inOrder: [HashedOnce<Key>: [Node]] = [:]
  /// How kernels of a chain become one, over numbered buffers, by what that depends on; nil where they cannot.
  @exclusivity(unchecked) var fits: [SubgraphKey: RowChain.Fit?] = [:]
  /// Built kernels over numbered buffers, by what they are computed from.
  @exclusivity(unchecked) var built: [SubgraphKey: [Draft]] = [:]
  /// Steps of regions, by all that they depend on.
  @exclusivity(unchecked) var regions: [RegionKey: RegionTemplate] = [:]
  @exclusivity(unchecked) private var remainders: [Remainder: Int] = [:]
  @exclusivity(unchecked) private var formCount = 0
  @exclusivity(unchecked) private var productForms: [ProductForm: Int] = [:]
  /// What operations compute.
  let operations = OperationForms()
  /// Which operands may share memory.
  let replacements = ReplacementAnswers()

  /// A number for kernels that are equal but for their buffers.
  func newForm() -> Int {
    formCount += 1
    return formCount
  }

  /// The form of a kernel of another form without the stores to some slots.
  func form(of form: Int, without slots: [Int]) -> Int {
    let key = Remainder(form: form, slots: slots)
    if let known = remainders[key] { return known }
    let new = newForm()
    remainders[key] = new
    return new
  }

  /// The number of a product's index spaces.
  func number(of form: ProductForm) -> Int { productForms.number(of: form) }
}

extension Kernel {
  /// The kernel over numbers of another kernel's slots, without name and sources.
  func numbering(slotsOf original: Kernel) -> Kernel {
    let places = Dictionary(
      uniqueKeysWithValues: original.slots.enumerated().map { ($0.element, BufferID($0.offset)) })
    var numbered = overNumberedBuffers
    numbered.slots = slots.compactMap { places[$0] }
    return numbered
  }
}
