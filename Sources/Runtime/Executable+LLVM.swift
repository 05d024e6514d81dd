internal import LLVMBridge
package import TensorIR

extension Executable {
  /// Loads LLVM, unless that has been done.
  ///
  /// - Throws: `AdjointError` where it is not there.
  package static func loadLLVM() throws {
    try reporting { () throws(LLVMError) in try LLVMLibrary.load() }
  }

  /// Begins to load LLVM on another thread, while a program is planned.
  static func beginToLoadLLVM(at location: SourceLocation) throws {
    if LLVMLibrary.isLoaded { return }
    try reporting(at: location) { () throws(LLVMError) in try LLVMLibrary.check() }
    SystemThread.detach { try? LLVMLibrary.load() }
  }

  /// Does something, and says what it throws as an error of this package.
  private static func reporting(
    at location: SourceLocation = .unknown, _ body: () throws(LLVMError) -> Void
  ) throws {
    do {
      try body()
    } catch {
      throw AdjointError(.system, "LLVM: \(error.message)", at: location)
    }
  }
}
