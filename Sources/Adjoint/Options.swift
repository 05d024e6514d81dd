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
  /// What each pass of the schedule changed, and what it weighed.
  case schedule
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
  /// The arguments, by number, whose memory a call on raw memory may overwrite with results, besides
  /// those that the program's text marks as donated.
  public var donated: Set<Int>
  /// The processor that code is made for.
  public var processor: Processor
  /// The most temporary memory a call may need, arguments and results not counted; nil for as much as
  /// is quickest.
  public var memoryBudget: ByteCount?
  /// What is kept for the backward computation.
  public var rematerialization: Rematerialization
  /// How good the code is when it can first be called.
  public var policy: CompilePolicy
  /// How many milliseconds planning and code generation may take: when they are over, what is left is made
  /// quickly, and the best code later, where it is called again. Nil is as long as it takes.
  public var compileMilliseconds: Double?

  /// Creates options.
  public init(
    threads: Int? = nil, donated: Set<Int> = [], processor: Processor = .host,
    memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
    policy: CompilePolicy = .preferred, compileMilliseconds: Double? = nil
  ) {
    self.policy = policy
    self.compileMilliseconds = compileMilliseconds
    self.memoryBudget = memoryBudget
    self.rematerialization = rematerialization
    self.threads = threads
    self.donated = donated
    self.processor = processor
  }
}
