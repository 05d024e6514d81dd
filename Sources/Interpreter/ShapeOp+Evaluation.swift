import TensorIR

extension ShapeOp {
  /// The operands' elements rearranged as a tensor of `type`.
  func evaluated(_ operands: [Literal], _ type: TensorType) -> Literal {
    let operand = operands[0]
    let (shape, strides) = (operand.type.shape, operand.type.strides)
    switch self {
    case .broadcast(_, let dimensions): return broadcast(operand, dimensions, type)
    case .reshape: return operand.reshaped(to: type.shape)
    case .transpose(let permutation):
      return operand.selecting(
        offsets(of: type.shape, strides: strides.selecting(permutation)), as: type)
    case .slice(let starts, _, let steps):
      let first = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
      // A step may be too large to multiply where there is only one element to take.
      let stepped = strides.indices.map { type.shape[$0] > 1 ? strides[$0] * steps[$0] : 0 }
      return operand.selecting(offsets(of: type.shape, strides: stepped, from: first), as: type)
    case .pad(let low, _, let interior): return pad(operand, operands[1], low, interior, type)
    case .concatenate(let dimension): return concatenate(operands, dimension, type)
    case .reverse(let dimensions):
      let last = dimensions.reduce(0) { $0 + (shape[$1] - 1) * strides[$1] }
      let signed = strides.enumerated().map { dimensions.contains($0) ? -$1 : $1 }
      return operand.selecting(offsets(of: shape, strides: signed, from: last), as: type)
    }
  }

  /// Operand axis `i` laid along result axis `dimensions[i]`, repeated along all others.
  private func broadcast(_ operand: Literal, _ dimensions: [Int], _ type: TensorType) -> Literal {
    if operand.isSplat { return Literal(type, splat: operand.bytes) }
    var strides = [Int](repeating: 0, count: type.rank)
    for (axis, target) in dimensions.enumerated() where operand.type.shape[axis] != 1 {
      strides[target] = operand.type.strides[axis]
    }
    return operand.selecting(offsets(of: type.shape, strides: strides), as: type)
  }

  /// The operand spread over a tensor full of `value`; elements pushed outside are dropped.
  private func pad(
    _ operand: Literal, _ value: Literal, _ low: [Int], _ interior: [Int], _ type: TensorType
  ) -> Literal {
    let background = Literal(type, splat: value.bytes)
    // The gap is not read where it may overflow: along axes of one element.
    func place(_ index: Int, _ axis: Int) -> Int {
      index == 0 ? low[axis] : low[axis] + index * (interior[axis] + 1)
    }
    // The elements that stay inside are a range along each axis, since places rise with indices.
    let kept = operand.type.shape.indices.map { axis in
      (0..<operand.type.shape[axis]).filter { (0..<type.shape[axis]).contains(place($0, axis)) }
    }
    guard !kept.contains(where: \.isEmpty) else { return background }
    var (source, target, steps) = (0, 0, [Int]())
    for axis in kept.indices {
      let (first, last) = (kept[axis][0], kept[axis][kept[axis].count - 1])
      source += first * operand.type.strides[axis]
      target += place(first, axis) * type.strides[axis]
      steps.append(last > first ? (interior[axis] + 1) * type.strides[axis] : 0)
    }
    let counts = kept.map(\.count)
    return background.replacing(
      offsets(of: counts, strides: steps, from: target), with: operand,
      at: offsets(of: counts, strides: operand.type.strides, from: source))
  }

  /// The operands one after the other along `dimension`.
  private func concatenate(
    _ operands: [Literal], _ dimension: Int, _ type: TensorType
  ) -> Literal {
    var result = Literal(
      type, splat: [UInt8](repeating: 0, count: type.element.byteCount))
    var position = 0
    for operand in operands {
      let target = offsets(
        of: operand.type.shape, strides: type.strides, from: position * type.strides[dimension])
      result = result.replacing(target, with: operand, at: Array(target.indices))
      position += operand.type.shape[dimension]
    }
    return result
  }
}
