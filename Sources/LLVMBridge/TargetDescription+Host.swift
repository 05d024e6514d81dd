internal import CLLVM
package import Targets

extension TargetDescription {
  /// The machine this process runs on.
  package static let host = TargetDescription(
    triple: takeMessage(LLVMGetDefaultTargetTriple()), cpu: takeMessage(LLVMGetHostCPUName()),
    features: takeMessage(LLVMGetHostCPUFeatures()))
}
