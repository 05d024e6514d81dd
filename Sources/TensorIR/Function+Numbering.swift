extension Function {
  /// Whether values are numbered in order of definition, here and in regions.
  package var isNumberedInOrder: Bool {
    var next = 0
    func follows(_ value: ValueID) -> Bool {
      next += 1
      return value.index == next - 1
    }
    return parameters.allSatisfy(follows)
      && operations.indices.allSatisfy { position in
        operations[position].results.allSatisfy(follows)
          && operations[position].op.regions.allSatisfy(\.isNumberedInOrder)
      }
  }

  /// Drops operations and numbers values in order of definition.
  ///
  /// - Parameter isKept: for each operation whether it stays; nil keeps all.
  /// - Requires: no operation that stays reads a value of one that goes.
  package mutating func renumber(keeping isKept: [Bool]? = nil) {
    var map = [ValueID](repeating: ValueID(-1), count: types.count)
    var kept: [TensorType] = []
    kept.reserveCapacity(types.count)
    func renumber(_ value: inout ValueID) {
      map[value.index] = ValueID(kept.count)
      kept.append(types[value.index])
      value = map[value.index]
    }
    for index in parameters.indices { renumber(&parameters[index]) }
    var end = 0
    for position in operations.indices where isKept?[position] ?? true {
      if end != position { operations.swapAt(end, position) }
      for index in operations[end].operands.indices {
        operations[end].operands[index] = map[operations[end].operands[index].index]
      }
      for index in operations[end].results.indices { renumber(&operations[end].results[index]) }
      if !operations[end].op.regions.allSatisfy(\.isNumberedInOrder) {
        operations[end].op = operations[end].op.mappingRegions { region in
          var region = region
          region.renumber()
          return region
        }
      }
      end += 1
    }
    operations.removeSubrange(end...)
    for index in results.indices { results[index] = map[results[index].index] }
    types = kept
  }
}
