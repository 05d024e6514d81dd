internal import CLLVM

/// Branches, loops' phis, and returns.
///
/// See <https://llvm.org/docs/LangRef.html#terminator-instructions>.
extension IRBuilder {
  /// A value that depends on which block control came from; phis come first in their block.
  package func phi(_ type: LLVMType) -> LLVMValue { LLVMValue(LLVMBuildPhi(ref, type.ref, "")) }

  /// A value that a loop carries, as it enters from `block`.
  package func carried(_ initial: LLVMValue, from block: LLVMBlock) -> LLVMValue {
    let phi = phi(initial.type)
    addIncoming(phi, initial, from: block)
    return phi
  }

  /// Gives a phi its value on the edge from `block`.
  package func addIncoming(_ phi: LLVMValue, _ value: LLVMValue, from block: LLVMBlock) {
    assert(phi.type == value.type, "a phi of \(phi.type.text) with a value of \(value.type.text)")
    var value: OpaquePointer? = value.ref
    var block: OpaquePointer? = block.ref
    LLVMAddIncoming(phi.ref, &value, &block, 1)
  }

  /// Goes to `target`; the instruction is returned for loop metadata.
  @discardableResult
  package func br(_ target: LLVMBlock) -> LLVMValue { LLVMValue(LLVMBuildBr(ref, target.ref)) }

  /// Goes to `then` if the condition holds, else to `otherwise`; weights say how often.
  @discardableResult
  package func condBr(
    _ condition: LLVMValue, _ then: LLVMBlock, _ otherwise: LLVMBlock,
    weights: (then: Int, otherwise: Int)? = nil
  ) -> LLVMValue {
    let branch = LLVMValue(LLVMBuildCondBr(ref, condition.ref, then.ref, otherwise.ref))
    if let weights {
      setMetadata(
        branch, "prof",
        metadataNode([
          metadataString("branch_weights"), metadata(int(weights.then, module.i32)),
          metadata(int(weights.otherwise, module.i32)),
        ]))
    }
    return branch
  }

  /// Goes to the block of the case equal to `value`, else to `otherwise`.
  package func switchBr(
    _ value: LLVMValue, cases: [(value: Int, block: LLVMBlock)], otherwise: LLVMBlock
  ) {
    let instruction = LLVMBuildSwitch(ref, value.ref, otherwise.ref, UInt32(cases.count))
    for item in cases {
      LLVMAddCase(instruction, int(item.value, value.type).ref, item.block.ref)
    }
  }

  /// Returns a value.
  package func ret(_ value: LLVMValue) { LLVMBuildRet(ref, value.ref) }

  /// Returns without a value.
  package func ret() { LLVMBuildRetVoid(ref) }

  /// Marks a place that control never reaches.
  package func unreachable() { LLVMBuildUnreachable(ref) }
}
