extension Convolution {
  /// - C1: there are two operands of one rank, at least 2.
  /// - C2: the dimension numbers of input, kernel and result each name every axis once.
  /// - C3: each list of the window has an entry for each spatial axis; strides and dilations are
  ///   positive, and no extent leaves the range of integers.
  /// - C4: group counts are positive, and at most one of them is more than one.
  /// - C5: the batch is a multiple of the batch groups; input features are the kernel's times the
  ///   feature groups; output features are a multiple of both counts.
  /// - C6: element types agree and are numbers; the result's is of their kind and no shorter.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (left, right) = (check.operands[0], check.operands[1])
    let rank = left.rank
    try check.require(1, rank >= 2 && right.rank == rank) {
      "operands must have one rank of at least 2: \(left) and \(right)"
    }
    for (axes, what) in [(input.axes, "input"), (kernel.axes, "kernel"), (output.axes, "result")] {
      try check.areAxes(2, axes, rank: rank, "\(what) axes")
      try check.require(2, axes.count == rank) {
        "\(axes.count) \(what) axes are named, not \(rank)"
      }
    }
    try checkWindow(check)
    try checkGroups(left, right, check)
    try check.require(6, left.element == right.element && left.element != .i1) {
      "element types must be equal numbers: \(left) and \(right)"
    }
    let element = resultElement ?? left.element
    try check.require(6, element.kind == left.element.kind && element.width >= left.element.width) {
      "elements of \(left) do not add up to \(element.rawValue)"
    }
    var shape = [Int](repeating: 0, count: rank)
    shape[output.batch] = left.shape[input.batch] / batchGroups
    shape[output.feature] = right.shape[kernel.output]
    for axis in input.spatial.indices {
      shape[output.spatial[axis]] = try resultExtent(
        left.shape[input.spatial[axis]], right.shape[kernel.spatial[axis]], axis, check)
    }
    return TensorType(shape, element)
  }

  private func checkWindow(_ check: TypingCheck) throws {
    let lists = [strides, low, high, inputDilation, kernelDilation, reversal.map { _ in 0 }]
    let names = [
      "stride", "padding", "padding", "input dilation", "kernel dilation", "window reversal",
    ]
    for (list, name) in zip(lists, names) {
      try check.require(3, list.count == spatialRank) {
        "\(name) has \(list.count) entries for \(spatialRank) spatial axes"
      }
    }
    for (list, name) in [
      (strides, "strides"), (inputDilation, "input dilation"), (kernelDilation, "kernel dilation"),
    ] {
      try check.require(3, list.allSatisfy { $0 > 0 }) { "\(name) \(list) must be positive" }
    }
  }

  private func checkGroups(
    _ left: TensorType, _ right: TensorType, _ check: TypingCheck
  ) throws {
    let (features, batch) = (featureGroups, batchGroups)
    try check.require(4, features > 0 && batch > 0 && (features == 1 || batch == 1)) {
      "group counts \(features) of features and \(batch) of the batch must be positive, one of them 1"
    }
    try check.require(5, left.shape[input.batch].isMultiple(of: batch)) {
      "the batch of \(left) is no multiple of \(batch) groups"
    }
    let inputs = right.shape[kernel.input].multipliedReportingOverflow(by: features)
    try check.require(5, !inputs.overflow && left.shape[input.feature] == inputs.partialValue) {
      "input features of \(left) are not those of \(right) times \(features) groups"
    }
    let outputs = right.shape[kernel.output]
    try check.require(5, outputs.isMultiple(of: features) && outputs.isMultiple(of: batch)) {
      "output features of \(right) are no multiple of \(max(features, batch)) groups"
    }
  }

  /// How many windows fit along a spatial axis.
  private func resultExtent(
    _ elements: Int, _ taps: Int, _ axis: Int, _ check: TypingCheck
  ) throws -> Int {
    func span(_ count: Int, _ dilation: Int) -> Int? {
      if count == 0 { return 0 }
      let wide = (count - 1).multipliedReportingOverflow(by: dilation)
      return wide.overflow || wide.partialValue > Self.greatestExtent ? nil : wide.partialValue + 1
    }
    let isSmall = [low[axis], high[axis]].allSatisfy { abs($0.clamped) < Self.greatestExtent }
    guard isSmall, let inside = span(elements, inputDilation[axis]),
      let window = span(taps, kernelDilation[axis])
    else {
      try check.require(3, false) { "the window along spatial axis \(axis) is too large" }
      return 0
    }
    let padded = inside + low[axis] + high[axis]
    return padded <= 0 || window > padded ? 0 : (padded - window) / strides[axis] + 1
  }

  /// Paddings and dilated extents are below this, so that index arithmetic cannot overflow.
  private static let greatestExtent = 1 << 40
}

extension Int {
  /// The number, or the least whose magnitude can be taken.
  fileprivate var clamped: Int { self == .min ? .min + 1 : self }
}
