// The text of ops over windows, which only have the form in quotes.

extension OperationDraft {
  /// The windows over a tensor of some axes; what is not written is one, or no padding.
  mutating func windows(over rank: Int) throws -> Windows {
    var windows = Windows(extents: Array(repeating: 1, count: rank))
    func entries(_ name: String, _ usual: [Int]) throws -> [Int] {
      let isWritten = attributes.entries.contains { $0.name == name }
      let values = isWritten ? try attributes.integers(name) : usual
      guard values.count == rank, values.allSatisfy({ $0 > 0 }) else {
        throw AdjointError(
          .type, "\(mnemonic): \(name) is no positive number for each of \(rank) axes",
          at: attributes.location)
      }
      return values
    }
    windows.extents = try entries("window_dimensions", windows.extents)
    windows.strides = try entries("window_strides", windows.strides)
    windows.baseDilations = try entries("base_dilations", windows.baseDilations)
    windows.dilations = try entries("window_dilations", windows.dilations)
    if let padding = try attributes.optionalPairs("padding") {
      guard padding.count == rank else {
        throw AdjointError(
          .type, "\(mnemonic): padding does not fit \(rank) axes", at: attributes.location)
      }
      windows.low = padding.map { $0[0] }
      windows.high = padding.map { $0[1] }
    }
    return windows
  }

  /// Adds an op that finds places in windows, collects elements from them or scatters updates to them.
  mutating func expandWindowMove(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let isScatter = mnemonic == Expansion.windowScatter.rawValue
    let shape = (isScatter ? try resultType() : operandTypes.first)?.shape ?? []
    let windows = try windows(over: shape.count)
    let op: WindowOp
    switch mnemonic {
    case Expansion.windowCollect.rawValue: op = .collect(windows)
    case Expansion.windowScatter.rawValue: op = .scatter(windows, shape: shape)
    default: op = .place(isLast: try attributes.optionalBoolean("is_last"), windows)
    }
    return [try builder.emit(.window(op), operands)]
  }

  /// Adds a `select_and_scatter`: where in each window its extreme is, and the sources added there.
  mutating func expandSelectAndScatter(in builder: inout FunctionBuilder) throws -> [ValueID] {
    guard operands.count == 3, regions.count == 2 else {
      throw AdjointError(
        .type, "\(mnemonic) takes 3 operands and 2 regions", at: attributes.location)
    }
    let windows = try windows(over: operandTypes[0].rank)
    guard let (kind, isLast) = regions[0].region.selection,
      regions[1].region.isCombination(of: operandTypes[0].element)
    else {
      throw AdjointError(
        .unsupported, "\(mnemonic) is supported where it selects by GE, GT, LE or LT",
        at: attributes.location)
    }
    let (operand, type) = (operands[0], operandTypes[0])
    let identity = try builder.constant(kind.identity(of: type.element))
    let best = try builder.emit(.window(.reduce(kind, windows)), [operand, identity])
    let place = try builder.emit(
      .window(.place(isLast: isLast, windows)), [operand, best])
    guard regions[1].region.combinedKind == .add else {
      let initial = try builder.broadcast(operands[2], to: type.shape, dimensions: [])
      return [
        try builder.scattered(initial, operands[1], place, windows, by: regions[1].region)
      ]
    }
    let sum = try builder.emit(
      .window(.scatter(windows, shape: type.shape)), [operands[1], place])
    if builder.isZero(operands[2]) { return [sum] }
    let initial = try builder.broadcast(operands[2], to: type.shape, dimensions: [])
    return [try builder.add(initial, sum)]
  }
}

extension FunctionBuilder {
  /// Whether a value is a constant zero, seen through broadcasts.
  fileprivate func isZero(_ value: ValueID) -> Bool {
    guard let definition = definition(of: value) else { return false }
    switch definition.op {
    case .constant(let literal): return literal.splatValue == 0
    case .shape(.broadcast): return isZero(definition.operands[0])
    default: return false
    }
  }
}

extension Function {
  /// The extreme that a region of one comparison keeps, and whether of equal elements the last; nil of
  /// another region.
  fileprivate var selection: (kind: Reduction.Kind, isLast: Bool)? {
    guard parameters.count == 2, operations.count == 1, let operation = operations.first,
      case .compare(let comparison) = operation.op, results == operation.results,
      !comparison.isTotal
    else { return nil }
    let isSwapped = operation.operands == parameters.reversed()
    guard isSwapped || operation.operands == parameters else { return nil }
    switch comparison.direction {
    case .greaterOrEqual: return (isSwapped ? .minimum : .maximum, false)
    case .greater: return (isSwapped ? .minimum : .maximum, true)
    case .lessOrEqual: return (isSwapped ? .maximum : .minimum, false)
    case .less: return (isSwapped ? .maximum : .minimum, true)
    case .equal, .notEqual: return nil
    }
  }
}

extension FunctionPrinter {
  /// Writes `"stablehlo.reduce_window"(%a, %b) <{windows}> ({ region }) : …`, or an op without region.
  mutating func writeWindow(_ op: WindowOp, _ operation: Operation) {
    var attributes = op.windows.attributesText
    if case .place(true, _) = op { attributes = "is_last = true, " + attributes }
    text += "\"\(op.mnemonic)\"(\(list(operation.operands))) <{\(attributes)}>"
    if case .reduce(let kind, _) = op {
      let scalar = "tensor<\(function[operation.operands[1]].element.rawValue)>"
      let (left, right) = ("%arg\(names.nextArgument)", "%arg\(names.nextArgument + 1)")
      let result = "%\(names.nextNumber)"
      text += " ({\n\(indent)^bb0(\(left): \(scalar), \(right): \(scalar)):\n"
      text += "\(indent)  \(result) = \(kind.rawValue) \(left), \(right) : \(scalar)\n"
      text += "\(indent)  stablehlo.return \(result) : \(scalar)\n\(indent)})"
    }
    text += " : \(functionType(operation))"
  }
}

extension Windows {
  /// The attributes as JAX orders them.
  fileprivate var attributesText: String {
    func array(_ values: [Int]) -> String {
      values.isEmpty
        ? "array<i64>" : "array<i64: \(values.map(String.init).joined(separator: ", "))>"
    }
    let pairs = zip(low, high).map { "[\($0), \($1)]" }
    let isUniform = Set(low + high).count == 1
    let padding = isUniform ? "\(low[0])" : "[\(pairs.joined(separator: ", "))]"
    return [
      "base_dilations = \(array(baseDilations))",
      "padding = dense<\(low.isEmpty ? "" : padding)> : tensor<\(low.count)x2xi64>",
      "window_dilations = \(array(dilations))", "window_dimensions = \(array(extents))",
      "window_strides = \(array(strides))",
    ].joined(separator: ", ")
  }
}
