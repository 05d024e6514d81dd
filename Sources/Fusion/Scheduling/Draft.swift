internal import LoopIR
internal import Targets

/// A kernel as it was built, not yet scheduled.
struct Draft {
  let kernel: Kernel
  /// The buffers it adds into from the identity on.
  let sums: Set<BufferID>
  /// Whether it changes what the draft before wrote, in an order that has to stay: of two updates of
  /// one place the later one stays.
  let isUpdate: Bool
  /// The buffers that the kernel reads.
  let read: Set<BufferID>
  /// The buffers that the kernel writes.
  let written: Set<BufferID>
  /// Whether a product is among its loops.
  let hasProduct: Bool
  /// The rows that a kernel of one loop or one product goes over, each by itself but for sums; nil for
  /// other kernels.
  let rowExtent: Int?

  init(_ kernel: Kernel, sums: Set<BufferID> = [], isUpdate: Bool = false) {
    self.kernel = kernel
    self.sums = sums
    self.isUpdate = isUpdate
    read = kernel.readBuffers
    written = kernel.writtenBuffers
    hasProduct = kernel.body.contains(where: \.hasContract)
    let parts = isUpdate ? nil : KernelParts(kernel)
    rowExtent = parts.flatMap { $0.steps.count == 1 ? $0.extent(in: kernel) : nil }
  }

  /// The buffers that are read before the rows, or behind them.
  var readBesidesRows: Set<BufferID> {
    KernelParts(kernel).map { kernel.buffersRead(in: $0.head + $0.tail) } ?? []
  }
}

/// Schedules kernels for a processor, kernels that differ in their buffers only once.
final class KernelScheduler {
  let target: TargetDescription
  private var known: [Key: Kernel] = [:]

  /// What a schedule depends on.
  private struct Key: Hashable {
    /// The kernel over numbered buffers, without name and sources.
    var kernel: Kernel
    var keepsRows: Bool
    var isInStrips: Bool
  }

  init(for target: TargetDescription) { self.target = target }

  /// How many kernels were scheduled.
  var count: Int { known.count }

  /// The kernel with sums mirrored, loops collapsed and one loop of each path in lanes.
  ///
  /// - Parameters:
  ///   - keepingRows: whether the outermost loop is collapsed with none.
  ///   - inStrips: whether loops over rows are cut into strips.
  func scheduled(_ kernel: Kernel, keepingRows: Bool = false, inStrips: Bool = true) -> Kernel {
    var plain = kernel
    plain.name = ""
    plain.sources = []
    plain.slots = kernel.slots.indices.map { BufferID($0) }
    let key = Key(kernel: plain, keepsRows: keepingRows, isInStrips: inStrips)
    var result = known[key] ?? plain.scheduled(for: target, keepsRows: keepingRows, inStrips)
    known[key] = result
    result.name = kernel.name
    result.sources = kernel.sources
    result.slots = result.slots.map { kernel.slots[$0.index] }
    return result
  }
}

extension Kernel {
  /// The kernel after all passes that look at nothing else.
  fileprivate func scheduled(
    for target: TargetDescription, keepsRows: Bool, _ isInStrips: Bool
  ) -> Kernel {
    var kernel = self
    kernel.dropMirroredSums()
    kernel.collapseLoops(keepingOutermost: keepsRows)
    kernel.vectorize(for: target)
    if isInStrips { kernel.cutRowsIntoStrips(for: target) }
    return kernel
  }
}
