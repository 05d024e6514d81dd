internal import LLVMBridge
internal import TensorIR

extension Executable {
  /// Loads LLVM, unless that has been done.
  ///
  /// - Throws: `AdjointError` where it is not there.
  package static func loadLLVM() throws {
    try reporting { () throws(LLVMError) in try LLVMLibrary.load() }
  }

  /// The same, for the function at a place.
  static func loadLLVM(for function: Function) throws {
    try reporting(at: function.location) { () throws(LLVMError) in try LLVMLibrary.load() }
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
