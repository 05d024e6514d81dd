internal import Runtime

/// How good the code of a function is when it can first be called, and whether it becomes better.
///
/// All code of a function gives the same bits. `Docs/Compiling.md` says more.
public enum CompilePolicy: String, Hashable, Sendable, CaseIterable {
  /// Code that is made quickly, and stays as it is: for what runs once.
  case immediate
  /// Code that is made quickly, except where one call would lose more than better code costs; a thread of
  /// its own makes the best code of what is called again, and puts it in place between two calls.
  case balanced
  /// The best code before the first call.
  case best

  /// The policy where none is named: `best` unless the environment variable `ADJOINT_COMPILE_POLICY`
  /// names another, or `withCompilePolicy` does.
  public static var preferred: CompilePolicy { current }

  /// The policy of this task.
  @TaskLocal fileprivate static var current =
    environmentValue("ADJOINT_COMPILE_POLICY").flatMap(CompilePolicy.init(rawValue:)) ?? .best

  /// The same in the back end's words.
  var policy: CompilationPolicy {
    switch self {
    case .immediate: .immediate
    case .balanced: .balanced
    case .best: .best
    }
  }
}

/// Waits for the thread that makes better code, which begins no other kernel: for what is about to end the
/// process.
package func endBackgroundCompilation() {
  BackgroundCompiler.shared.end()
}

/// Runs a closure whose compilations, those of calls and of deferred operations too, follow a policy
/// where they name none.
public func withCompilePolicy<Result>(
  _ policy: CompilePolicy, _ body: () throws -> Result
) rethrows -> Result {
  try CompilePolicy.$current.withValue(policy) { try body() }
}
