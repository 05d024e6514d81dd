internal import LoopIR
internal import TensorIR

extension Convolution {
  /// The sum of products over taps and a group's input features; input beyond the ends is zero.
  ///
  /// Fold axes are the spatial axes of the kernel, then its input features.
  func comprehension(_ operands: [TensorType], _ type: TensorType) -> Comprehension {
    let (left, right) = (operands[0], operands[1])
    let taps = right.shape.selecting(kernel.spatial)
    let depth = right.shape[kernel.input]
    func variable(_ position: Int) -> IndexExpression { IndexExpression(VariableID(position)) }
    let column = variable(output.feature)
    let feature = variable(type.rank + taps.count)
    let group = { (groups: Int) in
      column.divided(by: max(right.shape[kernel.output] / groups, 1))
    }
    var leftIndex = [IndexExpression](repeating: IndexExpression(0), count: left.rank)
    var rightIndex = leftIndex
    leftIndex[input.batch] = variable(output.batch)
    leftIndex[input.feature] = feature
    if featureGroups > 1 { leftIndex[input.feature] += group(featureGroups) * depth }
    if batchGroups > 1 {
      leftIndex[input.batch] += group(batchGroups) * type.shape[output.batch]
    }
    rightIndex[kernel.input] = feature
    rightIndex[kernel.output] = column
    var (inside, elements) = ([Bound](), [Bound]())
    for axis in taps.indices {
      let tap = variable(type.rank + axis)
      rightIndex[kernel.spatial[axis]] = tap
      let step = reversal[axis] ? tap * -1 + (taps[axis] - 1) : tap
      let extent = left.shape[input.spatial[axis]]
      let dilation = inputDilation[axis]
      let place =
        variable(output.spatial[axis]) * strides[axis] + step * kernelDilation[axis] + -low[axis]
      let source = place.divided(by: dilation)
      leftIndex[input.spatial[axis]] = source
      if !isInside(axis, left, right, type) {
        inside.append(Bound(source, lower: 0, upper: extent))
      }
      if dilation > 1 {
        elements.append(Bound(place.remainder(by: dilation), lower: 0, upper: 1))
      }
    }
    let zero = Comprehension.Body.constant(
      Literal(TensorType([], left.element), filledWith: 0), [])
    var factor = Comprehension.Body.read(0, leftIndex)
    if !inside.isEmpty { factor = .guarded(inside, factor, otherwise: zero) }
    var product = Comprehension.Body.apply(
      .binary(.multiply), [factor, .read(1, rightIndex)])
    if !elements.isEmpty { product = .guarded(elements, product, otherwise: zero) }
    let fold = Comprehension.Fold(kind: .add, extents: taps + [depth], initialOperand: nil)
    return Comprehension(fold: fold, product)
  }

  /// Whether all windows stay inside the input along a spatial axis.
  func isInside(
    _ axis: Int, _ left: TensorType, _ right: TensorType, _ type: TensorType
  ) -> Bool {
    let last =
      (type.shape[output.spatial[axis]] - 1) * strides[axis]
      + (right.shape[kernel.spatial[axis]] - 1) * kernelDilation[axis] - low[axis]
    return low[axis] <= 0
      && last < Self.dilated(left.shape[input.spatial[axis]], inputDilation[axis])
  }
}
