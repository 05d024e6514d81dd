internal import LoopIR
internal import TensorIR

extension Reduction {
  /// The operand folded along the reduced axes.
  func comprehension(_ operand: TensorType) -> Comprehension {
    let rank = operand.rank - dimensions.count
    let reduced = dimensions.sorted()
    var kept = 0
    var folded = 0
    let index = (0..<operand.rank).map { axis in
      if reduced.contains(axis) {
        folded += 1
        return IndexExpression(VariableID(rank + folded - 1))
      }
      kept += 1
      return IndexExpression(VariableID(kept - 1))
    }
    let fold = Comprehension.Fold(
      kind: kind, extents: operand.shape.selecting(reduced), initialOperand: 1)
    return Comprehension(fold: fold, .read(0, index))
  }
}

extension DotDimensions {
  /// The sum of products over the contracted axes.
  func comprehension(_ operands: [TensorType]) -> Comprehension {
    let (left, right) = (operands[0], operands[1])
    let leftFree = leftFree(rank: left.rank)
    let rightFree = rightFree(rank: right.rank)
    let rank = leftBatching.count + leftFree.count + rightFree.count
    func variable(_ position: Int) -> IndexExpression { IndexExpression(VariableID(position)) }
    var leftIndex = [IndexExpression](repeating: IndexExpression(0), count: left.rank)
    var rightIndex = [IndexExpression](repeating: IndexExpression(0), count: right.rank)
    for (position, (leftAxis, rightAxis)) in zip(leftBatching, rightBatching).enumerated() {
      leftIndex[leftAxis] = variable(position)
      rightIndex[rightAxis] = variable(position)
    }
    for (position, axis) in leftFree.enumerated() {
      leftIndex[axis] = variable(leftBatching.count + position)
    }
    for (position, axis) in rightFree.enumerated() {
      rightIndex[axis] = variable(leftBatching.count + leftFree.count + position)
    }
    for (position, (leftAxis, rightAxis)) in zip(leftContracting, rightContracting).enumerated() {
      leftIndex[leftAxis] = variable(rank + position)
      rightIndex[rightAxis] = variable(rank + position)
    }
    let product = Comprehension.Body.apply(
      .binary(.multiply), [.read(0, leftIndex), .read(1, rightIndex)])
    guard !leftContracting.isEmpty else { return Comprehension(product) }
    let fold = Comprehension.Fold(
      kind: .add, extents: left.shape.selecting(leftContracting), initialOperand: nil)
    return Comprehension(fold: fold, product)
  }
}

extension GatherDimensions {
  /// The operand at the looked-up start plus the offset inside the slice.
  func comprehension(_ operands: [TensorType], _ type: TensorType) -> Comprehension {
    let (operand, indices) = (operands[0], operands[1])
    let axes = (0..<type.rank).map { IndexExpression(VariableID($0)) }
    let batch = axes.indices.filter { !offsetDims.contains($0) }.map { axes[$0] }
    let dropped = collapsedSliceDims + operandBatchingDims
    var offsets = offsetDims.makeIterator()
    let index = operand.shape.indices.map { axis -> Comprehension.ReadIndex in
      var place = Comprehension.ReadIndex(IndexExpression(0))
      if !dropped.contains(axis), let offset = offsets.next() { place.affine = axes[offset] }
      if let position = operandBatchingDims.firstIndex(of: axis) {
        place.affine = batch[batchPosition(startIndicesBatchingDims[position])]
      }
      if let component = startIndexMap.firstIndex(of: axis) {
        place.lookup = Comprehension.Lookup(
          operand: 1, index: indexVector(batch, component: component, rank: indices.rank),
          upper: operand.shape[axis] - sliceSizes[axis])
      }
      return place
    }
    return Comprehension(.read(operand: 0, index))
  }

  /// The position among the indices' axes without the index vector.
  private func batchPosition(_ axis: Int) -> Int { axis > indexVectorDim ? axis - 1 : axis }

  /// The place of one component of the index vector.
  private func indexVector(
    _ batch: [IndexExpression], component: Int, rank: Int
  ) -> [IndexExpression] {
    var index = batch
    if indexVectorDim < rank { index.insert(IndexExpression(component), at: indexVectorDim) }
    return index
  }
}
