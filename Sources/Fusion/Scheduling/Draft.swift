internal import LoopIR

/// A kernel as it was built, on its way through the schedule.
struct Draft {
  var kernel: Kernel
  /// Its place among what the function does.
  var number = 0
  /// The buffers it adds into from the identity on.
  private(set) var sums: Set<BufferID>
  /// The buffers that the kernel reads.
  private(set) var read: Set<BufferID>
  /// The buffers that the kernel writes.
  private(set) var written: Set<BufferID>
  /// Whether it changes what the draft before it wrote.
  let isUpdate: Bool
  /// Whether a product is among its loops.
  let hasProduct: Bool
  /// The rows that a kernel of one loop or one product goes over, each by itself but for sums; nil for
  /// other kernels, and for one that changes what the draft before wrote.
  let rowExtent: Int?
  /// A number that equal kernels have which differ in their buffers only; nil where none is known.
  var form: Int?
  /// Whether the outermost loop stays as it is, for blocks of rows that several kernels share.
  var keepsRows = false
  /// Whether loops over rows may be cut into strips.
  var isInStrips = true

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

  /// The same draft of other buffers, without the places in the source that it comes from.
  func mapping(_ other: (BufferID) -> BufferID) -> Draft {
    var draft = self
    draft.kernel.slots = kernel.slots.map(other)
    draft.kernel.sources = []
    draft.sums = Set(sums.map(other))
    draft.read = Set(read.map(other))
    draft.written = Set(written.map(other))
    return draft
  }

  /// Whether threads share a product among its loops.
  var sharesProduct: Bool {
    guard hasProduct else { return false }
    var isShared = false
    kernel.body.forEachNode { node in
      guard case .contract(let contract) = node else { return }
      isShared = isShared || kernel.blocks(of: contract).count > 1
    }
    return isShared
  }

  /// The buffers that are read before the rows, or behind them.
  var readBesidesRows: Set<BufferID> {
    KernelParts(kernel).map { kernel.buffersRead(in: $0.head + $0.tail) } ?? []
  }
}
