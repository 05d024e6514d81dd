internal import LLVMBridge
internal import LoopIR

extension KernelEmitter {
  /// A sum with the product that it takes in.
  func emit(_ sum: Contractions.MultiplyAdd, _ scalar: ScalarID) -> [LLVMValue] {
    let varies = analysis.varying.contains(scalar)
    return (0..<(varies ? lanes?.copies ?? 1 : 1)).map { copy in
      multiplyAdd(sum, sum.operands.map { varies ? vector($0, copy: copy) : uniform($0) })
    }
  }

  /// A multiply-add, rounded once.
  ///
  /// - Parameter operands: the factors, and what their product is added to.
  func multiplyAdd(_ sum: Contractions.MultiplyAdd, _ operands: [LLVMValue]) -> LLVMValue {
    let left = sum.isNegated ? builder.fneg(operands[0]) : operands[0]
    let added = sum.isAddendNegated ? builder.fneg(operands[2]) : operands[2]
    return builder.fma(left, operands[1], added)
  }

  /// The product of a multiply-add by itself.
  func product(_ sum: Contractions.MultiplyAdd, _ factors: [LLVMValue]) -> LLVMValue {
    let product = builder.fmul(factors[0], factors[1])
    return sum.isNegated ? builder.fneg(product) : product
  }
}
