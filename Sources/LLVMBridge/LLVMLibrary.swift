internal import CLLVMLibrary

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// LLVM's library, which takes 17 ms to load and is loaded when code is made for the first time.
package enum LLVMLibrary {
  /// Whether the library has been loaded.
  package static var isLoaded: Bool { adjoint_llvm_is_loaded() != 0 }

  /// Loads the library; any number of threads may do so.
  ///
  /// - Throws: `LLVMError` where it is not there.
  package static func load() throws(LLVMError) {
    guard let reason = adjoint_llvm_load() else { return }
    throw LLVMError(String(cString: reason))
  }

  /// What tells the library from others, without loading it where its file is where it is expected: its
  /// version, and the size and age of the file.
  package static let identity: String = {
    let version = String(cString: adjoint_llvm_version())
    var information = stat()
    guard let path = adjoint_llvm_path(), stat(path, &information) == 0 else {
      return (try? load()) == nil ? version : llvmVersion
    }
    #if canImport(Glibc)
      let time = information.st_mtim
    #else
      let time = information.st_mtimespec
    #endif
    return "\(version) \(information.st_size) \(time.tv_sec).\(time.tv_nsec)"
  }()

  /// A number that differs where LLVM would describe the processor otherwise; nil where only LLVM knows.
  package static var processorDigest: UInt64? {
    let digest = adjoint_processor_digest()
    return digest == 0 ? nil : digest
  }
}
