internal import LLVMBridge

extension IRBuilder {
  /// The task that makes the call.
  func currentTask(_ context: LLVMValue) -> LLVMValue {
    let question = load(module.pointer, gep(context, bytes: 48), alignment: 8)
    return callIndirect(module.functionType([], returns: module.pointer), question, [])
  }

  /// Leaves a loop where the call should end before it is done; the context is asked once in so many
  /// iterations, a power of two.
  ///
  /// - Parameter task: the task that makes the call; null is the thread's.
  func leaveIfCancelled(
    after iteration: LLVMValue, of period: Int, context: LLVMValue, task: LLVMValue,
    to exit: LLVMBlock, else body: LLVMBlock
  ) {
    let ask = appendBlock("ask")
    let place = and(iteration, int(period - 1, module.i64))
    condBr(
      icmp(.eq, place, int(period - 1, module.i64)), ask, body,
      weights: (then: 1, otherwise: period))
    position(at: ask)
    let test = load(module.pointer, gep(context, bytes: 24), alignment: 8)
    let type = module.functionType([module.pointer], returns: module.i8)
    let answer = callIndirect(type, test, [task])
    condBr(icmp(.ne, answer, int(0, module.i8)), exit, body)
  }
}
