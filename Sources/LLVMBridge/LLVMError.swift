internal import CLLVM

/// A failure reported by LLVM: a module that does not verify, a target that is not there, a link error.
package struct LLVMError: Error, Hashable, CustomStringConvertible {
  /// What LLVM said.
  package let message: String

  /// Creates an error that carries `message`.
  package init(_ message: String) { self.message = message }

  /// The message.
  package var description: String { message }
}

/// The version of the LLVM library that is loaded, as `22.1.8`.
package let llvmVersion: String = {
  var (major, minor, patch): (UInt32, UInt32, UInt32) = (0, 0, 0)
  LLVMGetVersion(&major, &minor, &patch)
  return "\(major).\(minor).\(patch)"
}()

/// Loads LLVM, and throws unless it is one this code generator was written for.
package func llvmVersionCheck() throws(LLVMError) {
  try LLVMLibrary.load()
  var (major, minor, patch): (UInt32, UInt32, UInt32) = (0, 0, 0)
  LLVMGetVersion(&major, &minor, &patch)
  if major < 19 {
    throw LLVMError("LLVM \(major).\(minor).\(patch) is too old: Adjoint needs LLVM 19 or newer")
  }
}

/// The text of a message LLVM allocated; frees the message.
func takeMessage(_ message: UnsafeMutablePointer<CChar>?) -> String {
  guard let message else { return "unknown LLVM error" }
  defer { LLVMDisposeMessage(message) }
  return String(cString: message)
}

/// The text of an LLVM error; consumes the error.
///
/// An `LLVMErrorRef` must be consumed exactly once.
func takeError(_ error: OpaquePointer) -> String {
  guard let message = LLVMGetErrorMessage(error) else { return "unknown LLVM error" }
  defer { LLVMDisposeErrorMessage(message) }
  return String(cString: message)
}
