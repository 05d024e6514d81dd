internal import LoopIR

/// A kernel as it was built, on its way through the schedule.
struct Draft {
  var kernel: Kernel
  /// Its place among what the function does.
  var number = 0
  /// The buffers it adds into from the identity on.
  let sums: Set<BufferID>
  /// The buffers that the kernel reads.
  let read: Set<BufferID>
  /// The buffers that the kernel writes.
  let written: Set<BufferID>
  /// Whether it changes what the draft before it wrote.
  let isUpdate: Bool
  /// Whether a product is among its loops.
  let hasProduct: Bool
  /// The rows that a kernel of one loop or one product goes over, each by itself but for sums; nil for
  /// other kernels, and for one that changes what the draft before wrote.
  let rowExtent: Int?
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

  /// The buffers that are read before the rows, or behind them.
  var readBesidesRows: Set<BufferID> {
    KernelParts(kernel).map { kernel.buffersRead(in: $0.head + $0.tail) } ?? []
  }
}
