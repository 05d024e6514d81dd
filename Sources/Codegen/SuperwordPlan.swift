internal import LoopIR
internal import TensorIR

/// Which scalars of straight-line code are computed side by side in the lanes of one vector.
///
/// Superword-level parallelism (Larsen and Amarasinghe 2000), started from what takes longest: equal
/// costly functions that do not depend on each other. From there it goes on to what is done alike with
/// all lanes of a vector, and back along operands that are made alike of one vector each.
///
/// Definitions are taken in the order of their depth, the longest way of definitions before them; the
/// members of a vector have one depth, so vectors never wait for each other.
struct SuperwordPlan {
  /// Scalars in the lanes of one vector.
  struct Group {
    var op: ScalarOp
    /// The first member as a multiply-add, where all are that.
    var sum: Contractions.MultiplyAdd?
    var members: [ScalarID]
    /// The operands of each member.
    var operands: [[ScalarID]]
  }

  /// A place in a vector.
  private struct Lane: Hashable {
    var vector: Int
    var position: Int
  }

  /// What members of a vector have in common.
  private struct Kind: Hashable {
    var op: ScalarOp
    var elements: [ElementType]
    /// For multiply-adds: whether the product and what it is added to are negated.
    var signs: [Bool] = []
  }

  /// How an operand changes from lane to lane.
  private enum Change: Hashable {
    case lane(of: Int)
    case same(ScalarID)
  }

  /// The definitions in the order they are made in.
  private(set) var order: [(scalar: ScalarID, expression: Expression)] = []
  private(set) var groups: [Group] = []
  /// The group that a scalar is a member of.
  private(set) var group: [ScalarID: Int] = [:]

  private let elements: [ElementType]
  private let vectorBits: Int
  private let contractions: Contractions
  private var definitions: [ScalarID: (depth: Int, kind: Kind, operands: [ScalarID])] = [:]
  /// The lanes that scalars stand in, gathered ones as well.
  private var lanes: [ScalarID: Lane] = [:]
  private var widths: [Int] = []

  /// Plans definitions that only loops around have values for otherwise.
  ///
  /// - Parameters:
  ///   - contractions: the kernel's, of which products are not computed by themselves.
  ///   - excluded: scalars that are computed alone.
  /// - Returns: nil where no two functions go together.
  init?(
    _ nodes: ArraySlice<Node>, of kernel: Kernel, _ contractions: Contractions, vectorBits: Int,
    excluding excluded: Set<ScalarID>
  ) {
    elements = kernel.scalars
    self.vectorBits = vectorBits
    self.contractions = contractions
    var (depths, costly) = ([Int](), 0)
    for case .define(let scalar, let expression) in nodes
    where !contractions.absorbed.contains(scalar) {
      var depth = 0
      let note = { [definitions] (operand: ScalarID) in
        depth = max(depth, (definitions[operand]?.depth ?? -1) + 1)
      }
      if let sum = contractions.sums[scalar] {
        sum.operands.forEach(note)
        let types = sum.operands.map { kernel.scalars[$0.index] }
        let kind = Kind(
          op: .binary(.add), elements: types, signs: [sum.isNegated, sum.isAddendNegated])
        definitions[scalar] = (depth, kind, sum.operands)
      } else if case .apply(let op, let operands) = expression, !excluded.contains(scalar) {
        operands.forEach(note)
        let kind = Kind(op: op, elements: operands.map { kernel.scalars[$0.index] })
        definitions[scalar] = (depth, kind, operands)
        if op.startsVectors(elements[scalar.index]) { costly += 1 }
      } else {
        expression.forEachScalar(note)
        definitions[scalar] = (depth, Kind(op: .select, elements: []), [])
      }
      depths.append(depth)
      order.append((scalar, expression))
    }
    guard costly > 1 else { return nil }
    order = zip(order, depths).enumerated().sorted {
      ($0.element.1, $0.offset) < ($1.element.1, $1.offset)
    }.map(\.element.0)
    var first = 0
    while first < order.count {
      let depth = definitions[order[first].scalar]?.depth
      let end = order[first...].firstIndex { definitions[$0.scalar]?.depth != depth } ?? order.count
      findGroups(order[first..<end].map(\.scalar))
      first = end
    }
    if groups.isEmpty { return nil }
  }

  /// Finds the vectors among scalars of one depth.
  private mutating func findGroups(_ scalars: [ScalarID]) {
    var (kinds, members) = ([Kind](), [Kind: [ScalarID]]())
    for scalar in scalars {
      guard let known = definitions[scalar], !known.operands.isEmpty else { continue }
      if members[known.kind] == nil { kinds.append(known.kind) }
      members[known.kind, default: []].append(scalar)
    }
    for kind in kinds {
      guard let alike = members[kind], alike.count > 1 else { continue }
      if kind.op.startsVectors(elements[alike[0].index]) {
        startGroups(alike)
      } else {
        continueGroups(alike)
      }
    }
  }

  /// Vectors of costly functions.
  private mutating func startGroups(_ alike: [ScalarID]) {
    let bits = max(8, elements[alike[0].index].registerType.width)
    let limit = max(2, vectorBits / bits)
    for first in stride(from: 0, to: alike.count, by: limit) {
      let members = Array(alike[first..<min(first + limit, alike.count)])
      guard members.count > 1 else { continue }
      for position in definitions[members[0]]?.operands.indices ?? 0..<0 {
        gather(members.compactMap { definitions[$0]?.operands[position] })
      }
      add(members)
    }
  }

  /// Vectors of what is done alike with all lanes of vectors.
  private mutating func continueGroups(_ alike: [ScalarID]) {
    var (order, found) = ([[Change]](), [[Change]: [(position: Int, scalar: ScalarID)]]())
    for scalar in alike where group[scalar] == nil {
      guard let operands = definitions[scalar]?.operands else { continue }
      var positions = Set<Int>()
      let changes = operands.map { operand -> Change in
        guard let lane = lanes[operand] else { return .same(operand) }
        positions.insert(lane.position)
        return .lane(of: lane.vector)
      }
      guard let position = positions.first, positions.count == 1 else { continue }
      if found[changes] == nil { order.append(changes) }
      found[changes, default: []].append((position, scalar))
    }
    for changes in order {
      guard let members = found[changes]?.sorted(by: { $0.position < $1.position }),
        let width = changes.compactMap({ change -> Int? in
          if case .lane(let vector) = change { widths[vector] } else { nil }
        }).min(), members.map(\.position) == Array(0..<width)
      else { continue }
      add(members.map(\.scalar))
    }
  }

  /// Notes that scalars stand side by side for what reads them; where they are made alike of one vector
  /// each, they are a group themselves.
  private mutating func gather(_ scalars: [ScalarID]) {
    guard Set(scalars).count == scalars.count, lanes[scalars[0]] == nil else { return }
    let known = scalars.compactMap { definitions[$0] }
    if known.count == scalars.count, known.allSatisfy({ !$0.operands.isEmpty }),
      Set(known.map(\.kind)).count == 1, Set(known.map(\.depth)).count == 1
    {
      let positions = known[0].operands.indices.filter { position in
        Set(known.map { $0.operands[position] }).count > 1
      }
      if positions.count == 1 {
        gather(known.map { $0.operands[positions[0]] })
        return add(scalars)
      }
    }
    number(scalars)
  }

  private mutating func add(_ members: [ScalarID]) {
    guard members.allSatisfy({ group[$0] == nil }), let first = definitions[members[0]] else {
      return
    }
    for member in members { group[member] = groups.count }
    groups.append(
      Group(
        op: first.kind.op, sum: contractions.sums[members[0]], members: members,
        operands: members.compactMap { definitions[$0]?.operands }))
    number(members)
  }

  private mutating func number(_ scalars: [ScalarID]) {
    for (position, scalar) in scalars.enumerated() where lanes[scalar] == nil {
      lanes[scalar] = Lane(vector: widths.count, position: position)
    }
    widths.append(scalars.count)
  }
}

extension ScalarOp {
  /// Whether two of the function, for floats of a type, are worth bringing into one vector.
  fileprivate func startsVectors(_ element: ElementType) -> Bool {
    guard element.isFloat, weight >= 8 else { return false }
    switch self {
    case .binary(.remainder): return false
    case .unary, .binary, .compare, .select, .convert, .bits: return true
    }
  }
}
