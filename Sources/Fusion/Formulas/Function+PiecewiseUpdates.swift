internal import TensorIR

extension Function {
  /// The function with updates at known places that change most of a tensor written as pieces: what stays
  /// before the window, the window, and what stays behind it, axis by axis.
  ///
  ///     dynamic_update_slice x, u, 1, 1
  ///
  /// of an x of 100 by 100 and a u of 98 by 98 is
  ///
  ///     concatenate x[0:1, 0:100], (concatenate x[1:99, 0:1], u, x[1:99, 99:100]), x[99:100, 0:100]
  ///
  /// Such a step of a stencil computes its window where it is written. Smaller windows are written into the
  /// tensor where it stands.
  func withPiecewiseUpdates() throws -> Function {
    let definitions = definitions()
    var starts: [ValueID: [Int]] = [:]
    for operation in operations {
      guard let found = windowStarts(of: operation, definitions) else { continue }
      starts[operation.results[0]] = found
    }
    if starts.isEmpty { return self }
    return try replacingOperations { operation, operands, builder in
      guard let result = operation.results.first, let starts = starts[result] else { return nil }
      return [try builder.assemble(operands[1], within: operands[0], at: starts)]
    }
  }

  /// Where an update of most of a tensor starts; nil for other operations and where it is not known.
  private func windowStarts(of operation: Operation, _ definitions: [Int?]) -> [Int]? {
    guard case .dynamicUpdateSlice = operation.op else { return nil }
    let (whole, part) = (self[operation.operands[0]], self[operation.operands[1]])
    guard part.count > whole.count / 2 else { return nil }
    var starts = [Int]()
    for (axis, operand) in operation.operands[2...].enumerated() {
      guard let position = definitions[operand.index],
        case .constant(let literal) = operations[position].op, let start = literal.indices.first
      else { return nil }
      // A window that would reach beyond an end stands at that end.
      starts.append(min(max(start, 0), whole.shape[axis] - part.shape[axis]))
    }
    return starts
  }
}

extension FunctionBuilder {
  /// A tensor with a window of it replaced, as pieces along each axis in turn.
  fileprivate mutating func assemble(
    _ window: ValueID, within whole: ValueID, at starts: [Int]
  ) throws -> ValueID {
    let shape = self[whole].shape
    let ends = zip(starts, self[window].shape).map { $0 + $1 }
    var result = window
    for axis in shape.indices.reversed() {
      /// What stays of the whole along this axis, within the window along those before it.
      func rest(_ range: Range<Int>) throws -> [ValueID] {
        if range.isEmpty { return [] }
        let lower = shape.indices.map { $0 < axis ? starts[$0] : $0 == axis ? range.lowerBound : 0 }
        let upper = shape.indices.map {
          $0 < axis ? ends[$0] : $0 == axis ? range.upperBound : shape[$0]
        }
        return [
          try emit(
            .shape(.slice(starts: lower, limits: upper, strides: shape.map { _ in 1 })), [whole])
        ]
      }
      let pieces = try rest(0..<starts[axis]) + [result] + rest(ends[axis]..<shape[axis])
      guard pieces.count > 1 else { continue }
      result = try emit(.shape(.concatenate(dimension: axis)), pieces)
    }
    return result
  }
}
