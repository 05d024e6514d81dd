public import TensorIR

/// What runs a compiled function.
public enum Engine: String, Hashable, Sendable, CaseIterable {
  /// Machine code for this processor.
  case native
  /// The slow, obvious evaluation of each operation in turn.
  case interpreter
}

/// How a function of a program is differentiated before it is compiled; numbers name arguments.
public enum Transform: Hashable, Sendable {
  /// The function itself.
  case none
  /// The first result is a scalar; its gradient for each named argument follows the results.
  case gradient([Int])
  /// One cotangent per result follows the arguments; the cotangent of each named argument follows
  /// the results.
  case vjp([Int])
  /// One tangent per named argument follows the arguments; one tangent per result follows the
  /// results.
  case jvp([Int])
}

/// A stage of compilation that can be printed; the raw value is its name on the command line.
public enum Stage: String, Hashable, Sendable, CaseIterable {
  /// The function as written or traced, calls inlined.
  case traced
  /// After simplification, before differentiation.
  case simplified
  /// Value and derivative in one function.
  case adjoint
  /// After the last simplification; the order of operations is the order of execution.
  case planned
  /// Loop trees over buffers.
  case loops
  /// LLVM IR before LLVM's passes.
  case llvm
  /// LLVM IR after LLVM's passes.
  case llvmOptimized = "llvm-optimized"
  /// What the processor runs.
  case assembly
}

/// What the caller of the compiler may choose.
public struct CompileOptions: Hashable, Sendable {
  /// How many threads a call may use, the caller's included; nil for as many as there are cores.
  public var threads: Int?

  /// Creates options.
  public init(threads: Int? = nil) { self.threads = threads }
}

/// A program read from StableHLO text.
public struct Program: Sendable {
  /// The functions of the text.
  let module: Module
  /// How long reading took.
  let parseMilliseconds: Double

  /// Reads a program from text; `file` names it in messages.
  ///
  /// - Throws: `AdjointError` with line and column for text that does not parse or breaks a rule.
  public init(parsing text: String, file: String) throws {
    throw AdjointError(.unsupported, "programs cannot be read yet")
  }

  /// Reads a program from a file.
  ///
  /// - Throws: `AdjointError` where the file cannot be read or its text is wrong.
  public init(contentsOf path: String) throws {
    throw AdjointError(.unsupported, "programs cannot be read yet")
  }

  /// The names of all functions in text order, private ones too.
  public var functionNames: [String] { module.functions.map(\.name) }

  /// The types of the arguments of a function; nil for the one that runs when none is named.
  ///
  /// - Throws: `AdjointError` where there is no such function.
  public func parameterTypes(of function: String? = nil) throws -> [TensorType] {
    throw AdjointError(.unsupported, "programs cannot be read yet")
  }

  /// The types of the results of a function; nil for the one that runs when none is named.
  ///
  /// - Throws: `AdjointError` where there is no such function.
  public func resultTypes(of function: String? = nil) throws -> [TensorType] {
    throw AdjointError(.unsupported, "programs cannot be read yet")
  }

  /// Compiles a function (nil for the one that runs when none is named) and its derivative.
  ///
  /// - Throws: `AdjointError` for a function that is not there, an argument number out of range,
  ///   a result that cannot be differentiated or an op that has no derivative or lowering.
  public func compile(
    function: String? = nil, transform: Transform = .none, engine: Engine = .native,
    options: CompileOptions = CompileOptions()
  ) throws -> CompiledProgram {
    throw AdjointError(.unsupported, "programs cannot be compiled yet")
  }

  /// The text of a stage of compilation of a function and its derivative.
  ///
  /// - Throws: `AdjointError` as `compile` does.
  public func dump(
    stage: Stage, function: String? = nil, transform: Transform = .none,
    options: CompileOptions = CompileOptions()
  ) throws -> String {
    throw AdjointError(.unsupported, "programs cannot be compiled yet")
  }
}

/// A function ready to be called.
public struct CompiledProgram: Sendable {
  /// The types of the arguments a call takes.
  public let parameterTypes: [TensorType]
  /// The types of the results a call gives.
  public let resultTypes: [TensorType]
  /// Times and sizes of its compilation.
  public let report: CompileReport

  /// Runs the function.
  ///
  /// - Throws: `AdjointError` where the arguments do not have the types of `parameterTypes`.
  public func call(_ arguments: [TensorData]) throws -> [TensorData] {
    throw AdjointError(.unsupported, "programs cannot be compiled yet")
  }

  /// Runs the function on raw memory, without checks: the fastest way to call it.
  ///
  /// - Requires: `arguments` and `results` point to as many buffers as there are parameters and
  ///   results, each of its type's bytes and aligned to 64 bytes; results do not overlap anything.
  /// - Throws: `AdjointError` from the interpreter; native code does not throw.
  public func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    throw AdjointError(.unsupported, "programs cannot be compiled yet")
  }
}

/// Times and sizes of one compilation.
public struct CompileReport: Hashable, Sendable {
  /// Milliseconds from text to TensorIR; zero for traced functions.
  public internal(set) var parseMilliseconds = 0.0
  /// Milliseconds of simplification and differentiation.
  public internal(set) var transformMilliseconds = 0.0
  /// Milliseconds from TensorIR to loop trees and the memory plan.
  public internal(set) var planMilliseconds = 0.0
  /// Milliseconds from loop trees to an object file.
  public internal(set) var codegenMilliseconds = 0.0
  /// Milliseconds from an object file to a callable address.
  public internal(set) var linkMilliseconds = 0.0
  /// Milliseconds of wall time from TensorIR to a callable function.
  public internal(set) var compileMilliseconds = 0.0
  /// Bytes of temporary memory one call needs.
  public internal(set) var arenaByteCount = 0
  /// Bytes of all arguments.
  public internal(set) var argumentByteCount = 0
  /// Kernels one call runs.
  public internal(set) var kernelCount = 0
  /// Different kernels among them.
  public internal(set) var uniqueKernelCount = 0
  /// Threads a call may use.
  public internal(set) var threads = 1

  init() {}
}
