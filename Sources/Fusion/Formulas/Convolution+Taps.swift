internal import LoopIR
internal import TensorIR

extension Convolution {
  /// Whether elements are sums of so few products, each with an input of its own, that these are best
  /// written out: filters of images, stencils, and depthwise convolutions.
  func isStencil(_ left: TensorType, _ right: TensorType, _ type: TensorType) -> Bool {
    guard left.element == type.element, left.element.isFloat, !left.element.isNarrow,
      batchGroups == 1, type.count > 0, right.count > 0
    else { return false }
    let taps = right.shape.selecting(kernel.spatial).reduce(1, *)
    let depth = right.shape[kernel.input]
    let outputs = right.shape[kernel.output]
    return outputs == featureGroups && (depth == 1 || featureGroups == 1) && taps * depth > 1
      && taps * depth <= CostModel.Storing.writtenOutTerms
  }
}

extension FunctionBuilder {
  /// Emits the sum over taps and input features of a part of the input times an element of the kernel.
  ///
  ///     y = ∑ₖ slice(pad(x), k) · w[k]
  ///
  /// Elements away from the ends are then computed without asking where the input ends.
  ///
  /// - Parameter input: the input with its padding; it is not dilated.
  mutating func emitTaps(
    _ convolution: Convolution, _ input: ValueID, _ kernel: ValueID, _ type: TensorType
  ) throws -> ValueID {
    let taps = self[kernel].shape.selecting(convolution.kernel.spatial)
    let depth = self[kernel].shape[convolution.kernel.input]
    var sum = try splat(0, type)
    for number in 0..<(taps.reduce(1, *) * depth) {
      var (rest, tap) = (number / depth, taps)
      for axis in taps.indices.reversed() {
        (rest, tap[axis]) = rest.quotientAndRemainder(dividingBy: taps[axis])
      }
      let part = try emitPart(
        convolution, of: input, met: tap, feature: depth == 1 ? nil : number % depth, type)
      let weight = try emitWeight(convolution, of: kernel, tap, feature: number % depth, type)
      sum = try add(sum, multiply(part, weight))
    }
    return sum
  }

  /// The input elements that a tap meets, one for each of the result; those of one feature or of all.
  private mutating func emitPart(
    _ convolution: Convolution, of input: ValueID, met tap: [Int], feature: Int?,
    _ type: TensorType
  ) throws -> ValueID {
    let shape = self[input].shape
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    var strides = shape.map { _ in 1 }
    if let feature {
      starts[convolution.input.feature] = feature
      limits[convolution.input.feature] = feature + 1
    }
    for (number, axis) in convolution.input.spatial.enumerated() {
      let count = type.shape[convolution.output.spatial[number]]
      strides[axis] = convolution.strides[number]
      starts[axis] = tap[number] * convolution.kernelDilation[number] - convolution.low[number]
      limits[axis] = starts[axis] + (count - 1) * strides[axis] + 1
    }
    let part = try emit(
      .shape(.slice(starts: starts, limits: limits, strides: strides)), [input])
    var order = shape.map { _ in 0 }
    for (to, from) in zip(convolution.output.axes, convolution.input.axes) { order[to] = from }
    return order == Array(order.indices)
      ? part : try transpose(part, permutation: order)
  }

  /// What a tap multiplies with, repeated over the result: a number for each output feature.
  private mutating func emitWeight(
    _ convolution: Convolution, of kernel: ValueID, _ tap: [Int], feature: Int, _ type: TensorType
  ) throws -> ValueID {
    let shape = self[kernel].shape
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    for (number, axis) in convolution.kernel.spatial.enumerated() {
      let place = convolution.reversal[number] ? shape[axis] - 1 - tap[number] : tap[number]
      (starts[axis], limits[axis]) = (place, place + 1)
    }
    (starts[convolution.kernel.input], limits[convolution.kernel.input]) = (feature, feature + 1)
    let part = try emit(
      .shape(.slice(starts: starts, limits: limits, strides: shape.map { _ in 1 })), [kernel])
    let outputs = shape[convolution.kernel.output]
    let numbers = try reshape(part, to: outputs == 1 ? [] : [outputs])
    return try broadcast(
      numbers, to: type.shape, dimensions: outputs == 1 ? [] : [convolution.output.feature])
  }
}
