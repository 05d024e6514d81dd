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
  /// The scalars that are constants.
  private let literals: [ScalarID: Literal]
  /// The type of each scalar, new ones included.
  private(set) var scalars: [ElementType]
  private(set) var hasFound = false

  init(kernel: Kernel) {
    scalars = kernel.scalars
    var definitions: [ScalarID: (op: ScalarOp, operands: [ScalarID])] = [:]
    var literals: [ScalarID: Literal] = [:]
    kernel.body.forEachNode { node in
      switch node {
      case .define(let scalar, .apply(let op, let operands)): definitions[scalar] = (op, operands)
      case .define(let scalar, .literal(let literal)): literals[scalar] = literal
      case .define, .store, .accumulate, .loop, .contract: break
      }
    }
    self.definitions = definitions
    self.literals = literals
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
          mirrored[$0.sum] == nil && isNegative(later.term, of: $0.term)
        }
        if let earlier { mirrored[later.sum] = earlier.sum }
      }
    }
    return mirrored
  }

  /// How one scalar is to another one, whatever they are computed from, but for the sign of zero.
  private enum Relation {
    case equal, negative

    /// The relation of negatives.
    var negated: Relation { self == .equal ? .negative : .equal }
    /// The relation of products of such factors.
    func times(_ other: Relation) -> Relation { other == .equal ? self : negated }
  }

  /// Two scalars.
  private struct Pair: Hashable {
    var first: ScalarID
    var second: ScalarID
  }

  /// So many pairs of scalars are compared for two terms; what takes more is not known.
  private static let pairLimit = 400

  /// Whether one scalar is always the other's negative.
  private func isNegative(_ scalar: ScalarID, of other: ScalarID) -> Bool {
    var known: [Pair: Relation?] = [:]
    return relation(scalar, other, &known) == .negative
  }

  /// How a scalar is to another one; nil where that is not known.
  private func relation(
    _ first: ScalarID, _ second: ScalarID, _ known: inout [Pair: Relation?]
  ) -> Relation? {
    if first == second { return .equal }
    if let own = literals[first], let other = literals[second] {
      return own == other ? .equal : nil
    }
    let pair = Pair(first: first, second: second)
    if let relation = known[pair] { return relation }
    guard known.count < Self.pairLimit else { return nil }
    known[pair] = .some(nil)
    let relation = defined(first, second, &known)
    known[pair] = relation
    return relation
  }

  /// Whether both scalars are the constant zero.
  private func areZero(_ first: ScalarID, _ second: ScalarID) -> Bool {
    [first, second].allSatisfy { literals[$0].map { $0.doubles == [0] } ?? false }
  }

  /// How a scalar is to another one by what defines them.
  private func defined(
    _ first: ScalarID, _ second: ScalarID, _ known: inout [Pair: Relation?]
  ) -> Relation? {
    let (own, other) = (definitions[first], definitions[second])
    if let own, own.op == .unary(.negate) {
      return relation(own.operands[0], second, &known)?.negated
    }
    if let other, other.op == .unary(.negate) {
      return relation(first, other.operands[0], &known)?.negated
    }
    guard let (op, left) = own, let (otherOp, right) = other, op == otherOp else { return nil }
    func relate(_ position: Int, _ place: Int) -> Relation? {
      relation(left[position], right[place], &known)
    }
    /// The relation of pairs of operands, in the order of both or crosswise, where both give one.
    func both(_ combine: (Relation, Relation) -> Relation?) -> Relation? {
      if let one = relate(0, 0), let two = relate(1, 1), let both = combine(one, two) {
        return both
      }
      guard let one = relate(0, 1), let two = relate(1, 0) else { return nil }
      return combine(one, two)
    }
    switch op {
    case .unary(.roundEven), .unary(.roundAway), .unary(.sign): return relate(0, 0)
    case .unary(.abs), .unary(.square): return relate(0, 0).map { _ in .equal }
    case .binary(.add): return both { $0 == $1 ? $0 : nil }
    case .binary(.subtract):
      if let one = relate(0, 0), one == relate(1, 1) { return one }
      guard let one = relate(0, 1), one == relate(1, 0) else { return nil }
      return one.negated
    case .binary(.multiply): return both { $0.times($1) }
    case .binary(.divide):
      guard let one = relate(0, 0), let two = relate(1, 1) else { return nil }
      return one.times(two)
    case .binary(.maximum), .binary(.minimum), .compare(.equal), .compare(.notEqual):
      return both { $0 == .equal && $1 == .equal ? .equal : nil }
    case .select:
      guard relate(0, 0) == .equal else { return nil }
      // Zero is its own negative.
      if areZero(left[1], right[1]) { return relate(2, 2) }
      guard let one = relate(1, 1), areZero(left[2], right[2]) || one == relate(2, 2) else {
        return nil
      }
      return one
    case .convert:
      guard let one = relate(0, 0) else { return nil }
      let areFloats = scalars[left[0].index].isFloat && scalars[first.index].isFloat
      return one == .equal || areFloats ? one : nil
    case .unary, .binary, .compare, .bits:
      return left.indices.allSatisfy { relate($0, $0) == .equal } ? .equal : nil
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
