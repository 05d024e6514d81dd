import TensorIR

extension Function {
  /// Puts values in the place of the results of some operations, which go; where values are defined behind
  /// operations that read them then, their definitions move in front.
  ///
  /// - Parameter replacements: the values, by the operations' positions.
  /// - Requires: the values do not depend on what they replace.
  mutating func replaceResults(_ replacements: [Int: [ValueID]]) {
    guard !replacements.isEmpty else { return }
    var names: [ValueID: ValueID] = [:]
    for (position, values) in replacements {
      for (result, value) in zip(operations[position].results, values) { names[result] = value }
    }
    results = results.map { names[$0] ?? $0 }
    for position in operations.indices {
      operations[position].operands = operations[position].operands.map { names[$0] ?? $0 }
    }
    let definitions = definitions()
    var isPlaced = operations.indices.map { replacements[$0] != nil }
    var ordered: [Operation] = []
    ordered.reserveCapacity(operations.count)
    for position in operations.indices {
      var waiting = [position]
      while let next = waiting.last {
        let missing = operations[next].operands.compactMap { definitions[$0.index] }
          .filter { !isPlaced[$0] }
        if missing.isEmpty || isPlaced[next] {
          waiting.removeLast()
          if !isPlaced[next] { ordered.append(operations[next]) }
          isPlaced[next] = true
        } else {
          waiting += missing.reversed()
        }
      }
    }
    operations = ordered
  }
}
