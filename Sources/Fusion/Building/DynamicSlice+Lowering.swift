internal import LoopIR
internal import TensorIR

extension Comprehension {
  /// `dynamic_slice`: the operand at clamped starts plus the place in the slice.
  static func dynamicSlice(_ operand: TensorType, sizes: [Int]) -> Comprehension {
    let index = sizes.indices.map { axis in
      let room = operand.shape[axis] - sizes[axis]
      return ReadIndex(
        IndexExpression(VariableID(axis)),
        lookup: room == 0 ? nil : Lookup(operand: 1 + axis, index: [], upper: room))
    }
    return Comprehension(.read(operand: 0, index))
  }
}

extension NestBuilder {
  /// Adds the loops that store a `dynamic_update_slice`'s update at its clamped starts.
  func storeUpdate(_ operation: Operation, to memory: Memory) {
    let (operand, update) = (
      graph.type(operation.operands[0]), graph.type(operation.operands[1])
    )
    guard update.count > 0 else { return }
    let (loops, place) = variables.nestIndex(in: nil, extents: update.shape)
    let scope = descend(from: root, loops) { variable in
      phase(of: operation.operands[1], at: place, at: variable)
    }.innermost
    let index = operand.shape.indices.map { axis -> IndexExpression in
      let room = operand.shape[axis] - update.shape[axis]
      guard room > 0 else { return place[axis] }
      return place[axis] + clampedStart(operation.operands[2 + axis], upTo: room, in: scope)
    }
    let value = scalar(of: operation.operands[1], at: place, in: scope)
    store(value, to: memory, address(index, shape: operand.shape), in: scope)
  }

  /// The integer in a scalar, held between zero and a limit.
  private func clampedStart(_ value: ValueID, upTo limit: Int, in scope: Scope) -> IndexExpression {
    if let start = graph.literal(value)?.indices.first {
      return IndexExpression(min(max(start, 0), limit))
    }
    return clamped(scalar(of: value, at: [], in: scope), upTo: limit, in: scope)
  }
}
