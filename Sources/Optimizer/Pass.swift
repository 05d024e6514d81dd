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
    /// A rule tried on each operation of some families while the function is copied.
    case rule(Set<OpFamily>, Rule)
    /// A rule for operations with regions, which may have any number of results.
    case regionRule(Set<OpFamily>, RegionRule)
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

  /// Gives values that equal an operation's results, which have these types, or nil to leave it alone.
  ///
  /// The operation's regions have gone through all rules before.
  typealias RegionRule =
    @Sendable (Op, [ValueID], [TensorType], inout Rewriter) throws -> [ValueID]?

  /// A pass of one rule for operations with regions.
  static func regionRule(
    _ name: String, on families: Set<OpFamily>, _ summary: String, _ rule: @escaping RegionRule
  ) -> Pass {
    Pass(name: name, summary: summary, action: .regionRule(families, rule))
  }

  /// A pass of one rule for operations of some families.
  static func rule(
    _ name: String, on families: Set<OpFamily>, _ summary: String, _ rule: @escaping Rule
  ) -> Pass {
    Pass(name: name, summary: summary, action: .rule(families, rule))
  }
}

/// The simplification of tensor programs, in order.
///
/// Neighbouring rules run together: one sweep copies the function and tries them in this order on
/// each operation, whose operands are simplified by then. `simplified()` repeats the list until
/// nothing changes. What each rewrite keeps and gives up is in `Docs/Simplification.md`.
package let pipeline: [Pass] = [
  Pass(
    name: "associative-scans", summary: "makes ladders of cumulative combinations scans",
    action: .function(raiseAssociativeScans)),
  Pass(name: "dce", summary: "drops what no result needs", action: .function(eliminateDeadCode)),
  .rule("fold", on: .computing, "computes small operations on constants", foldConstants),
  .rule(
    "order-operands", on: [.binary, .compare], "puts constants right and others by age",
    orderOperands),
  .rule(
    "constant", on: [.constant, .iota], "makes splats and iotas broadcasts of less",
    simplifyConstant),
  .rule("sink-broadcasts", on: .elementwise, "computes before repeating", sinkBroadcasts),
  .rule("sink-gathers", on: .elementwise, "computes before looking up", sinkGathers),
  .rule(
    "broadcast", on: [.broadcast], "merges broadcasts with what only moves axes", simplifyBroadcast),
  .rule(
    "reshape", on: [.reshape], "merges reshapes; unit axes come from broadcasts", simplifyReshape),
  .rule("transpose", on: [.transpose], "merges transposes into their operands", simplifyTranspose),
  .rule("slice", on: [.slice], "takes slices of what is smaller", simplifySlice),
  .rule("pad", on: [.pad], "merges pads", simplifyPad),
  .rule(
    "one-window", on: [.dynamicSlice, .gather, .scatter],
    "reads and changes one window at a known place",
    simplifyOneWindow),
  .rule("concatenate", on: [.concatenate], "merges pieces", simplifyConcatenate),
  .rule("reverse", on: [.reverse], "merges reversals", simplifyReverse),
  .rule("convert", on: [.convert], "drops conversions through wider types", simplifyConvert),
  .rule("unary", on: [.unary], "drops functions that cancel", simplifyUnary),
  .rule("arithmetic", on: [.binary], "exact identities of + − × ÷ and powers", simplifyArithmetic),
  .rule(
    "counting", on: [.binary, .convert], "computes counters in the width they are used in",
    simplifyCounting),
  .rule(
    "logistic", on: [.binary, .select], "recognizes the logistic function", simplifyLogistic),
  .rule("negation", on: [.binary], "moves signs outwards until they cancel", moveNegation),
  .rule("square", on: [.binary], "makes (a − b)² and (b − a)² one", orderSquaredDifference),
  .rule(
    "partial-sums", on: [.binary], "adds to a part of a carry rather than zeros to the rest",
    addToPart),
  .rule(
    "logic", on: [.binary, .compare], "identities of and, or, max, min and comparisons",
    simplifyLogic),
  .rule("select", on: [.select], "drops choices that are known", simplifySelect),
  .rule("reduce", on: [.reduce], "reduces less, at once", simplifyReduce),
  .regionRule(
    "captures", on: .withRegions, "puts constants into regions; captures values once",
    simplifyCaptures),
  .regionRule(
    "invariant-carries", on: [.whileLoop, .scan], "makes carries that never change captures",
    captureInvariantCarries),
  .regionRule(
    "raise-loops", on: [.whileLoop], "makes loops that count to a known bound scans",
    raiseCountedLoops),
  .regionRule(
    "induction-carries", on: [.scan], "computes carries that grow by a constant from the index",
    computeInductionCarries),
  .regionRule(
    "stack-rows", on: [.scan], "makes rows read and written at the index stacks", stackRows),
  .regionRule(
    "delayed-slices", on: [.scan], "reads the slice before from a stack instead of a carry",
    readDelayedSlices),
  .regionRule(
    "batch-maps", on: [.scan], "computes iterations without carries as a batch", batchMaps),
  .regionRule(
    "loop-invariants", on: [.whileLoop, .scan], "computes what never changes before the loop",
    hoistInvariants),
  .regionRule(
    "carry-repeats", on: [.scan], "carries on what the next iteration would compute again",
    carryRepeats),
  .regionRule(
    "wavefront", on: [.scan], "runs cells that read the row before along diagonals", runWaves),
  .regionRule(
    "distribute-before", on: [.scan], "makes products outside the recurrence one, before the scan",
    distributeBefore),
  .regionRule(
    "distribute-after", on: [.scan], "makes products of stacked results one, after the scan",
    distributeAfter),
  .regionRule(
    "distribute-sums", on: [.scan], "makes carried sums of products one, after the scan",
    distributeSums),
  .regionRule(
    "sum-lanes-last", on: [.scan], "adds up over steps before lanes", sumLanesLast),
  .regionRule(
    "inline-regions", on: [.scan, .branch], "writes out short loops and known branches",
    inlineRegions),
  .rule("dot", on: [.dot], "absorbs transposes into dimension numbers", simplifyDot),
  Pass(name: "cse", summary: "computes equal operations once", action: .sharing),
]
