/// How good code is when it can first be called, and whether it becomes better.
///
/// All code of a function gives the same bits.
package enum CompilationPolicy: String, Hashable, Sendable, CaseIterable {
  /// Code that is made quickly, and stays as it is.
  case immediate
  /// Code that is made quickly, except where a call would lose more than it takes to make better code;
  /// a thread makes the best code of what is called again.
  case balanced
  /// The best code.
  case best
}
