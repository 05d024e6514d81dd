internal import CLLVM
package import Targets

extension TargetDescription {
  /// The machine this process runs on, as LLVM describes it; the least of x86-64 where there is no LLVM.
  package static let host: TargetDescription = {
    guard (try? LLVMLibrary.load()) != nil else {
      return TargetDescription(triple: "x86_64-unknown-linux-gnu", cpu: "x86-64", features: "")
    }
    return TargetDescription(
      triple: takeMessage(LLVMGetDefaultTargetTriple()), cpu: takeMessage(LLVMGetHostCPUName()),
      features: takeMessage(LLVMGetHostCPUFeatures()))
  }()
}
