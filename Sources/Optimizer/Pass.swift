import TensorIR

/// A named step of simplification.
package struct Pass: Sendable {
  /// The name in options, timer rows and golden cases.
  package let name: String
  /// What it does, in one line.
  package let summary: String
  /// How it does it.
  let action: Action

  /// What a pass rewrites.
  enum Action: Sendable {
    /// A rule tried on each operation while the function is copied.
    case rule(Rule)
    /// Equal operations of a copy become one.
    case sharing
    /// A transformation of a whole function.
    case function(@Sendable (inout Function, inout RewriteBudget) -> Int)
  }

  /// Gives a value that equals the operation's result and is cheaper, or nil to leave it alone.
  ///
  /// The operands are values of the copy and already simplified; the rule emits what it needs
  /// through the rewriter, which simplifies that in turn. A rule emits only when it will succeed.
  typealias Rule = @Sendable (Op, [ValueID], inout Rewriter) throws -> ValueID?

  /// A pass of one rule.
  static func rule(_ name: String, _ summary: String, _ rule: @escaping Rule) -> Pass {
    Pass(name: name, summary: summary, action: .rule(rule))
  }
}

/// The simplification of tensor programs, in order.
///
/// Neighbouring rules run together: one sweep copies the function and tries them in this order on
/// each operation, whose operands are simplified by then. `simplified()` repeats the list until
/// nothing changes. What each rewrite keeps and gives up is in `Docs/Simplification.md`.
package let pipeline: [Pass] = [
  Pass(name: "dce", summary: "drops what no result needs", action: .function(eliminateDeadCode)),
  .rule("fold", "computes small operations on constants", foldConstants),
  .rule("order-operands", "puts constants right and others by age", orderOperands),
  .rule("constant", "makes splats and iotas broadcasts of less", simplifyConstant),
  .rule("sink-broadcasts", "computes before repeating", sinkBroadcasts),
  .rule("broadcast", "merges broadcasts with what only moves axes", simplifyBroadcast),
  .rule("reshape", "merges reshapes; unit axes come from broadcasts", simplifyReshape),
  .rule("transpose", "merges transposes into their operands", simplifyTranspose),
  .rule("slice", "takes slices of what is smaller", simplifySlice),
  .rule("pad", "merges pads", simplifyPad),
  .rule("concatenate", "merges pieces", simplifyConcatenate),
  .rule("reverse", "merges reversals", simplifyReverse),
  .rule("convert", "drops conversions through wider types", simplifyConvert),
  .rule("unary", "drops functions that cancel", simplifyUnary),
  .rule("arithmetic", "exact identities of + − × ÷ and powers", simplifyArithmetic),
  .rule("negation", "moves signs outwards until they cancel", moveNegation),
  .rule("square", "makes (a − b)² and (b − a)² one", orderSquaredDifference),
  .rule("logic", "identities of and, or, max, min and comparisons", simplifyLogic),
  .rule("select", "drops choices that are known", simplifySelect),
  .rule("reduce", "reduces less, at once", simplifyReduce),
  .rule("dot", "absorbs transposes into dimension numbers", simplifyDot),
  Pass(name: "cse", summary: "computes equal operations once", action: .sharing),
]
