extension WindowOp {
  /// - C1: there are two operands.
  /// - C2: each list of the windows has an entry for each axis; extents, strides and dilations are
  ///   positive, and no extent leaves the range of integers.
  /// - C3: the initial value is a scalar of the operand's element type, which the function takes.
  /// - C4: extremes have the operand's element type, updates and places the windows' shape.
  /// - C5: places are of i32, which counts a window's.
  /// - C6: elements are not complex.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (operand, other) = (check.operands[0], check.operands[1])
    try check.require(6, !operand.element.isComplex) { "windows of \(operand)" }
    var shape = operand.shape
    if case .scatter(_, let target) = self { shape = target }
    try checkWindows(over: shape, check)
    let counts = windows.counts(over: shape)
    switch self {
    case .reduce(let kind, _):
      try check.require(3, other == TensorType([], operand.element)) {
        "initial value \(other) is not a scalar of the elements of \(operand)"
      }
      try check.require(3, kind.accepts(operand.element)) {
        "\(kind.rawValue) does not take \(operand)"
      }
      return TensorType(counts, operand.element)
    case .place:
      try check.require(4, other == TensorType(counts, operand.element)) {
        "extremes \(other) are not \(TensorType(counts, operand.element))"
      }
      try check.require(5, windows.count < Int(Int32.max)) { "windows have too many places" }
      return TensorType(counts, .i32)
    case .collect:
      try check.require(5, other == TensorType(counts, .i32)) {
        "places \(other) are not \(TensorType(counts, .i32))"
      }
      return TensorType(counts, operand.element)
    case .scatter:
      try check.require(4, operand.shape == counts) {
        "updates \(operand) are not of shape \(counts)"
      }
      try check.require(5, other == TensorType(counts, .i32)) {
        "places \(other) are not \(TensorType(counts, .i32))"
      }
      return TensorType(shape, operand.element)
    }
  }

  private func checkWindows(over shape: [Int], _ check: TypingCheck) throws {
    let rank = shape.count
    let lists = [
      ("window_dimensions", windows.extents), ("window_strides", windows.strides),
      ("base_dilations", windows.baseDilations), ("window_dilations", windows.dilations),
    ]
    for (name, list) in lists {
      try check.require(2, list.count == rank && list.allSatisfy { $0 > 0 }) {
        "\(name) \(list) must be a positive entry for each of \(rank) axes"
      }
    }
    let padding = windows.low + windows.high
    try check.require(2, windows.low.count == rank && windows.high.count == rank) {
      "padding does not fit \(rank) axes"
    }
    let isSmall = shape.indices.allSatisfy { axis in
      let inside = max(shape[axis] - 1, 0).multipliedCapped(by: windows.baseDilations[axis])
      let reach = (windows.extents[axis] - 1).multipliedCapped(by: windows.dilations[axis])
      return max(inside, reach) < Self.greatestExtent
    }
    try check.require(
      2, isSmall && padding.allSatisfy { (-Self.greatestExtent..<Self.greatestExtent).contains($0) }
    ) { "windows are too large" }
  }

  /// Paddings and dilated extents are below this, so that index arithmetic cannot overflow.
  private static let greatestExtent = 1 << 40
}

extension Reduction.Kind {
  /// Whether the function takes elements of a type.
  func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum: true
    case .and, .or: !element.isFloat
    }
  }
}
