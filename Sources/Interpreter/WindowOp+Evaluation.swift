import TensorIR

extension WindowOp {
  /// The op by its definition, window by window.
  func evaluated(_ first: Literal, _ second: Literal, _ type: TensorType) -> Literal {
    switch self {
    case .reduce(let kind, let windows): return windows.reduced(kind, first, second, type)
    case .place(let isLast, let windows): return windows.places(isLast, first, second, type)
    case .collect(let windows):
      return windows.moved(first, type, over: first.type.shape, second.integers, isAdding: false)
    case .scatter(let windows, let shape):
      return windows.moved(first, type, over: shape, second.integers, isAdding: true)
    }
  }
}

extension Windows {
  /// Visits the places of all windows over a shape, window after window: the window's number, the
  /// place's, and the element there, nil beyond the ends and between elements.
  private func forEachPlace(
    over shape: [Int], _ body: (_ window: Int, _ place: Int, _ element: Int?) -> Void
  ) {
    for (window, start) in counts(over: shape).allIndices.enumerated() {
      for (place, offset) in extents.allIndices.enumerated() {
        var element: Int? = 0
        for axis in shape.indices {
          let position = start[axis] * strides[axis] + offset[axis] * dilations[axis] - low[axis]
          let dilation = baseDilations[axis]
          let isElement =
            position >= 0 && position.isMultiple(of: dilation) && position / dilation < shape[axis]
          element = isElement ? element.map { $0 * shape[axis] + position / dilation } : nil
        }
        body(window, place, element)
      }
    }
  }

  /// Sums of floats are accumulated in double precision and rounded once, as those of `reduce` are.
  fileprivate func reduced(
    _ kind: Reduction.Kind, _ operand: Literal, _ initial: Literal, _ type: TensorType
  ) -> Literal {
    switch (operand.exactElements, initial.exactElements) {
    case (.doubles(let values), .doubles(let first)):
      let roundsSteps = kind != .add && type.element != .f64
      var totals = [Double](repeating: first[0], count: type.count)
      forEachPlace(over: operand.type.shape) { window, _, element in
        let next = kind.binary.applied(totals[window], element.map { values[$0] } ?? first[0])
        totals[window] = roundsSteps ? type.element.registerType.rounded(next) : next
      }
      return Literal(type, rounding: totals)
    case (.integers(let values), .integers(let first)):
      var totals = [Int64](repeating: first[0], count: type.count)
      forEachPlace(over: operand.type.shape) { window, _, element in
        let value = element.map { values[$0] } ?? first[0]
        totals[window] = type.element.wrapped(
          kind.binary.applied(totals[window], value, type.element))
      }
      return Literal(type, wrapping: totals)
    case (.doubles, _), (.integers, _), (.complexes, _):
      preconditionFailure("operand and initial value have one element type")
    }
  }

  fileprivate func places(
    _ isLast: Bool, _ operand: Literal, _ extremes: Literal, _ type: TensorType
  ) -> Literal {
    let none = Int64(WindowOp.noPlace(isLast: isLast))
    var places = [Int64](repeating: none, count: type.count)
    func note(_ window: Int, _ place: Int) {
      if isLast || places[window] == none { places[window] = Int64(place) }
    }
    switch (operand.exactElements, extremes.exactElements) {
    case (.doubles(let values), .doubles(let best)):
      forEachPlace(over: operand.type.shape) { window, place, element in
        guard let element, values[element] == best[window] || values[element].isNaN else { return }
        note(window, place)
      }
    case (.integers(let values), .integers(let best)):
      forEachPlace(over: operand.type.shape) { window, place, element in
        guard let element, values[element] == best[window] else { return }
        note(window, place)
      }
    case (.doubles, _), (.integers, _), (.complexes, _):
      preconditionFailure("operand and extremes have one element type")
    }
    return Literal(type, wrapping: places)
  }

  /// The element at the place of each window, or zeros with each window's element added at its place.
  fileprivate func moved(
    _ source: Literal, _ type: TensorType, over shape: [Int], _ places: [Int64], isAdding: Bool
  ) -> Literal {
    func forEachMeeting(_ body: (_ window: Int, _ element: Int) -> Void) {
      forEachPlace(over: shape) { window, place, element in
        if let element, places[window] == Int64(place) { body(window, element) }
      }
    }
    switch source.exactElements {
    case .doubles(let values):
      var results = [Double](repeating: 0, count: type.count)
      forEachMeeting { window, element in
        if isAdding {
          results[element] += values[window]
        } else {
          results[window] = values[element]
        }
      }
      return Literal(type, rounding: results)
    case .integers(let values):
      var results = [Int64](repeating: 0, count: type.count)
      forEachMeeting { window, element in
        if isAdding {
          results[element] &+= values[window]
        } else {
          results[window] = values[element]
        }
      }
      return Literal(type, wrapping: results)
    case .complexes: preconditionFailure("windows have no complex elements")
    }
  }
}

extension [Int] {
  /// All indices of a shape in row-major order.
  fileprivate var allIndices: [[Int]] {
    reduce([[]]) { indices, extent in
      indices.flatMap { index in (0..<extent).map { index + [$0] } }
    }
  }
}
