internal import CLLVM

extension LLVMFunction {
  /// Divides the last block into blocks of at most so many instructions.
  ///
  /// The quick register allocator looks at all values of a block for each call in it, so that the time it takes
  /// grows with the square of a block's length.
  ///
  /// - Requires: The last block returns.
  package func divideLastBlock(limit: Int) {
    guard let block = LLVMGetLastBasicBlock(value.ref) else { return }
    guard let builder = LLVMCreateBuilderInContext(context) else { return }
    defer { LLVMDisposeBuilder(builder) }
    var current = block
    var count = 0
    var next = LLVMGetFirstInstruction(block)
    while let instruction = next {
      next = LLVMGetNextInstruction(instruction)
      // Memory of the stack is taken in the block that it is taken in now, where the function begins.
      if LLVMGetInstructionOpcode(instruction) == LLVMAlloca { continue }
      count += 1
      if count > limit {
        guard let successor = LLVMAppendBasicBlockInContext(context, value.ref, "") else { return }
        if current != block { Self.branch(from: current, to: successor, builder) }
        current = successor
        count = 1
      }
      guard current != block else { continue }
      LLVMInstructionRemoveFromParent(instruction)
      LLVMPositionBuilderAtEnd(builder, current)
      LLVMInsertIntoBuilder(builder, instruction)
    }
    guard current != block, let second = LLVMGetNextBasicBlock(block) else { return }
    Self.branch(from: block, to: second, builder)
  }

  private static func branch(
    from block: OpaquePointer, to successor: OpaquePointer, _ builder: OpaquePointer
  ) {
    LLVMPositionBuilderAtEnd(builder, block)
    LLVMBuildBr(builder, successor)
  }
}
