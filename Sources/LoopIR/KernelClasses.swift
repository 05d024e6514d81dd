internal import TensorIR

/// The kernels of a program in classes that differ in their buffers only, so that one look at a kernel
/// answers for its class.
struct KernelClasses {
  /// The class of each kernel.
  let numbers: [Int]
  /// The first kernel of each class.
  let leaders: [Int]

  /// What kernels of a class have in common.
  private struct Key: Hashable {
    /// The kernel over numbered buffers, without name and sources.
    var kernel: Kernel
    var types: [TensorType]
    /// Whether each buffer may be written.
    var areWritable: [Bool]
  }

  /// Divides the kernels of a program.
  ///
  /// - Requires: kernels use buffers of the program.
  init(_ program: LoopProgram) {
    let donated = Set(program.donations.values)
    var known: [HashedOnce<Key>: Int] = [:]
    var numbers = [Int]()
    var leaders = [Int]()
    for (position, kernel) in program.kernels.enumerated() {
      let key = HashedOnce(
        Key(
          kernel: kernel.overNumberedBuffers,
          types: kernel.slots.map { program.buffers[$0.index].type },
          areWritable: kernel.slots.map { program.isWritable($0, donated: donated) }))
      if let number = known[key] {
        numbers.append(number)
      } else {
        known[key] = leaders.count
        numbers.append(leaders.count)
        leaders.append(position)
      }
    }
    self.numbers = numbers
    self.leaders = leaders
  }
}

extension Kernel {
  /// The kernel over buffers that are numbered as its slots are, without name and sources: the same for
  /// kernels that differ in their buffers only.
  package var overNumberedBuffers: Kernel {
    var kernel = self
    kernel.name = ""
    kernel.sources = []
    kernel.slots = slots.indices.map { BufferID($0) }
    return kernel
  }
}

extension LoopProgram {
  /// Whether kernels may write a buffer: results, the arena, and donated arguments, which are the results
  /// that start as copies of them.
  ///
  /// - Parameter donated: The donated arguments, by number.
  func isWritable(_ buffer: BufferID, donated: @autoclosure () -> Set<Int>) -> Bool {
    switch buffers[root(of: buffer).index].storage {
    case .result, .arena, .view: true
    case .argument(let number): donated().contains(number)
    case .constant: false
    }
  }
}
