import TensorIR

extension Convolution {
  /// The sums over taps and features, with operands brought to channels-last order; sums of floats are
  /// accumulated in double precision and rounded once.
  func evaluated(_ input: Literal, _ kernel: Literal, _ type: TensorType) -> Literal {
    let left = input.permuted([self.input.batch] + self.input.spatial + [self.input.feature])
    let right = kernel.permuted(self.kernel.spatial + [self.kernel.input, self.kernel.output])
    let order = [output.batch] + output.spatial + [output.feature]
    let ordered = TensorType(type.shape.selecting(order), type.element)
    let walk = WindowWalk(self, left.type.shape, right.type.shape, ordered.shape)
    let result: Literal
    switch (left.exactElements, right.exactElements) {
    case (.doubles(let left), .doubles(let right)):
      result = Literal(ordered, rounding: walk.sums(left, right, 0) { $0 + $1 * $2 })
    case (.integers(let left), .integers(let right)):
      result = Literal(ordered, wrapping: walk.sums(left, right, 0) { $0 &+ $1 &* $2 })
    case (.complexes(let left), .complexes(let right)):
      result = Literal(ordered, rounding: walk.sums(left, right, .zero) { $0 + $1 * $2 })
    case (.doubles, _), (.integers, _), (.complexes, _):
      preconditionFailure("operands have one element type")
    }
    var back = order
    for (position, axis) in order.enumerated() { back[axis] = position }
    return result.permuted(back)
  }
}

/// Which elements of channels-last operands meet in a convolution.
private struct WindowWalk {
  /// A tap of the window of one result, and the pixel it meets; nil is a zero beyond the input's ends.
  private struct Meeting {
    var pixel: Int?
    var tap: Int
  }

  let convolution: Convolution
  let input: [Int]
  let kernel: [Int]
  let output: [Int]

  init(_ convolution: Convolution, _ input: [Int], _ kernel: [Int], _ output: [Int]) {
    self.convolution = convolution
    self.input = input
    self.kernel = kernel
    self.output = output
  }

  private var spatial: Range<Int> { 0..<convolution.spatialRank }

  /// The sums of products in row-major order of the result.
  func sums<Number>(
    _ left: [Number], _ right: [Number], _ zero: Number,
    _ adding: (Number, Number, Number) -> Number
  ) -> [Number] {
    let (features, depth, outputs) = (input.last ?? 0, kernel[kernel.count - 2], kernel.last ?? 0)
    let pixels = spatial.map { input[$0 + 1] }.reduce(1, *)
    let (batch, group) = (output[0], outputs / max(groups, 1))
    let places = spatial.map { output[$0 + 1] }
    var results = [Number]()
    results.reserveCapacity(output.reduce(1, *))
    for example in 0..<batch {
      forEachIndex(places) { place in
        let meetings = self.meetings(at: place)
        for column in 0..<outputs {
          let number = column / group
          let row = convolution.batchGroups > 1 ? number * batch + example : example
          let first = convolution.featureGroups > 1 ? number * depth : 0
          var sum = zero
          for meeting in meetings {
            let start = meeting.pixel.map { (row * pixels + $0) * features + first }
            for feature in 0..<depth {
              let element = start.map { left[$0 + feature] } ?? zero
              sum = adding(sum, element, right[(meeting.tap * depth + feature) * outputs + column])
            }
          }
          results.append(sum)
        }
      }
    }
    return results
  }

  private var groups: Int { convolution.featureGroups * convolution.batchGroups }

  /// The taps that take part in the result at a place.
  private func meetings(at place: [Int]) -> [Meeting] {
    var all = [Meeting]()
    var tap = 0
    forEachIndex(spatial.map { kernel[$0] }) { window in
      var pixel: Int? = 0
      var isElement = true
      for axis in spatial {
        let step = convolution.reversal[axis] ? kernel[axis] - 1 - window[axis] : window[axis]
        let position =
          place[axis] * convolution.strides[axis] + step * convolution.kernelDilation[axis]
          - convolution.low[axis]
        let dilation = convolution.inputDilation[axis]
        isElement = isElement && position % dilation == 0
        let (element, extent) = (position / dilation, input[axis + 1])
        let isInside = position >= 0 && element < extent
        pixel = isInside ? pixel.map { $0 * extent + element } : nil
      }
      if isElement { all.append(Meeting(pixel: pixel, tap: tap)) }
      tap += 1
    }
    return all
  }

  /// Visits all indices of a shape in row-major order.
  private func forEachIndex(_ shape: [Int], _ body: ([Int]) -> Void) {
    guard !shape.contains(0) else { return }
    var index = shape.map { _ in 0 }
    while true {
      body(index)
      var axis = shape.count - 1
      while axis >= 0, index[axis] == shape[axis] - 1 {
        index[axis] = 0
        axis -= 1
      }
      guard axis >= 0 else { return }
      index[axis] += 1
    }
  }
}
