internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// The function of a kernel of several pieces, like that of a kernel of one:
/// `void name(pointer slots, i64 firstBlock, i64 endBlock)`.
///
/// For each block it calls the pieces one after the other; what they hand on is on its stack.
struct PieceSequence {
  var kernel: Kernel
  var pieces: [KernelPiece]
  /// The pieces' functions.
  var functions: [LLVMFunction]

  func emit(_ name: String, in module: LLVMModule) -> LLVMFunction {
    let function = module.addFunction(
      name, parameters: [module.pointer, module.i64, module.i64], returns: module.void)
    let builder = IRBuilder(module)
    builder.position(at: function.appendBlock("entry"))
    let (slots, scratch) = slots(function, builder, module)
    let (first, end) = (function.parameters[1], function.parameters[2])
    let before = builder.currentBlock
    let start = builder.appendBlock("block")
    let after = builder.appendBlock("after")
    builder.condBr(builder.icmp(.slt, first, end), start, after)
    builder.position(at: start)
    let block = builder.phi(module.i64)
    builder.addIncoming(block, first, from: before)
    let next = builder.add(block, builder.int(1, module.i64))
    for (piece, slots) in zip(functions, slots) { builder.call(piece, [slots, block, next]) }
    builder.addIncoming(block, next, from: builder.currentBlock)
    builder.condBr(builder.icmp(.slt, next, end), start, after)
    builder.position(at: after)
    scratch.release(builder, module)
    builder.ret()
    return function
  }

  /// For each piece an array of pointers to its memory, and the scratch memory that is part of it.
  private func slots(
    _ function: LLVMFunction, _ builder: IRBuilder, _ module: LLVMModule
  ) -> ([LLVMValue], ScratchBlock) {
    let shared = Set(
      pieces.flatMap(\.memories).compactMap { place -> Int? in
        if case .local(let local) = place.memory { local } else { nil }
      })
    let arrays = shared.sorted().map { ($0, kernel.locals[$0]) }
    let scratchBytes = arrays.filter(\.1.isInScratch).map { $0.1.byteCount(lanes: 1) }
    func pointer(to extra: KernelExtra) -> LLVMValue {
      let place = extra.byte(behind: kernel.slots.count)
      return builder.load(
        module.pointer, builder.gep(function.parameters[0], bytes: place), alignment: 8)
    }
    var scratch = ScratchBlock(scratchBytes, builder, module) { pointer(to: .flag) }
    let extras = kernel.extras.map { ($0, pointer(to: $0)) }
    var locals: [Int: LLVMValue] = [:]
    for (number, local) in arrays {
      let byteCount = local.byteCount(lanes: 1)
      locals[number] =
        local.isInScratch
        ? scratch.array(byteCount, builder)
        : builder.alloca(module.i8, count: byteCount, alignment: 64)
    }
    let lists = pieces.map { piece in
      let array = builder.alloca(
        module.pointer, count: piece.memories.count + KernelExtra.allCases.count, alignment: 16)
      for (extra, pointer) in extras {
        let place = extra.byte(behind: piece.memories.count)
        builder.store(pointer, builder.gep(array, bytes: place), alignment: 8)
      }
      for (position, place) in piece.memories.enumerated() {
        let base: LLVMValue? =
          switch place.memory {
          case .slot(let slot):
            builder.load(
              module.pointer, builder.gep(function.parameters[0], bytes: slot * 8), alignment: 8)
          case .local(let local): locals[local]
          }
        guard let base else { preconditionFailure("every shared local has its array") }
        builder.store(
          builder.gep(base, bytes: place.offset), builder.gep(array, bytes: position * 8),
          alignment: 8)
      }
      return array
    }
    return (lists, scratch)
  }
}
