internal import LLVMBridge
internal import LoopIR

/// Memory that a function takes from the process while it runs, for arrays that are too large for a stack.
///
/// Where there is none the function returns at once, after it has stored a one in the flag behind its
/// buffers and the context; the entry point looks there and ends the program.
struct ScratchBlock {
  /// Where the block starts; nil where nothing is in it.
  private let start: LLVMValue?
  /// The bytes given to arrays so far.
  private var used = 0

  /// Takes a block for arrays of these sizes in bytes.
  ///
  /// - Parameter flag: where it is noted that there is no memory.
  init(_ byteCounts: [Int], _ builder: IRBuilder, _ module: LLVMModule, flag: () -> LLVMValue) {
    let byteCount = byteCounts.reduce(0) { $0 + Self.rounded($1) }
    guard byteCount > 0 else {
      start = nil
      return
    }
    let function = module.declareFunction(
      "aligned_alloc", parameters: [module.i64, module.i64], returns: module.pointer)
    function.setResultAttribute(.noalias)
    let block = builder.call(
      function, [builder.int(Self.alignment, module.i64), builder.int(byteCount, module.i64)])
    let (missing, taken) = (builder.appendBlock("no.memory"), builder.appendBlock("memory"))
    builder.condBr(builder.icmp(.eq, block, builder.zero(module.pointer)), missing, taken)
    builder.position(at: missing)
    builder.store(builder.int(1, module.i64), flag(), alignment: 8)
    builder.ret()
    builder.position(at: taken)
    start = block
  }

  /// The next array.
  mutating func array(_ byteCount: Int, _ builder: IRBuilder) -> LLVMValue {
    guard let start else { preconditionFailure("the block has room for its arrays") }
    defer { used += Self.rounded(byteCount) }
    return builder.gep(start, bytes: used)
  }

  /// Gives the block back.
  func release(_ builder: IRBuilder, _ module: LLVMModule) {
    guard let start else { return }
    let function = module.declareFunction(
      "free", parameters: [module.pointer], returns: module.void)
    builder.call(function, [start])
  }

  /// Arrays start at cache lines.
  private static let alignment = 64

  private static func rounded(_ byteCount: Int) -> Int {
    (byteCount + alignment - 1) / alignment * alignment
  }
}

/// What stands behind the buffers of a kernel: places in the array of pointers that it gets, after so many
/// buffers.
enum KernelExtra: Int, CaseIterable {
  /// The runtime's context, for kernels that may run on.
  case context
  /// The task that makes the call, for those of them that threads share.
  case task
  /// An integer that becomes one where there is no scratch memory, for kernels that need some.
  case flag

  /// The byte of the pointer in an array with so many buffers before it.
  func byte(behind bufferCount: Int) -> Int { (bufferCount + rawValue) * 8 }
}

extension Kernel {
  /// What the kernel gets besides its buffers.
  var extras: [KernelExtra] {
    (hasUnboundedLoops ? [.context, .task] : []) + (usesScratch ? [.flag] : [])
  }
}
