import Interpreter
import TensorIR
import TestSupport
import Testing

/// Ops that move or sum elements, checked at every case of the op table against the formulas of
/// the StableHLO specification, which speak of one result index at a time.
@Suite struct IndexFormulaTests {
  @Test(
    "Results agree with the specification's index formulas",
    arguments: opTable.filter { row in
      ["broadcast_in_dim", "transpose", "slice", "pad", "concatenate", "reverse"].contains(row.name)
        || ["dot", "convolution", "gather", "scatter", "reduce add"].contains {
          row.name.hasPrefix($0)
        }
    })
  func agrees(row: OpRow) throws {
    for opCase in row.cases where [.f64, .i32, .i64].contains(opCase.element) {
      let function = try opCase.function()
      for seed in 0..<3 as Range<UInt64> {
        let arguments = row.arguments(for: function, seed: seed)
        let actual = try Interpreter().run(function, arguments)[0]
        let operands = function.operations.count == 1 ? arguments : arguments + [zero(of: actual)]
        let op = try #require(function.operations.last?.op)
        let expected = try formula(op, operands.map(Indexed.init), actual.type)
        #expect(maximumError(actual, expected).absolute <= 1e-12, "\(opCase) seed \(seed)")
      }
    }
  }

  /// The initial value of the reductions that do not take one as a parameter.
  private func zero(of literal: Literal) -> Literal {
    Literal(TensorType([], literal.type.element), integers: [0])
  }

  /// The result of an op by its formula.
  private func formula(_ op: Op, _ operands: [Indexed], _ type: TensorType) throws -> Literal {
    switch op {
    case .shape(let op): return move(op, operands, type)
    case .dot(let dimensions): return dot(dimensions, operands[0], operands[1], type)
    case .convolution(let convolution):
      return self.convolution(convolution, operands[0], operands[1], type)
    case .gather(let dimensions): return gather(dimensions, operands[0], operands[1], type)
    case .scatter(let dimensions): return scatter(dimensions, operands, type)
    case .reduce(let reduction):
      return tabulate(type) { index in
        let fitting = allIndices(operands[0].shape).filter {
          $0.removing(reduction.dimensions) == index
        }
        return fitting.reduce(operands[1][[]]) { $0 + operands[0][$1] }
      }
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier, .whileLoop, .branch, .scan,
      .custom, .matrix, .order, .foreign, .window,
      .call:
      throw AdjointError(.unsupported, "\(op.mnemonic) has no index formula here")
    }
  }

  private func move(_ op: ShapeOp, _ operands: [Indexed], _ type: TensorType) -> Literal {
    let operand = operands[0]
    switch op {
    case .broadcast(_, let dimensions):
      return tabulate(type) { index in
        operand[dimensions.enumerated().map { operand.shape[$0] == 1 ? 0 : index[$1] }]
      }
    case .transpose(let permutation):
      return tabulate(type) { index in
        operand[permutation.indices.map { index[permutation.firstIndex(of: $0)!] }]
      }
    case .slice(let starts, _, let strides):
      return tabulate(type) { index in
        operand[index.indices.map { starts[$0] + index[$0] * strides[$0] }]
      }
    case .pad(let low, _, let interior):
      return tabulate(type) { index in
        let origin = allIndices(operand.shape).first { source in
          index.indices.allSatisfy { index[$0] == low[$0] + source[$0] * (interior[$0] + 1) }
        }
        return origin.map { operand[$0] } ?? operands[1][[]]
      }
    case .concatenate(let dimension):
      return tabulate(type) { index in
        var index = index
        for operand in operands {
          if index[dimension] < operand.shape[dimension] { return operand[index] }
          index[dimension] -= operand.shape[dimension]
        }
        return .nan
      }
    case .reverse(let dimensions):
      return tabulate(type) { index in
        operand[
          index.indices.map {
            dimensions.contains($0) ? operand.shape[$0] - 1 - index[$0] : index[$0]
          }]
      }
    case .reshape: return tabulate(type) { _ in .nan }
    }
  }

  private func dot(
    _ dimensions: DotDimensions, _ left: Indexed, _ right: Indexed, _ type: TensorType
  ) -> Literal {
    let batchCount = dimensions.leftBatching.count
    let leftFree = dimensions.leftFree(rank: left.shape.count)
    let rightFree = dimensions.rightFree(rank: right.shape.count)
    return tabulate(type) { index in
      let terms = allIndices(left.shape.selecting(dimensions.leftContracting))
      return terms.reduce(0) { sum, term in
        var (leftIndex, rightIndex) = (left.shape.map { _ in 0 }, right.shape.map { _ in 0 })
        for (place, axis) in dimensions.leftBatching.enumerated() { leftIndex[axis] = index[place] }
        for (place, axis) in dimensions.rightBatching.enumerated() {
          rightIndex[axis] = index[place]
        }
        for (place, axis) in leftFree.enumerated() { leftIndex[axis] = index[batchCount + place] }
        for (place, axis) in rightFree.enumerated() {
          rightIndex[axis] = index[batchCount + leftFree.count + place]
        }
        for (place, axis) in dimensions.leftContracting.enumerated() {
          leftIndex[axis] = term[place]
        }
        for (place, axis) in dimensions.rightContracting.enumerated() {
          rightIndex[axis] = term[place]
        }
        return sum + left[leftIndex] * right[rightIndex]
      }
    }
  }

  private func convolution(
    _ convolution: Convolution, _ input: Indexed, _ kernel: Indexed, _ type: TensorType
  ) -> Literal {
    let spatial = convolution.input.spatial.indices
    let outputs = kernel.shape[convolution.kernel.output]
    let groups = max(convolution.featureGroups, convolution.batchGroups)
    let taps = Dictionary(grouping: allIndices(kernel.shape)) { $0[convolution.kernel.output] }
    return tabulate(type) { index in
      let feature = index[convolution.output.feature]
      let group = feature / (outputs / groups)
      return taps[feature, default: []].reduce(0) { sum, kernelIndex in
        var inputIndex = input.shape.map { _ in 0 }
        inputIndex[convolution.input.batch] = index[convolution.output.batch]
        inputIndex[convolution.input.feature] = kernelIndex[convolution.kernel.input]
        if convolution.batchGroups > 1 {
          inputIndex[convolution.input.batch] += group * type.shape[convolution.output.batch]
        } else {
          inputIndex[convolution.input.feature] += group * kernel.shape[convolution.kernel.input]
        }
        for axis in spatial {
          let extent = kernel.shape[convolution.kernel.spatial[axis]]
          let place = kernelIndex[convolution.kernel.spatial[axis]]
          let tap = convolution.reversal[axis] ? extent - 1 - place : place
          let position =
            index[convolution.output.spatial[axis]] * convolution.strides[axis]
            + tap * convolution.kernelDilation[axis] - convolution.low[axis]
          let (element, rest) = position.quotientAndRemainder(
            dividingBy: convolution.inputDilation[axis])
          guard position >= 0, rest == 0, element < input.shape[convolution.input.spatial[axis]]
          else { return sum }
          inputIndex[convolution.input.spatial[axis]] = element
        }
        return sum + input[inputIndex] * kernel[kernelIndex]
      }
    }
  }

  /// The index vector at a batch index.
  private func vector(
    _ indices: Indexed, _ batch: [Int], vectorAxis: Int, entries: Int
  ) -> [Int] {
    (0..<entries).map { entry in
      var index = batch
      if vectorAxis < indices.shape.count { index.insert(entry, at: vectorAxis) }
      return Int(indices[index])
    }
  }

  private func gather(
    _ d: GatherDimensions, _ operand: Indexed, _ indices: Indexed, _ type: TensorType
  ) -> Literal {
    tabulate(type) { index in
      let batch = index.removing(d.offsetDims)
      let start = vector(
        indices, batch, vectorAxis: d.indexVectorDim, entries: d.startIndexMap.count)
      var full = operand.shape.map { _ in 0 }
      for (entry, axis) in d.startIndexMap.enumerated() {
        full[axis] = min(max(start[entry], 0), operand.shape[axis] - d.sliceSizes[axis])
      }
      for (axis, indicesAxis) in zip(d.operandBatchingDims, d.startIndicesBatchingDims) {
        full[axis] = batch[indicesAxis < d.indexVectorDim ? indicesAxis : indicesAxis - 1]
      }
      var offsets = d.offsetDims.map { index[$0] }[...]
      for axis in operand.shape.indices
      where !(d.collapsedSliceDims + d.operandBatchingDims).contains(axis) {
        full[axis] += offsets.removeFirst()
      }
      return operand[full]
    }
  }

  private func scatter(
    _ d: ScatterDimensions, _ operands: [Indexed], _ type: TensorType
  ) -> Literal {
    let (operand, indices, updates) = (operands[0], operands[1], operands[2])
    var results = operand
    let kept = operand.shape.indices.filter {
      !(d.insertedWindowDims + d.inputBatchingDims).contains($0)
    }
    for index in allIndices(updates.shape) {
      let batch = index.removing(d.updateWindowDims)
      let start = vector(
        indices, batch, vectorAxis: d.indexVectorDim, entries: d.scatterDimsToOperandDims.count)
      var (full, last) = (operand.shape.map { _ in 0 }, operand.shape.map { _ in 0 })
      for (entry, axis) in d.scatterDimsToOperandDims.enumerated() { full[axis] = start[entry] }
      for (axis, indicesAxis) in zip(d.inputBatchingDims, d.scatterIndicesBatchingDims) {
        full[axis] = batch[indicesAxis < d.indexVectorDim ? indicesAxis : indicesAxis - 1]
      }
      last = full
      let first = full
      for (axis, updateAxis) in zip(kept, d.updateWindowDims) {
        full[axis] += index[updateAxis]
        last[axis] += updates.shape[updateAxis] - 1
      }
      // Unlike the specification's formula, a window partly outside is dropped as a whole.
      let isInside = full.indices.allSatisfy {
        first[$0] >= 0 && last[$0] < operand.shape[$0]
      }
      guard isInside else { continue }
      switch d.combination {
      case .add: results[full] += updates[index]
      case .set: results[full] = updates[index]
      case .multiply: results[full] *= updates[index]
      case .minimum: results[full] = min(results[full], updates[index])
      case .maximum: results[full] = max(results[full], updates[index])
      }
    }
    return tabulate(type) { results[$0] }
  }
}

/// A tensor whose elements are reached by their index along each axis.
private struct Indexed {
  let shape: [Int]
  private var elements: [[Int]: Double]

  init(_ literal: Literal) {
    shape = literal.type.shape
    elements = Dictionary(
      uniqueKeysWithValues: zip(allIndices(literal.type.shape), literal.doubles))
  }

  subscript(_ index: [Int]) -> Double {
    get { elements[index]! }
    set { elements[index] = newValue }
  }
}

/// The indices of all elements of a shape in row-major order.
private func allIndices(_ shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { indices, extent in
    indices.flatMap { index in (0..<extent).map { index + [$0] } }
  }
}

/// A tensor whose element at each index is `element` of it.
private func tabulate(_ type: TensorType, _ element: ([Int]) -> Double) -> Literal {
  Literal(type, doubles: allIndices(type.shape).map(element))
}
