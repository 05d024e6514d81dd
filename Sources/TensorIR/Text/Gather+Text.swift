// The text of `gather` and `scatter`, which only have the form in quotes.

extension OperationDraft {
  /// The gather's attributes.
  mutating func gatherDimensions() throws -> GatherDimensions {
    var numbers = try attributes.fields("dimension_numbers")
    let dimensions = GatherDimensions(
      offsetDims: try numbers.optionalIntegers("offset_dims"),
      collapsedSliceDims: try numbers.optionalIntegers("collapsed_slice_dims"),
      operandBatchingDims: try numbers.optionalIntegers("operand_batching_dims"),
      startIndicesBatchingDims: try numbers.optionalIntegers("start_indices_batching_dims"),
      startIndexMap: try numbers.optionalIntegers("start_index_map"),
      indexVectorDim: try numbers.optionalInteger("index_vector_dim"),
      sliceSizes: try attributes.integers("slice_sizes"),
      indicesAreSorted: try attributes.optionalBoolean("indices_are_sorted"))
    try numbers.requireEmpty()
    return dimensions
  }

  /// The scatter's attributes, with the combination read from its region.
  mutating func scatterDimensions() throws -> ScatterDimensions {
    try scatterDimensions(scatterCombination ?? .set)
  }

  /// The scatter's attributes for a combination.
  private mutating func scatterDimensions(
    _ combination: ScatterDimensions.Combination
  ) throws -> ScatterDimensions {
    var numbers = try attributes.fields("scatter_dimension_numbers")
    let dimensions = ScatterDimensions(
      combination,
      updateWindowDims: try numbers.optionalIntegers("update_window_dims"),
      insertedWindowDims: try numbers.optionalIntegers("inserted_window_dims"),
      inputBatchingDims: try numbers.optionalIntegers("input_batching_dims"),
      scatterIndicesBatchingDims: try numbers.optionalIntegers("scatter_indices_batching_dims"),
      scatterDimsToOperandDims: try numbers.optionalIntegers("scatter_dims_to_operand_dims"),
      indexVectorDim: try numbers.optionalInteger("index_vector_dim"),
      indicesAreSorted: try attributes.optionalBoolean("indices_are_sorted"),
      uniqueIndices: try attributes.optionalBoolean("unique_indices"))
    try numbers.requireEmpty()
    return dimensions
  }

  /// How the region combines an element with its update; nil of a region that is no function with a name.
  var scatterCombination: ScatterDimensions.Combination? {
    guard let region = regions.first?.region, regions.count == 1,
      let element = operandTypes.first?.element
    else { return nil }
    return region.scatterCombination(of: element)
  }

  /// Adds the updates of a scatter one after the other, combined by its region.
  mutating func expandScatter(in builder: inout FunctionBuilder) throws -> [ValueID] {
    guard let region = regions.first?.region, regions.count == 1, operands.count % 2 == 1,
      operands.count > 1
    else {
      throw AdjointError(
        .syntax, "\(mnemonic) needs operands, indices, as many updates and one region",
        at: attributes.location)
    }
    let count = operands.count / 2
    let elements = operandTypes[..<count].map { TensorType([], $0.element) }
    guard region.parameterTypes == elements + elements, region.resultTypes == elements else {
      throw AdjointError(
        .type, "\(mnemonic): the region does not combine elements of operands and updates",
        at: attributes.location)
    }
    let dimensions = try scatterDimensions(.set)
    return try builder.scattered(
      Array(operands[..<count]), operands[count], Array(operands[(count + 1)...]), dimensions,
      by: region)
  }
}

extension Function {
  /// How a region combines an element with its update; nil where it is no function with a name.
  func scatterCombination(of element: ElementType) -> ScatterDimensions.Combination? {
    guard isCombination(of: element) else { return nil }
    if let kind = combinedKind {
      // A product of complex numbers needs both parts of both factors at once.
      if kind == .multiply, element.isComplex { return nil }
      return ScatterDimensions.Combination.allCases.first { $0.kind == kind }
    }
    return operations.isEmpty && results == [parameters[1]] ? .set : nil
  }
}

extension FunctionPrinter {
  /// Writes the gather with its dimension numbers.
  mutating func writeGather(_ dimensions: GatherDimensions, _ operation: Operation) {
    let numbers = fields(
      [
        ("offset_dims", dimensions.offsetDims),
        ("collapsed_slice_dims", dimensions.collapsedSliceDims),
        ("operand_batching_dims", dimensions.operandBatchingDims),
        ("start_indices_batching_dims", dimensions.startIndicesBatchingDims),
        ("start_index_map", dimensions.startIndexMap),
      ], indexVectorDim: dimensions.indexVectorDim)
    let sizes = dimensions.sliceSizes.map(String.init).joined(separator: ", ")
    text += "\"stablehlo.gather\"(\(list(operation.operands)))"
    text += " <{dimension_numbers = #stablehlo.gather<\(numbers)>"
    text += ", indices_are_sorted = \(dimensions.indicesAreSorted)"
    text += ", slice_sizes = array<i64\(sizes.isEmpty ? "" : ": ")\(sizes)>}>"
    text += " : \(functionType(operation))"
  }

  /// Writes the scatter with its dimension numbers and its combination as a region.
  mutating func writeScatter(_ dimensions: ScatterDimensions, _ operation: Operation) {
    let numbers = fields(
      [
        ("update_window_dims", dimensions.updateWindowDims),
        ("inserted_window_dims", dimensions.insertedWindowDims),
        ("input_batching_dims", dimensions.inputBatchingDims),
        ("scatter_indices_batching_dims", dimensions.scatterIndicesBatchingDims),
        ("scatter_dims_to_operand_dims", dimensions.scatterDimsToOperandDims),
      ], indexVectorDim: dimensions.indexVectorDim)
    text += "\"stablehlo.scatter\"(\(list(operation.operands)))"
    text += " <{indices_are_sorted = \(dimensions.indicesAreSorted)"
    text += ", scatter_dimension_numbers = #stablehlo.scatter<\(numbers)>"
    text += ", unique_indices = \(dimensions.uniqueIndices)}> ({\n"
    writeRegion(of: dimensions.combination, scalar: scalarType(operation))
    text += "\(indent)}) : \(functionType(operation))"
  }

  /// Writes the block that combines an element with its update.
  private mutating func writeRegion(
    of combination: ScatterDimensions.Combination, scalar: String
  ) {
    let (old, new) = ("%arg\(names.nextArgument)", "%arg\(names.nextArgument + 1)")
    text += "\(indent)^bb0(\(old): \(scalar), \(new): \(scalar)):\n"
    switch combination {
    case .add, .multiply, .minimum, .maximum:
      let sum = "%\(names.nextNumber)"
      let function = "stablehlo.\(combination.rawValue)"
      text += "\(indent)  \(sum) = \(function) \(old), \(new) : \(scalar)\n"
      text += "\(indent)  stablehlo.return \(sum) : \(scalar)\n"
    case .set: text += "\(indent)  stablehlo.return \(new) : \(scalar)\n"
    }
  }

  /// The fields that are not empty, and the index vector axis unless it is zero.
  private func fields(_ fields: [(String, [Int])], indexVectorDim: Int) -> String {
    var written = fields.filter { !$0.1.isEmpty }.map { "\($0.0) = \($0.1)" }
    if indexVectorDim != 0 { written.append("index_vector_dim = \(indexVectorDim)") }
    return written.joined(separator: ", ")
  }
}
