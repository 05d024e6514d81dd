/// Cumulative reductions as scans, whose work is in proportion to the elements.
extension FunctionBuilder {
  /// Each element combined with all before it along an axis, or with all behind it.
  ///
  /// Sums of floats are added up in f64 and rounded once for each element.
  package mutating func prefixes(
    _ operand: ValueID, _ kind: Reduction.Kind, along axis: Int, isReversed: Bool
  ) throws -> ValueID {
    let element = self[operand].element
    let isWidened = kind == .add && element.isFloat && element != .f64
    let wide: ElementType = isWidened ? .f64 : element
    let start = try constant(kind.identity(of: wide))
    return try scanned([operand], from: [start], along: axis, isReversed: isReversed) {
      builder, sums, elements in
      let next = try builder.binary(
        kind.binary, sums[0], builder.convert(elements[0], to: wide))
      return ([next], [try builder.convert(next, to: element)])
    }[0]
  }

  /// Each element combined by a region with all before it along an axis, or with all behind it.
  mutating func prefixes(
    _ operands: [ValueID], from initial: [ValueID], along axis: Int, isReversed: Bool,
    by region: Region
  ) throws -> [ValueID] {
    var shape = self[operands[0]].shape
    shape.remove(at: axis)
    return try scanned(operands, from: initial, along: axis, isReversed: isReversed) {
      builder, states, elements in
      let next = try builder.mapped(region, states + elements, shape: shape)
      return (next, next)
    }
  }

  /// Whether a scalar is known to leave any element unchanged when combined with it.
  package func isIdentity(_ initial: ValueID, of kind: Reduction.Kind) -> Bool {
    var value = initial
    while let operation = definition(of: value) {
      if case .constant(let literal) = operation.op {
        let identity = kind.identity(of: self[initial].element)
        return literal.splatValue != nil && literal.splatValue == identity.splatValue
      }
      guard case .shape(.broadcast) = operation.op else { return false }
      value = operation.operands[0]
    }
    return false
  }

  /// A scan along an axis, from scalars on.
  ///
  /// - Parameter step: of states and elements the next states and what is stacked.
  private mutating func scanned(
    _ operands: [ValueID], from initial: [ValueID], along axis: Int, isReversed: Bool,
    _ step: (
      _ builder: inout FunctionBuilder, _ states: [ValueID], _ elements: [ValueID]
    ) throws -> (states: [ValueID], stacked: [ValueID])
  ) throws -> [ValueID] {
    let rank = self[operands[0]].rank
    let length = self[operands[0]].shape[axis]
    let front = [axis] + (0..<rank).filter { $0 != axis }
    var others = self[operands[0]].shape
    others.remove(at: axis)
    let stacks = try operands.map { try transpose($0, permutation: front) }
    let starts = try initial.map { try broadcast($0, to: others, dimensions: []) }
    var body = FunctionBuilder(name: "region", location: location)
    _ = body.parameter(TensorType([], .i64))
    let states = starts.map { body.parameter(self[$0]) }
    let elements = operands.map { body.parameter(TensorType(others, self[$0].element)) }
    let next = try step(&body, states, elements)
    let scan = Scan(
      length: length, isReversed: isReversed, captureCount: 0, carryCount: states.count,
      body: body.finish(returning: next.states + next.stacked))
    let results = try emitAll(.scan(scan), starts + stacks).dropFirst(states.count)
    let back = (0..<rank).map { axis in front.firstIndex(of: axis) ?? axis }
    return try results.map { try transpose($0, permutation: back) }
  }
}
