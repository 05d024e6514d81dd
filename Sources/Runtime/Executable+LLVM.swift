internal import LLVMBridge
package import TensorIR

extension Executable {
  /// Loads LLVM, unless that has been done.
  ///
  /// - Throws: `AdjointError` at `location` where it is not there.
  package static func loadLLVM(at location: SourceLocation = .unknown) throws {
    do {
      try LLVMLibrary.load()
    } catch {
      throw AdjointError(.system, "LLVM: \(error.message)", at: location)
    }
  }
}
