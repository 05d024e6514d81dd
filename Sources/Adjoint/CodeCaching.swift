internal import Runtime

/// Which code compiled before a compilation may use, and where it keeps what it compiles.
public enum CodeCaching: Hashable, Sendable {
  /// Kernels of this process, and code on disk as the environment says: see `Docs/Compiling.md`.
  case standard
  /// Kernels of this process.
  case process
  /// Kernels of this process, and code in a directory that belongs to the user alone and takes at most
  /// so many bytes.
  case directory(String, byteLimit: Int = 256 << 20)
  /// None.
  case none
}

/// Loads the code generator, which the first compilation of a process does otherwise, so that it is not
/// part of what is timed.
///
/// - Throws: `AdjointError` where LLVM is not there.
package func loadCodeGenerator() throws { try Executable.loadLLVM() }

/// Runs a closure whose compilations, those of calls and of deferred operations too, use and keep code
/// as `caching` says.
public func withCodeCache<Result>(
  _ caching: CodeCaching, _ body: () throws -> Result
) rethrows -> Result {
  let cache: CodeCache? =
    switch caching {
    case .standard: .standard
    case .process: .process
    case .directory(let path, let limit):
      CodeCache(disk: DiskCache(directory: path, byteLimit: limit))
    case .none: nil
    }
  return try CodeCache.$current.withValue(cache) { try body() }
}
