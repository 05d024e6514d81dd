internal import LLVMBridge
extension VectorMath {
  func pow(_ x: LLVMValue, _ y: LLVMValue) -> LLVMValue { exp(builder.fmul(y, log(x))) }
}
