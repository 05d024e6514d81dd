internal import LoopIR
internal import TensorIR

/// Finds what several roots would compute of costly functions for neighbours, each at a place of its own.
///
/// What a root computes at several places of its own it counts itself (`Audit`). Roots that share loops
/// have common values at one place; where another one needs an element's neighbour, as the cotangents of
/// a step's carries do that was read one place further, it would compute the neighbour's costly functions
/// anew. There the value that is taken from the neighbour is stored.
struct Neighbours {
  /// Where along each axis elements are needed for those of roots, and how many.
  private struct Place: Hashable {
    var offsets: [Int]
    var count: Int
  }

  private let graph: Graph
  private let isStored: (ValueID) -> Bool
  /// The places at which each value is needed.
  private var places: [[Place]]
  /// The additions of costly functions at several places that each value is made of, roughly.
  private var weights: [Int]
  /// Whether any element may be taken from a neighbour.
  private let hasNeighbours: Bool

  /// So many places are told apart.
  private static let placeLimit = 8

  /// Finds where values are needed.
  init(_ graph: Graph, isStored: @escaping (ValueID) -> Bool) {
    self.graph = graph
    self.isStored = isStored
    places = Array(repeating: [], count: graph.function.types.count)
    weights = Array(repeating: 0, count: graph.function.types.count)
    hasNeighbours = graph.function.operations.contains { operation in
      if case .shape(.slice) = operation.op { return true }
      if case .shape(.pad) = operation.op { return true }
      return false
    }
    guard hasNeighbours else { return }
    for operation in graph.function.operations.reversed() where operation.results.count == 1 {
      noteOperands(of: operation)
    }
  }

  /// The values that are better stored, in the order of their definition.
  mutating func storedValues() -> [ValueID] {
    guard hasNeighbours else { return [] }
    var found: [ValueID] = []
    for operation in graph.function.operations where operation.results.count == 1 {
      let result = operation.result
      guard isWalked(operation), !isStored(result) || isRenaming(operation) else { continue }
      if isRenaming(operation) {
        for (operand, shift) in shifts(of: operation)
        where isWorthStoring(operand) && isShifted(result, by: shift) {
          found.append(operand)
          weights[operand.index] = 0
        }
      }
      guard !isStored(result) else { continue }
      let own = isRepeated(result) ? graph.comprehension(result)?.weight ?? 0 : 0
      weights[result.index] = operation.operands.reduce(own) {
        $0.addingCapped(weights[$1.index])
      }
    }
    return found
  }

  /// Whether a value is made of costly functions, and takes little to write and read again.
  private func isWorthStoring(_ value: ValueID) -> Bool {
    guard weights[value.index] > 0, !isStored(value), let operation = graph.operation(value),
      !isRenaming(operation)
    else { return false }
    // Longer values would be on their way for longer than the stencils of few functions take.
    let count = graph.type(value).count
    return (CostModel.Storing.leastRepeatedElements...CostModel.Storing.shortCount).contains(count)
  }

  /// Whether a costly function is needed at several places for most of its elements.
  private func isRepeated(_ value: ValueID) -> Bool {
    guard places[value.index].count > 1, let formula = graph.comprehension(value),
      formula.fold == nil, formula.body.isCostly
    else { return false }
    let total = places[value.index].reduce(0) { $0.addingCapped($1.count) }
    return 2 * total >= 3 * graph.type(value).count
  }

  /// Adds the places at which an operation needs its operands.
  private mutating func noteOperands(of operation: Operation) {
    if isStored(operation.result) {
      let type = graph.type(operation.result)
      places[operation.result.index] = [
        Place(offsets: Array(repeating: 0, count: type.rank), count: type.count)
      ]
    }
    let own = places[operation.result.index]
    guard !own.isEmpty, isWalked(operation) else { return }
    for (operand, shift) in shifts(of: operation) {
      let count = graph.type(operand).count
      for place in own {
        let offsets = shifted(place, by: shift)
        if let known = places[operand.index].firstIndex(where: { $0.offsets == offsets }) {
          let most = max(places[operand.index][known].count, min(place.count, count))
          places[operand.index][known].count = most
        } else if places[operand.index].count < Self.placeLimit {
          places[operand.index].append(Place(offsets: offsets, count: min(place.count, count)))
        }
      }
    }
  }

  /// Whether an operand that is so far away is taken from a neighbour for some root.
  private func isShifted(_ result: ValueID, by shift: [Int]) -> Bool {
    places[result.index].contains { place in shifted(place, by: shift).contains { $0 != 0 } }
  }

  /// A place so far from another one; distances wrap around, as they are only compared.
  private func shifted(_ place: Place, by shift: [Int]) -> [Int] {
    zip(place.offsets, shift).map { $0 &+ $1 }
  }

  /// Whether elements of the result are made of the operands' elements at places that are as far from
  /// each other.
  private func isWalked(_ operation: Operation) -> Bool {
    if isRenaming(operation) { return true }
    guard let formula = graph.comprehension(operation.result), formula.fold == nil,
      case .apply = formula.body
    else { return false }
    return true
  }

  /// Whether the elements are operands' elements at places a constant distance away.
  private func isRenaming(_ operation: Operation) -> Bool {
    switch operation.op {
    case .shape(.slice(_, _, let strides)): strides.allSatisfy { $0 == 1 }
    case .shape(.pad(_, _, let interior)): interior.allSatisfy { $0 == 0 }
    case .shape(.concatenate): true
    default: false
    }
  }

  /// The operands that have the result's axes, with how far from the result's elements theirs stand.
  private func shifts(of operation: Operation) -> [(operand: ValueID, shift: [Int])] {
    let type = graph.type(operation.result)
    let operands = operation.operands
    switch operation.op {
    case .shape(.slice(let starts, _, _)): return [(operands[0], starts)]
    case .shape(.pad(let low, _, _)): return [(operands[0], low.map { 0 &- $0 })]
    case .shape(.concatenate(let dimension)):
      var shift = [Int](repeating: 0, count: type.rank)
      return operands.map { operand in
        defer { shift[dimension] -= graph.type(operand).shape[dimension] }
        return (operand, shift)
      }
    default:
      let none = [Int](repeating: 0, count: type.rank)
      return operands.filter { graph.type($0).shape == type.shape }.map { ($0, none) }
    }
  }
}
