internal import CLLVM

extension LLVMFunction {
  /// Replaces sums and differences of products by multiply-adds where both may be contracted.
  ///
  /// Code generation does the same, but at its higher levels only. Done here, it finds nothing left to
  /// contract there, and the result has the same bits at every level. A product is contracted as LLVM
  /// does it: where it, or its negative, has one use, in its own block; of two products the left one.
  ///
  ///     Before: %p = fmul contract %a, %b ; %s = fsub contract %p, %c
  ///     After:  %n = fneg %c ; %s = fma(%a, %b, %n)
  package func contractProducts(in module: LLVMModule) {
    let builder = IRBuilder(module)
    builder.allowsContraction = false
    for sum in contractableInstructions() {
      guard let product = contractableProduct(of: sum) else { continue }
      LLVMPositionBuilderBefore(builder.ref, sum)
      let value = multiplyAdd(sum, product, builder)
      LLVMReplaceAllUsesWith(sum, value.ref)
      for instruction in [sum, product.negation, product.instruction].compactMap({ $0 }) {
        LLVMInstructionEraseFromParent(instruction)
      }
    }
  }

  /// A product that is an operand of a sum.
  private struct Product {
    /// The instruction that multiplies.
    let instruction: OpaquePointer
    /// The instruction that negates the product; nil where the sum takes it as it is.
    let negation: OpaquePointer?
    /// Which operand of the sum it is.
    let operand: UInt32
  }

  /// The instructions that may be contracted, in the order of the blocks.
  private func contractableInstructions() -> [OpaquePointer] {
    var found: [OpaquePointer] = []
    var block = LLVMGetFirstBasicBlock(value.ref)
    while let current = block {
      var instruction = LLVMGetFirstInstruction(current)
      while let next = instruction {
        if Self.isContractable(next) { found.append(next) }
        instruction = LLVMGetNextInstruction(next)
      }
      block = LLVMGetNextBasicBlock(current)
    }
    return found
  }

  private static func isContractable(_ instruction: OpaquePointer) -> Bool {
    LLVMCanValueUseFastMathFlags(instruction) != 0
      && LLVMGetFastMathFlags(instruction) & LLVMFastMathFlags(LLVMFastMathAllowContract) != 0
  }

  /// The product that a sum or difference takes in.
  private func contractableProduct(of sum: OpaquePointer) -> Product? {
    let opcode = LLVMGetInstructionOpcode(sum)
    guard opcode == LLVMFAdd || opcode == LLVMFSub else { return nil }
    for operand in 0..<UInt32(2) {
      guard let factor = Self.onlyUsed(operand, of: sum) else { continue }
      switch LLVMGetInstructionOpcode(factor) {
      case LLVMFMul where Self.isContractable(factor):
        return Product(instruction: factor, negation: nil, operand: operand)
      case LLVMFNeg:
        guard let inner = Self.onlyUsed(0, of: factor), LLVMGetInstructionOpcode(inner) == LLVMFMul,
          Self.isContractable(inner)
        else { continue }
        return Product(instruction: inner, negation: factor, operand: operand)
      default: continue
      }
    }
    return nil
  }

  /// The instruction of an operand that stands in the same block and that nothing else uses.
  private static func onlyUsed(_ operand: UInt32, of user: OpaquePointer) -> OpaquePointer? {
    guard let factor = LLVMGetOperand(user, operand), LLVMIsAInstruction(factor) != nil,
      LLVMGetInstructionParent(factor) == LLVMGetInstructionParent(user),
      let use = LLVMGetFirstUse(factor), LLVMGetNextUse(use) == nil
    else { return nil }
    return factor
  }

  private func multiplyAdd(
    _ sum: OpaquePointer, _ product: Product, _ builder: IRBuilder
  ) -> LLVMValue {
    func operand(_ instruction: OpaquePointer, _ number: UInt32) -> LLVMValue {
      LLVMValue(LLVMGetOperand(instruction, number))
    }
    let isDifference = LLVMGetInstructionOpcode(sum) == LLVMFSub
    var left = operand(product.instruction, 0)
    var added = operand(sum, 1 - product.operand)
    let isSubtracted = isDifference && product.operand == 1
    if isDifference, product.operand == 0 { added = builder.fneg(added) }
    if isSubtracted != (product.negation != nil) { left = builder.fneg(left) }
    return builder.fma(left, operand(product.instruction, 1), added)
  }
}
