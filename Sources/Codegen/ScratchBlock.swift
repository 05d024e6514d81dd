internal import LLVMBridge

/// Memory that a function takes from the process while it runs, for arrays that are too large for a stack.
struct ScratchBlock {
  /// Where the block starts; nil where nothing is in it.
  private let start: LLVMValue?
  /// The bytes given to arrays so far.
  private var used = 0

  /// Takes a block for arrays of these sizes in bytes.
  init(_ byteCounts: [Int], _ builder: IRBuilder, _ module: LLVMModule) {
    let byteCount = byteCounts.reduce(0) { $0 + Self.rounded($1) }
    guard byteCount > 0 else {
      start = nil
      return
    }
    let function = module.declareFunction(
      "aligned_alloc", parameters: [module.i64, module.i64], returns: module.pointer)
    function.setResultAttribute(.noalias)
    start = builder.call(
      function, [builder.int(Self.alignment, module.i64), builder.int(byteCount, module.i64)])
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
