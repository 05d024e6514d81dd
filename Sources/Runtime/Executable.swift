package import TensorIR

/// What the back end may vary; two functions compiled with equal options and IR are the same code.
package struct CodeOptions: Hashable, Sendable {
  /// How many threads a call may use, the caller's included; at least one.
  package var threads: Int = WorkerPool.availableThreads

  package init() {}
}

/// A function compiled to native code.
package final class Executable: Sendable {
  /// The types of the arguments a call takes, packed and row-major.
  package let parameterTypes: [TensorType]
  /// The types of the results a call writes, packed and row-major.
  package let resultTypes: [TensorType]
  /// What compiling took and what came of it.
  package let report: CompilationReport

  /// Compiles a verified function without calls.
  ///
  /// - Throws: `AdjointError` where an op has no lowering or LLVM fails.
  package init(_ function: Function, options: CodeOptions = CodeOptions()) throws {
    throw AdjointError(.unsupported, "native code is not there yet")
  }

  /// Runs the function.
  ///
  /// - Requires: `arguments` and `results` point to as many buffers as there are parameters and
  ///   results, each of its type's bytes and aligned to 64 bytes; results do not overlap anything.
  package func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) {
    preconditionFailure("native code is not there yet")
  }

  /// The text of a stage behind TensorIR: `loops`, `llvm`, `llvm-optimized` or `assembly`.
  package static func dump(
    _ function: Function, stage: String, options: CodeOptions = CodeOptions()
  ) throws -> String {
    throw AdjointError(.unsupported, "native code is not there yet")
  }
}

/// Sizes and times of one compilation.
package struct CompilationReport: Sendable {
  /// Milliseconds from TensorIR to loop trees and the memory plan.
  package var planMilliseconds = 0.0
  /// Milliseconds from loop trees to an object file.
  package var codegenMilliseconds = 0.0
  /// Milliseconds from an object file to a callable address.
  package var linkMilliseconds = 0.0
  /// Bytes of the arena one call needs.
  package var arenaByteCount = 0
  /// Kernels one call runs.
  package var kernelCount = 0
  /// Different kernels among them.
  package var uniqueKernelCount = 0

  package init() {}
}
