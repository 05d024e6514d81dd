// Custom calls by which exporters write an op: those of MHLO that StableHLO lacks, selections of the
// greatest elements, and markers of how a tensor is laid out or divided among devices.

extension OperationDraft {
  /// Adds the op that a custom call of a name means; nil of another name.
  mutating func emitMeaning(
    of target: String, in builder: inout FunctionBuilder
  ) throws -> [ValueID]? {
    switch target {
    case "Sharding", "LayoutConstraint", "annotate_device_placement":
      try requireCount(1)
      return operands
    case "shape_assertion": return try checkedAssertion()
    case "mhlo.topk", "TopK": return try greatest(in: &builder)
    case "ApproxTopK", "PartialReduce": return try approximatelyGreatest(target, in: &builder)
    case "mhlo.bessel_i1e":
      try requireCount(1)
      return [try builder.scaledBesselI1(operands[0])]
    default: break
    }
    guard target.hasPrefix("mhlo.") else { return nil }
    let name = target.dropFirst("mhlo.".count)
    let mnemonics = ["chlo.\(name)", "stablehlo.\(name)"]
    guard let syntax = mnemonics.lazy.compactMap({ OpSyntax.byMnemonic[$0] }).first else {
      return nil
    }
    switch syntax {
    case .unary(let op):
      try requireCount(1)
      return [try builder.unary(op, operands[0])]
    case .binary(let op):
      try requireCount(2)
      return [try builder.binary(op, operands[0], operands[1])]
    default: return nil
    }
  }

  private func requireCount(_ count: Int) throws {
    guard operands.count == count else {
      throw AdjointError(
        .type, "\(mnemonic) takes \(count) operands here, not \(operands.count)",
        at: attributes.location)
    }
  }

  /// Nothing, of an assertion about shapes that follows from constants and holds.
  private func checkedAssertion() throws -> [ValueID] {
    guard let condition = known.first, let condition, operandTypes[0] == TensorType([], .i1) else {
      throw AdjointError(
        .unsupported, "@shape_assertion: operand 0 does not follow from constants",
        at: attributes.location)
    }
    guard condition == [1] else {
      throw AdjointError(.type, "@shape_assertion does not hold", at: attributes.location)
    }
    return []
  }

  /// The greatest or least elements along the last axis, and their indices.
  private mutating func greatest(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireCount(1)
    var isLargest = true
    if attributes.entries.contains(where: { $0.name == "mhlo.attributes" }) {
      var written = try attributes.fields("mhlo.attributes")
      if written.entries.contains(where: { $0.name == "largest" }) {
        isLargest = try written.optionalBoolean("largest")
      }
    }
    guard let type = results.types.first, let count = type.shape.last else {
      throw AdjointError(.type, "\(mnemonic) has no results", at: attributes.location)
    }
    return try builder.first(
      count, of: operands[0], along: builder[operands[0]].rank - 1, isDescending: isLargest)
  }

  /// The greatest or least elements along an axis and what stands beside them: (operand, indices, initial
  /// values), as a fallback without approximation gives them.
  private mutating func approximatelyGreatest(
    _ target: String, in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    try requireCount(4)
    var config = try attributes.fields("mhlo.backend_config")
    let axis = try config.integer("reduction_dim")
    let count = try config.integer("top_k")
    let (operand, indices) = (operands[0], operands[1])
    guard let comparator = comparatorName, builder[operand].shape.indices.contains(axis),
      builder[indices].shape == builder[operand].shape,
      results.types.first?.shape.indices.contains(axis) == true,
      results.types[0].shape[axis] == count
    else {
      throw AdjointError(
        .unsupported, "@\(target) is supported for the greatest or least elements of an axis alone",
        at: attributes.location)
    }
    let places = try builder.firstPlaces(
      count, of: builder.canonical(operand), along: axis, isDescending: comparator == "gt")
    return try [operand, indices].map { try builder.taken($0, at: places, along: axis) }
  }

  /// Whether elements are compared by "gt" or by "lt", as the comparator of JAX is named.
  private var comparatorName: String? {
    for case .symbol(let name) in calledNames {
      if name.hasPrefix("top_k_gt_") { return "gt" }
      if name.hasPrefix("top_k_lt_") { return "lt" }
    }
    return nil
  }

  /// The functions that a custom call is given.
  private var calledNames: [TextAttribute] {
    guard let entry = attributes.entries.first(where: { $0.name == "called_computations" }),
      case .list(let items) = entry.value
    else { return [] }
    return items
  }
}

extension FunctionBuilder {
  /// The first elements along an axis in the order of their bits, and their indices.
  fileprivate mutating func first(
    _ count: Int, of operand: ValueID, along axis: Int, isDescending: Bool
  ) throws -> [ValueID] {
    let places = try firstPlaces(count, of: operand, along: axis, isDescending: isDescending)
    return [try taken(operand, at: places, along: axis), places]
  }

  /// The indices of the first elements along an axis in the order of their bits.
  fileprivate mutating func firstPlaces(
    _ count: Int, of operand: ValueID, along axis: Int, isDescending: Bool
  ) throws -> ValueID {
    let axes = self[operand].shape.indices
    let last = axes.filter { $0 != axis } + [axis]
    let moved = try transpose(operand, permutation: last)
    let order = try emit(
      .order(Ordering(isDescending: [isDescending], count: count)), [moved])
    return try transpose(order, permutation: axes.map { last.firstIndex(of: $0) ?? $0 })
  }
}
