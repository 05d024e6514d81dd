internal import LoopIR
internal import TensorIR

/// Which conditions of a vector loop usually have one value, so that a body of its own for them needs
/// neither masks nor choices.
///
///     vector i in 0..<n { t = 0 <= i < 1; s += t ? (a[i+n-1] if t else 0) : (a[i-1] if … else 0) }
///
/// has `t` false in all groups of vectors but the first.
struct PiecePlan {
  /// A condition that the loop's body finds out for each lane.
  struct Condition {
    var scalar: ScalarID
    /// Bounds of an index that grows by one from lane to lane.
    var inLane: [Bound]
    /// Bounds that are the same for all lanes.
    var others: [Bound]
  }

  /// Where the lanes of a group are, seen from a condition.
  enum Side: Hashable {
    /// All lanes are in bounds.
    case inside
    /// No lane has come to where the bounds begin.
    case below
    /// All lanes are behind where they end.
    case above
    /// The bounds that are the same for all lanes do not hold.
    case off
  }

  /// What holds at many places of the loops around.
  struct Version {
    /// Conditions from outside of the loop, with their values.
    var facts: [ScalarID: Bool]
    /// The sides of all conditions that many groups have in common then, most frequent first.
    var patterns: [[Side]]
  }

  private(set) var conditions: [Condition] = []
  /// The most frequent versions.
  private(set) var versions: [Version] = []

  /// - Parameters:
  ///   - group: how many iterations are carried out together.
  ///   - definitions: conditions of the kernel.
  /// - Returns: nil where no condition usually has one value.
  init?(
    _ loop: Loop, of kernel: Kernel, group: Int, copies: Int,
    definitions: [ScalarID: Expression]
  ) {
    var (defined, read, nodeCount) = (Set<ScalarID>(), Set<ScalarID>(), 0)
    loop.body.forEachNode { node in
      nodeCount += 1
      if case .define(let scalar, _) = node { defined.insert(scalar) }
      node.forEachOwnScalar { if kernel.scalars[$0.index] == .i1 { read.insert($0) } }
    }
    guard nodeCount * copies <= EmissionCosts.Pieces.nodeLimit else { return nil }
    conditions = loop.body.compactMap { Condition($0, lane: loop.variable) }
    let asked = read.subtracting(defined).filter { definitions[$0] != nil }.sorted()
    let samples = Sample.all(kernel).map { sample in
      (sample: sample, values: asked.map { sample.value(of: $0, definitions) })
    }
    let extent = kernel.variables[loop.variable.index].extent
    for usual in samples.map(\.values).mostFrequent(
      atLeast: samples.count / EmissionCosts.Pieces.versionShare)
    {
      let pairs = zip(asked, usual).compactMap { scalar, value in value.map { (scalar, $0) } }
      let patterns = patterns(
        at: samples.filter { $0.values == usual }.map(\.sample), extent: extent,
        least: EmissionCosts.Pieces.leastGroups * group)
      versions.append(
        Version(facts: Dictionary(pairs) { first, _ in first }, patterns: patterns))
    }
    if versions.allSatisfy({ $0.facts.isEmpty && $0.patterns.isEmpty }) { return nil }
  }

  /// The patterns that are frequent at some places of the loops around.
  private func patterns(at samples: [Sample], extent: Int, least: Int) -> [[Side]] {
    guard !conditions.isEmpty else { return [] }
    var weights: [[Side]: Int] = [:]
    var order = [[Side]]()
    for sample in samples {
      let ranges = conditions.compactMap { sample.range(of: $0) }
      guard ranges.count == conditions.count else { return [] }
      let ends = ranges.flatMap { [$0.start, $0.end] }.filter { (1..<extent).contains($0) }
      let places = Set([0, extent] + ends).sorted()
      for (start, end) in zip(places, places.dropFirst()) where end - start >= least {
        let pattern = ranges.map { $0.side(of: start) }
        if weights[pattern] == nil { order.append(pattern) }
        weights[pattern, default: 0] += end - start
      }
    }
    let total = extent * samples.count
    let frequent = order.filter { (weights[$0] ?? 0) * EmissionCosts.Pieces.leastShare >= total }
    return Array(
      frequent.enumerated().sorted {
        (weights[$1.element] ?? 0, $0.offset) < (weights[$0.element] ?? 0, $1.offset)
      }.map(\.element).prefix(EmissionCosts.Pieces.patternLimit))
  }

  /// What is known of conditions where a pattern holds.
  func known(by pattern: [Side]) -> [ScalarID: Bool] {
    let pairs = zip(conditions, pattern).map { ($0.scalar, $1 == .inside) }
    return Dictionary(pairs) { first, _ in first }
  }
}

extension PiecePlan.Condition {
  /// The condition that a node defines; nil where it is none that lanes go through once.
  fileprivate init?(_ node: Node, lane: VariableID) {
    guard case .define(let scalar, .inBounds(let bounds)) = node,
      bounds.allSatisfy({ !$0.index.isLookedUp })
    else { return nil }
    inLane = bounds.filter { $0.index.uses(lane) }
    others = bounds.filter { !$0.index.uses(lane) }
    self.scalar = scalar
    guard !inLane.isEmpty, inLane.allSatisfy({ $0.index.coefficient(of: lane) == 1 }) else {
      return nil
    }
    for position in inLane.indices { inLane[position].index += IndexExpression(lane) * -1 }
  }
}

/// A place of the loops around a loop: so many eighths of the way through each.
private struct Sample {
  let extents: [Int]
  let eighths: Int

  static func all(_ kernel: Kernel) -> [Sample] {
    let extents = kernel.variables.map(\.extent)
    return [3, 5, 1, 7].map { Sample(extents: extents, eighths: $0) }
  }

  /// The lanes for which a condition holds.
  struct Lanes {
    var start: Int
    var end: Int
    var isOff: Bool

    func side(of lane: Int) -> PiecePlan.Side {
      if isOff { return .off }
      return lane < start ? .below : lane >= end ? .above : .inside
    }
  }

  func range(of condition: PiecePlan.Condition) -> Lanes? {
    var lanes = Lanes(start: .min, end: .max, isOff: false)
    for bound in condition.inLane {
      guard let rest = value(of: bound.index) else { return nil }
      lanes.start = max(lanes.start, bound.lower - rest)
      lanes.end = min(lanes.end, bound.upper - rest)
    }
    for bound in condition.others {
      guard let index = value(of: bound.index) else { return nil }
      if index < bound.lower || index >= bound.upper { lanes.isOff = true }
    }
    return lanes
  }

  func value(
    of scalar: ScalarID, _ definitions: [ScalarID: Expression], depth: Int = 0
  ) -> Bool? {
    guard depth <= EmissionCosts.Pieces.depthLimit else { return nil }
    switch definitions[scalar] {
    case .inBounds(let bounds)?:
      var holds = true
      for bound in bounds {
        guard let index = value(of: bound.index) else { return nil }
        holds = holds && index >= bound.lower && index < bound.upper
      }
      return holds
    case .apply(let op, let operands)?:
      return op.decided(operands.map { value(of: $0, definitions, depth: depth + 1) })
    case .literal?, .index?, .load?, nil: return nil
    }
  }

  private func value(of index: IndexExpression) -> Int? {
    var sum = index.constant
    for term in index.terms {
      let atom: Int
      switch term.atom {
      case .variable(let variable): atom = extents[variable.index] / 8 * eighths
      case .scalar, .lookup: return nil
      case .quotient(let inner, let divisor):
        guard let value = value(of: inner), divisor > 0 else { return nil }
        atom = value.flooredQuotient(by: divisor)
      case .remainder(let inner, let divisor):
        guard let value = value(of: inner), divisor > 0 else { return nil }
        atom = value - value.flooredQuotient(by: divisor) * divisor
      }
      let (product, overflows) = atom.multipliedReportingOverflow(by: term.coefficient)
      guard !overflows, abs(product) < 1 << 60, abs(sum) < 1 << 60 else { return nil }
      sum += product
    }
    return sum
  }
}

extension ScalarOp {
  /// The boolean that a function of booleans, as far as they are known, has; nil where it depends on
  /// others, or is no such function.
  func decided(_ operands: [Bool?]) -> Bool? {
    switch self {
    case .unary(.not) where operands.count == 1: operands[0].map { !$0 }
    case .binary(.and) where operands.count == 2:
      operands.contains(false) ? false : operands == [true, true] ? true : nil
    case .binary(.or) where operands.count == 2:
      operands.contains(true) ? true : operands == [false, false] ? false : nil
    case .unary, .binary, .compare, .bits, .select, .convert: nil
    }
  }
}

extension [[Bool?]] {
  /// The element that occurs most often, the first of those, and others that occur so often.
  fileprivate func mostFrequent(atLeast count: Int) -> [[Bool?]] {
    var counts: [[Bool?]: Int] = [:]
    for element in self { counts[element, default: 0] += 1 }
    guard let most = counts.values.max(), let first = first(where: { counts[$0] == most }) else {
      return []
    }
    var others = [[Bool?]]()
    for element in self where element != first && counts[element] ?? 0 >= count {
      if !others.contains(element) { others.append(element) }
    }
    return [first] + others
  }
}
