internal import TensorIR

extension ScalarOp {
  /// Whether the function is a polynomial of some length rather than an instruction or two.
  package var isElementary: Bool { weight > 10 }
}

extension Kernel {
  /// Whether the kernel is long straight-line code: elementary functions are calls, so that it compiles
  /// in time linear in its length, and products are not contracted into sums.
  package var callsFunctions: Bool {
    straightLineFunctionCount > Self.inlineFunctionLimit || isLongStraightLine
  }

  /// Straight-line kernels with more elementary functions than this call them.
  private static let inlineFunctionLimit = 8

  /// How many elementary functions stand outside all loops.
  package var straightLineFunctionCount: Int {
    body.reduce(0) { count, node in
      guard case .define(_, .apply(let op, _)) = node, op.isElementary else { return count }
      return count + 1
    }
  }

  /// How many elementary functions there are.
  package var functionCount: Int {
    var count = 0
    forEachApplication { op, _ in if op.isElementary { count += 1 } }
    return count
  }

  /// Whether the kernel is long code without loops, which is compiled without effort: what it would
  /// gain from registers, calls and memory between them take.
  package var isLongStraightLine: Bool { body.count > Self.longCount && isStraightLine }

  /// Whether the kernel only counts and compares, as those that drive loops do: some instructions beside
  /// a call, not worth the effort.
  package var isCounting: Bool {
    body.count <= Self.countingCount && isStraightLine && !scalars.contains(where: \.isFloat)
  }

  private var isStraightLine: Bool {
    body.allSatisfy { node in
      switch node {
      case .define, .store: true
      case .accumulate, .loop, .contract: false
      }
    }
  }

  /// Code that only counts has no more nodes.
  private static let countingCount = 32

  /// Straight-line code with more nodes is long.
  private static let longCount = 400

  /// Calls `visit` with every function of scalars and its operands.
  package func forEachApplication(_ visit: (ScalarOp, [ScalarID]) -> Void) {
    body.forEachNode { node in
      if case .define(_, .apply(let op, let operands)) = node { visit(op, operands) }
    }
  }
}
