import TensorIR

/// What can be proved about the indices of gathers and scatters from a function's text.
struct IndexFacts {
  /// The function the indices are values of.
  let function: Function
  /// Where each of its values is defined.
  let definitions: [Int?]

  /// How many definitions a proof looks through.
  private static let depth = 12

  /// Whether all windows of a gather lie inside its operand without being moved.
  func areInBounds(_ indices: ValueID, _ gather: GatherDimensions, operand: TensorType) -> Bool {
    let limits = gather.startIndexMap.map { operand.shape[$0] - gather.sliceSizes[$0] }
    return areInBounds(indices, limits)
  }

  /// Whether all updates of a scatter land inside its operand.
  func areInBounds(
    _ indices: ValueID, _ scatter: ScatterDimensions, operand: TensorType, updates: TensorType
  ) -> Bool {
    let window = scatter.window(operandRank: operand.rank, updates: updates.shape)
    let limits = scatter.scatterDimsToOperandDims.map { operand.shape[$0] - window[$0] }
    return areInBounds(indices, limits)
  }

  /// Whether no two updates of a scatter can meet: promised, a single window, or constant index
  /// vectors that differ and whose windows have one element along indexed axes.
  func areUnique(_ indices: ValueID, _ scatter: ScatterDimensions, updates: TensorType) -> Bool {
    let batch = updates.shape.removing(scatter.updateWindowDims).reduce(1, *)
    if scatter.uniqueIndices || batch <= 1 { return true }
    guard let position = definitions[indices.index],
      case .constant(let literal) = function.operations[position].op,
      scatter.inputBatchingDims.isEmpty,
      scatter.indexVectorDim == literal.type.rank - 1
    else { return false }
    let rank = scatter.updateWindowDims.count + scatter.insertedWindowDims.count
    let window = scatter.window(operandRank: rank, updates: updates.shape)
    guard scatter.scatterDimsToOperandDims.allSatisfy({ window[$0] == 1 }) else { return false }
    let entries = literal.integers
    let length = scatter.scatterDimsToOperandDims.count
    let vectors = (0..<batch).map { Array(entries[($0 * length)..<(($0 + 1) * length)]) }
    return Set(vectors).count == batch
  }

  /// Whether all indices are known to be between zero and the least of `limits`.
  private func areInBounds(_ indices: ValueID, _ limits: [Int]) -> Bool {
    guard let limit = limits.min() else { return true }
    guard let range = range(of: indices, depth: IndexFacts.depth) else { return false }
    return range.lowerBound >= 0 && range.upperBound <= limit
  }

  /// Bounds of all elements of an integer value, or nil where none can be proved.
  private func range(of value: ValueID, depth: Int) -> ClosedRange<Int64>? {
    guard depth > 0, function[value].count > 0, let position = definitions[value.index] else {
      return nil
    }
    let operation = function.operations[position]
    func operand(_ index: Int) -> ClosedRange<Int64>? {
      range(of: operation.operands[index], depth: depth - 1)
    }
    switch operation.op {
    case .constant(let literal):
      guard !literal.type.element.isFloat, literal.type.element != .u64 else { return nil }
      let entries = literal.integers
      guard let least = entries.min(), let greatest = entries.max() else { return nil }
      return least...greatest
    case .iota(let type, let dimension): return 0...Int64(type.shape[dimension] - 1)
    case .clamp:
      guard let low = operand(0), let high = operand(2) else { return nil }
      return min(low.lowerBound, high.lowerBound)...high.upperBound
    case .select: return union(operand(1), operand(2))
    case .convert(let element):
      guard function[operation.operands[0]].element.isInteger, let range = operand(0),
        let whole = element.integerRange, whole.contains(range.lowerBound),
        whole.contains(range.upperBound)
      else { return nil }
      return range
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice),
      .shape(.reverse):
      return operand(0)
    case .shape(.concatenate):
      let parts = operation.operands.indices.filter {
        function[operation.operands[$0]].count > 0
      }
      guard let first = parts.first else { return nil }
      return parts.dropFirst().reduce(operand(first)) { union($0, operand($1)) }
    case .shape(.pad), .unary, .binary, .compare, .bits, .complex, .fft, .reduce, .dot,
      .convolution, .gather, .window,
      .scatter,
      .dynamicSlice,
      .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return nil
    }
  }

  /// The least range that holds both; nil where one is not known.
  private func union(
    _ left: ClosedRange<Int64>?, _ right: ClosedRange<Int64>?
  ) -> ClosedRange<Int64>? {
    guard let left, let right else { return nil }
    return min(left.lowerBound, right.lowerBound)...max(left.upperBound, right.upperBound)
  }
}

extension ScatterDimensions {
  /// The extent of an update window along each operand axis; one along axes the updates lack.
  func window(operandRank: Int, updates: [Int]) -> [Int] {
    var extents = updates.selecting(updateWindowDims).makeIterator()
    return (0..<operandRank).map { axis in
      let isMissing = insertedWindowDims.contains(axis) || inputBatchingDims.contains(axis)
      return isMissing ? 1 : extents.next() ?? 1
    }
  }
}
