internal import TensorIR

extension Function {
  /// The function with long sorts of elements by themselves done as sorts of words.
  ///
  /// - Before: an order of keys that are made of elements, and those elements at its places.
  /// - After: words that rise as the keys do, sorted, and made elements again.
  ///
  /// That is right where each element is what its word says. The program finds out: two zeros, or NaNs of
  /// other bits, have one word, and stay in their order, which sorted words do not know; then elements are
  /// taken at the places of an order as before.
  func withWordSorts() throws -> Function {
    var sorts = [ValueID: WordSort]()
    let rewritten = takingOrders { sorts[$0] = $1 }
    guard !sorts.isEmpty || operations.contains(where: { !$0.op.regions.isEmpty }) else {
      return self
    }
    return try rewritten.replacingOperations { operation, operands, builder in
      if let sort = sorts[operation.results[0]] {
        return [try builder.wordSort(sort, of: operands[0], by: operands[1])]
      }
      operation.op = try operation.op.mappingRegions { try $0.withWordSorts() }
      return nil
    }
  }

  /// The function without orders that serve a sort of elements by themselves alone; the operation that took
  /// those elements has the order's key as its second operand instead.
  private func takingOrders(_ found: (ValueID, WordSort) -> Void) -> Function {
    let isOrder = { (operation: Operation) in
      if case .order = operation.op { return true }
      return false
    }
    guard operations.contains(where: isOrder) else { return self }
    var (result, dropped) = (self, Set<Int>())
    let (definitions, uses) = (definitions(), useCounts())
    for (position, operation) in operations.enumerated() {
      guard case .gather(let dimensions) = operation.op,
        let axis = dimensions.axisOfTaking(self[operation.operands[0]].rank)
      else { continue }
      var (places, path) = (operation.operands[1], [Int]())
      while uses[places.index] == 1, let definition = definitions[places.index] {
        path.append(definition)
        guard case .shape(.transpose(let permutation)) = operations[definition].op,
          permutation == Self.frontToBack(axis, permutation.count)
        else { break }
        places = operations[definition].operands[0]
      }
      guard let last = path.last, case .order(let ordering) = operations[last].op,
        path.count == (axis == self[places].rank - 1 ? 1 : 2),
        isWordSort(ordering, operations[last].operands, of: operation.operands[0], definitions)
      else { continue }
      result.operations[position].operands[1] = operations[last].operands[0]
      dropped.formUnion(path)
      found(
        operation.results[0], WordSort(axis: axis, isDescending: ordering.isDescending[0]))
    }
    result.operations = result.operations.enumerated().filter { !dropped.contains($0.offset) }
      .map(\.element)
    return result
  }

  /// The permutation that puts the last axis where `axis` is and keeps the order of the others.
  fileprivate static func frontToBack(_ axis: Int, _ rank: Int) -> [Int] {
    Array(0..<axis) + [rank - 1] + Array(axis..<(rank - 1))
  }

  /// Whether the order of a key is one of the elements that the key is made of, long enough to matter.
  private func isWordSort(
    _ ordering: Ordering, _ keys: [ValueID], of elements: ValueID, _ definitions: [Int?]
  ) -> Bool {
    guard keys.count == 1, let extent = self[keys[0]].shape.last, ordering.count == extent,
      extent > WordSort.longestCounted, self[keys[0]].count >= WordSort.leastCount
    else { return false }
    let element = self[elements].element
    guard element == self[keys[0]].element, element.width <= 32, element.kind != .boolean else {
      return false
    }
    var key = keys[0]
    while key != elements {
      guard let definition = definitions[key.index] else { return false }
      let operands = operations[definition].operands
      let op = operations[definition].op
      if case .shape(.transpose) = op {
        key = operands[0]
      } else if op == .select,
        // Chosen are either elements as they are, or one number for several.
        let value = operands.dropFirst().first(where: { !isSplat($0, definitions) })
      {
        key = value
      } else {
        return false
      }
    }
    return true
  }

  /// Whether a value is one number, written in the program, at all places.
  private func isSplat(_ value: ValueID, _ definitions: [Int?]) -> Bool {
    guard let definition = definitions[value.index] else { return false }
    let operation = operations[definition]
    if case .constant(let literal) = operation.op { return literal.splatValue != nil }
    if case .shape(.broadcast) = operation.op { return isSplat(operation.operands[0], definitions) }
    return false
  }
}

/// A sort of elements by themselves.
private struct WordSort {
  /// Along which axis.
  var axis: Int
  /// Whether the greatest key comes first.
  var isDescending: Bool

  /// Rows up to this extent keep their order.
  static let longestCounted = 64
  /// Tensors of fewer elements keep it, too: two ways through a sort take longer to compile.
  static let leastCount = 1 << 12
}

extension GatherDimensions {
  /// The axis along which elements are taken at places, for all other axes alike; nil of other forms.
  fileprivate func axisOfTaking(_ rank: Int) -> Int? {
    guard collapsedSliceDims.count == 1, offsetDims.isEmpty, startIndexMap == collapsedSliceDims,
      indexVectorDim == rank, sliceSizes.allSatisfy({ $0 == 1 })
    else { return nil }
    let others = (0..<rank).filter { $0 != collapsedSliceDims[0] }
    guard operandBatchingDims == others, startIndicesBatchingDims == others else { return nil }
    return collapsedSliceDims[0]
  }
}

extension FunctionBuilder {
  /// Elements sorted along an axis by a key, along whose last axis they lie.
  fileprivate mutating func wordSort(
    _ sort: WordSort, of operand: ValueID, by key: ValueID
  ) throws -> ValueID {
    let rank = self[operand].rank
    let last = (0..<rank).filter { $0 != sort.axis } + [sort.axis]
    let moved = try transpose(operand, permutation: last)
    let element = self[operand].element
    let words = try orderKeys(key, isDescending: sort.isDescending)[0]
    let plain = try elements(ofKeys: words, element, isDescending: sort.isDescending)
    let difference = try binary(.xor, bits(of: moved), bits(of: plain))
    let isTold = try compare(.equal, difference, splat(0, self[difference]))
    let isToldEverywhere = try reduce(.and, isTold, dimensions: Array(0..<rank))
    let branches = [
      try region(of: [words, moved]) { builder, operands in
        let sorted = try builder.sortedWords(operands[0])
        return try builder.elements(ofKeys: sorted, element, isDescending: sort.isDescending)
      },
      try region(of: [words, moved]) { builder, operands in
        let extent = builder[operands[0]].shape[rank - 1]
        let ordering = Ordering(isDescending: [false], count: extent)
        let order = try builder.emit(.order(ordering), [operands[0]])
        return try builder.taken(operands[1], at: order, along: rank - 1)
      },
    ]
    let branch = Branch(.predicate, branches: branches)
    let sorted = try emit(.branch(branch), [isToldEverywhere, words, moved])
    return try transpose(sorted, permutation: Function.frontToBack(sort.axis, rank))
  }

  /// A region of parameters like some values.
  private func region(
    of values: [ValueID], _ build: (inout FunctionBuilder, [ValueID]) throws -> ValueID
  ) throws -> Region {
    var region = FunctionBuilder(name: "region", location: location)
    let parameters = values.map { region.parameter(self[$0]) }
    let result = try build(&region, parameters)
    return region.finish(returning: [result])
  }

  /// Elements as unsigned integers of their width.
  private mutating func bits(of elements: ValueID) throws -> ValueID {
    guard self[elements].element.isFloat else { return elements }
    return try emit(
      .bits(.cast(to: self[elements].element.width == 16 ? .u16 : .u32)), [elements])
  }

  /// The words of each row, the last axis, in rising order.
  private mutating func sortedWords(_ words: ValueID) throws -> ValueID {
    let type = self[words]
    let division = OrderDivision(of: type)
    let numbers = [division.rows, division.extent, division.parts, division.chunks]
    let call = ForeignCall(
      "sort", .routine("sort", needsLibrary: false),
      parameters: [.context, .operand(0), .result(0), .result(1)] + numbers.map { .number($0) },
      returning: .nothing, operandTypes: [type],
      resultTypes: [type, TensorType([division.sortScratchWords], .u64)])
    return try emitAll(.foreign(call), [words])[0]
  }
}
