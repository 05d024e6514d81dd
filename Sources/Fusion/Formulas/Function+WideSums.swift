internal import TensorIR

extension Function {
  /// The function with sums and products of many elements made in the element type's `sumType`: what
  /// a kernel adds up in registers, or keeps as partial results, is rounded once, at its end.
  ///
  /// A matrix product whose result has another element type than its factors becomes one of converted
  /// factors; the conversions are part of the loads.
  func withWideSums() throws -> Function {
    guard holdsWideSums else { return self }
    var builder = FunctionBuilder(name: name, isPrivate: isPrivate, location: location)
    var translation = [ValueID?](repeating: nil, count: types.count)
    func translated(_ value: ValueID) -> ValueID {
      guard let known = translation[value.index] else {
        preconditionFailure("a verified function defines values before their use")
      }
      return known
    }
    for parameter in parameters {
      translation[parameter.index] = builder.parameter(self[parameter])
    }
    for operation in operations {
      let operands = operation.operands.map(translated)
      builder.location = operation.location
      let results =
        operation.sumsWiden(in: self)
        ? [try builder.wideSum(operation, operands, self[operation.results[0]].element)]
        : try builder.emitAll(
          try operation.op.mappingRegions { try $0.withWideSums() }, operands,
          at: operation.location)
      for (old, new) in zip(operation.results, results) { translation[old.index] = new }
    }
    return builder.finish(returning: results.map(translated))
  }
}

extension Function {
  /// Whether an operation of the function or of a region widens its sums.
  private var holdsWideSums: Bool {
    operations.contains { operation in
      operation.sumsWiden(in: self) || operation.op.regions.contains { $0.holdsWideSums }
    }
  }
}

extension Operation {
  /// Whether the operation adds or multiplies many elements in another type than its operands'.
  fileprivate func sumsWiden(in function: Function) -> Bool {
    switch op {
    case .reduce(let reduction):
      guard reduction.kind == .add || reduction.kind == .multiply else { return false }
    case .window(.reduce(let kind, _)):
      guard kind == .add || kind == .multiply else { return false }
    case .dot, .convolution: break
    case .window(.collect), .window(.scatter), .window(.place): return false
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .gather,
      .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier,
      .whileLoop, .branch,
      .scan,
      .custom, .call:
      return false
    }
    return function[results[0]].element.sumType != function[operands[0]].element
  }
}

extension FunctionBuilder {
  /// A sum of converted operands, converted to `element`.
  fileprivate mutating func wideSum(
    _ operation: Operation, _ operands: [ValueID], _ element: ElementType
  ) throws -> ValueID {
    var op = operation.op
    if case .dot(var dimensions) = op {
      dimensions.resultElement = nil
      op = .dot(dimensions)
    }
    if case .convolution(var convolution) = op {
      convolution.resultElement = nil
      op = .convolution(convolution)
    }
    let wide = try operands.map { operand in
      self[operand].element == element.sumType
        ? operand : try convert(operand, to: element.sumType)
    }
    let sum = try emit(op, wide)
    return element == element.sumType ? sum : try convert(sum, to: element)
  }
}
