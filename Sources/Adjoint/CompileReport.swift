/// Times and sizes of one compilation.
public struct CompileReport: Hashable, Sendable {
  /// Milliseconds from text, or from the closure that is traced, to TensorIR.
  public internal(set) var parseMilliseconds = 0.0
  /// Milliseconds of simplification and differentiation.
  public internal(set) var transformMilliseconds = 0.0
  /// Milliseconds from TensorIR to loop trees and the memory plan.
  public internal(set) var planMilliseconds = 0.0
  /// Milliseconds of these in which the loop trees are verified.
  public internal(set) var verifyMilliseconds = 0.0
  /// Milliseconds from loop trees to an object file.
  public internal(set) var codegenMilliseconds = 0.0
  /// Milliseconds from an object file to a callable address.
  public internal(set) var linkMilliseconds = 0.0
  /// Milliseconds of wall time from TensorIR to a callable function.
  public internal(set) var compileMilliseconds = 0.0
  /// Bytes of temporary memory one call needs.
  public internal(set) var arenaByteCount = 0
  /// Bytes of temporary memory one call would need if nothing were computed again.
  public internal(set) var saveAllByteCount = 0
  /// Bytes of values that are kept from the forward to the backward computation.
  public internal(set) var savedByteCount = 0
  /// Bytes of values that are computed again, each counted once.
  public internal(set) var recomputedByteCount = 0
  /// Arithmetic operations of computing values again.
  public internal(set) var addedFlops = 0
  /// Bytes of all arguments.
  public internal(set) var argumentByteCount = 0
  /// Kernels one call runs.
  public internal(set) var kernelCount = 0
  /// Functions that kernels and their steps are compiled to, each code once.
  public internal(set) var functionCount = 0
  /// Threads a call may use.
  public internal(set) var threads = 1

  /// Where the code comes from.
  public internal(set) var source = Source.compiled
  /// What was wrong with code on disk that was not used for that reason.
  public internal(set) var notes: [String] = []

  /// Where the code of a program can come from.
  public enum Source: String, Hashable, Sendable {
    /// The compiler, which may have found some of the kernels.
    case compiled
    /// The cache on disk.
    case disk
  }

  init() {}
}
