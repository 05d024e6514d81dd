internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Replaces a sum whose every term is the negative of another sum's in the same loops by zero minus
  /// that other sum: of the forces between pairs, each pair's is found for both of its bodies.
  ///
  /// The result is the same to the last bit: rounding does not depend on the sign, a sum that starts
  /// from zero never becomes minus zero, and zero minus a sum is no minus zero either.
  mutating func dropMirroredSums(_ scheduler: inout Scheduler) {
    var mirror = Mirror(kernel: self)
    let body = mirror.rewritten(body, &scheduler)
    guard mirror.hasFound else { return }
    scalars = mirror.scalars
    self.body = body.removingUnused()
  }
}

/// A search for sums that are negatives of others.
private struct Mirror {
  /// What defines each scalar, where that is a function of scalars.
  private let definitions: [ScalarID: (op: ScalarOp, operands: [ScalarID])]
  /// The type of each scalar, new ones included.
  private(set) var scalars: [ElementType]
  private(set) var hasFound = false

  init(kernel: Kernel) {
    scalars = kernel.scalars
    var definitions: [ScalarID: (op: ScalarOp, operands: [ScalarID])] = [:]
    kernel.body.forEachNode { node in
      if case .define(let scalar, .apply(let op, let operands)) = node {
        definitions[scalar] = (op, operands)
      }
    }
    self.definitions = definitions
  }

  /// The nodes, with definitions behind each loop for the sums it need not find.
  mutating func rewritten(_ nodes: [Node], _ scheduler: inout Scheduler) -> [Node] {
    nodes.flatMap { node -> [Node] in
      guard case .loop(var loop) = node else { return [node] }
      loop.body = rewritten(loop.body, &scheduler)
      let mirrored = mirroredSums(of: loop)
      guard !mirrored.isEmpty, scheduler.accept("\(mirrored.count) sums") else {
        return [.loop(loop)]
      }
      hasFound = true
      loop.accumulators.removeAll { mirrored[$0.result] != nil }
      loop.body = loop.body.withoutSums(Set(mirrored.keys))
      return [.loop(loop)]
        + mirrored.sorted { $0.key < $1.key }.flatMap { sum, other -> [Node] in
          let element = scalars[sum.index]
          let zero = ScalarID(scalars.count)
          scalars.append(element)
          return [
            .define(zero, .literal(Literal(TensorType([], element), doubles: [0]))),
            .define(sum, .apply(.binary(.subtract), [zero, other])),
          ]
        }
    }
  }

  /// Sums of the loop that are negatives of others, with those others, which are kept.
  private func mirroredSums(of loop: Loop) -> [ScalarID: ScalarID] {
    let own = Set(
      loop.accumulators.filter { $0.kind == .add && scalars[$0.result.index].isFloat }
        .map(\.result))
    guard own.count > 1 else { return [:] }
    var mirrored: [ScalarID: ScalarID] = [:]
    for terms in loop.body.termsByPlace {
      let sums = terms.filter { own.contains($0.sum) }
      for (position, later) in sums.enumerated() {
        let earlier = sums[..<position].first {
          mirrored[$0.sum] == nil && isNegative(later.term, of: $0.term, steps: Self.stepLimit)
        }
        if let earlier { mirrored[later.sum] = earlier.sum }
      }
    }
    return mirrored
  }

  /// How deep definitions are compared.
  private static let stepLimit = 6

  /// Whether one scalar is always the other's negative, but for the sign of zero.
  private func isNegative(_ scalar: ScalarID, of other: ScalarID, steps: Int) -> Bool {
    guard steps > 0, let (op, left) = definitions[scalar], let (otherOp, right) = definitions[other]
    else { return false }
    if op == .unary(.negate), left[0] == other { return true }
    if otherOp == .unary(.negate), right[0] == scalar { return true }
    guard op == otherOp else { return false }
    func areNegative(_ first: Int, _ second: Int) -> Bool {
      isNegative(left[first], of: right[second], steps: steps - 1)
    }
    switch op {
    case .binary(.subtract):
      return left[0] == right[1] && left[1] == right[0] || areNegative(0, 0) && areNegative(1, 1)
    case .binary(.add):
      return areNegative(0, 0) && areNegative(1, 1) || areNegative(0, 1) && areNegative(1, 0)
    case .binary(.multiply):
      return [(0, 0), (0, 1), (1, 0), (1, 1)].contains { first, second in
        left[first] == right[second] && areNegative(1 - first, 1 - second)
      }
    case .binary(.divide): return left[1] == right[1] && areNegative(0, 0)
    default: return false
    }
  }
}

extension [Node] {
  /// What is added to sums, for each list of statements in the tree by itself.
  fileprivate var termsByPlace: [[(sum: ScalarID, term: ScalarID)]] {
    var own: [(sum: ScalarID, term: ScalarID)] = []
    var inner: [[(sum: ScalarID, term: ScalarID)]] = []
    for node in self {
      if case .accumulate(let sum, let term) = node { own.append((sum, term)) }
      node.forEachBody { inner += $0.termsByPlace }
    }
    return [own] + inner
  }

  /// The nodes without what is added to some sums.
  fileprivate func withoutSums(_ sums: Set<ScalarID>) -> [Node] {
    compactMap { node in
      if case .accumulate(let sum, _) = node, sums.contains(sum) { return nil }
      return node.mappingBodies { $0.withoutSums(sums) }
    }
  }
}
