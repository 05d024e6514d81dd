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

  /// Whether code is waited for by which a call gains so many nanoseconds for so many of compiling: where a
  /// single call makes up for it, so that the first result need not come later.
  func waits(forGain gain: Double, costing cost: Double) -> Bool {
    switch self {
    case .immediate: false
    case .balanced: gain > cost
    case .best: true
    }
  }
}
