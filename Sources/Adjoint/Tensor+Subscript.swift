internal import TensorIR

extension Tensor {
  /// The part of the tensor chosen along its first axes; axes that are not named stay whole.
  ///
  ///     x[0]             // row 0, an axis less
  ///     x[-1]            // the last row
  ///     x[1..<3, .all]   // rows 1 and 2
  ///     x[.all, 2]       // column 2
  ///     x[.newAxis]      // an axis of extent one in front
  ///     x[stride(from: 0, to: 4, by: 2)]
  ///     x[[0, 2]]        // rows 0 and 2
  ///     x[ids]           // the rows whose numbers are in a tensor of integers
  ///     x[0, 1] = 5      // a copy with another element takes the tensor's place
  ///
  /// Tensors of integers, of which there may be several, are broadcast together, and the axes of
  /// their common shape stand in place of the first one. Numbers in them beyond an axis are moved to its
  /// nearest end when read, and have no effect when written to. Other indices beyond an axis make a
  /// failed tensor.
  public subscript(
    _ indices: any TensorIndex..., file file: String = #fileID, line line: Int = #line
  ) -> Tensor {
    get { part(indices, file, line) }
    set { self = replacing(indices, with: newValue, file, line) }
  }

  /// The part chosen along the last axes: `x[..., 0]`; other axes stay whole.
  public subscript(
    _: (UnboundedRange_) -> Void, _ indices: any TensorIndex..., file file: String = #fileID,
    line line: Int = #line
  ) -> Tensor {
    get { part(indices, fromEnd: true, file, line) }
    set { self = replacing(indices, fromEnd: true, with: newValue, file, line) }
  }

  /// The part chosen along the first axis: `x[1..<3, ...]`; other axes stay whole.
  public subscript(
    _ index: any TensorIndex, _: (UnboundedRange_) -> Void, file file: String = #fileID,
    line line: Int = #line
  ) -> Tensor {
    get { part([index], file, line) }
    set { self = replacing([index], with: newValue, file, line) }
  }

  /// The part chosen along the first two axes: `x[0, 1..<3, ...]`; other axes stay whole.
  public subscript(
    _ first: any TensorIndex, _ second: any TensorIndex, _: (UnboundedRange_) -> Void,
    file file: String = #fileID, line line: Int = #line
  ) -> Tensor {
    get { part([first, second], file, line) }
    set { self = replacing([first, second], with: newValue, file, line) }
  }

  /// The elements where a mask of the same first axes is true, in row-major order.
  ///
  /// How many there are depends on values, so reading a part works where values are known, not while
  /// `jit` traces: there choose with `select(_:_:_:)`. Assigning works everywhere.
  public subscript(
    _ mask: Tensor<Bool>, file file: String = #fileID, line line: Int = #line
  ) -> Tensor {
    get { located(file, line) { masked(by: mask) } }
    set {
      self = located(file, line) {
        let ones = Array(repeating: 1, count: Swift.max(0, rank - mask.rank))
        return select(mask.reshaped(to: mask.shape + ones), newValue, self).like(self)
      }
    }
  }

  /// The part chosen by indices of the first or the last axes.
  private func part(
    _ indices: [any TensorIndex], fromEnd: Bool = false, _ file: String, _ line: Int
  ) -> Tensor {
    located(file, line) { derived { try plannedPart(indices, fromEnd) } }
  }

  /// As `part`, without its place.
  private func plannedPart(_ indices: [any TensorIndex], _ fromEnd: Bool) throws -> TensorNode {
    let plan = try IndexPlan(indices.map(\.selection.kind), of: shape, fromEnd: fromEnd)
    return try plan.gathered(from: plan.region(of: node))
  }

  /// The tensor with another part.
  private func replacing(
    _ indices: [any TensorIndex], fromEnd: Bool = false, with part: Tensor, _ file: String,
    _ line: Int
  ) -> Tensor {
    located(file, line) {
      derived {
        if let failure = part.node.failure { throw failure }
        let plan = try IndexPlan(indices.map(\.selection.kind), of: shape, fromEnd: fromEnd)
        return try plan.replacing(node, with: part.node)
      }
    }
  }

  /// The elements where a mask with values is true.
  private func masked(by mask: Tensor<Bool>) -> Tensor {
    derived {
      guard mask.rank <= rank, mask.rank > 0, mask.shape == Array(shape.prefix(mask.rank)) else {
        throw AdjointError(
          .shape, "a mask of shape \(mask.shape) does not fit the first axes of shape \(shape)")
      }
      let places = try mask.scalars().enumerated().filter(\.element).map(\.offset)
      let rows = [mask.count] + shape.dropFirst(mask.rank)
      return reshaped(to: rows)[places].node
    }
  }

  /// The tensor, or a failed one where it does not have the shape of `other`.
  private func like(_ other: Tensor) -> Tensor {
    derived {
      guard other.node.failure != nil || shape == other.shape else {
        throw AdjointError(
          .shape, "what is assigned does not fit the shape \(other.shape) of the tensor")
      }
      return node
    }
  }
}

/// What the indices of a subscript mean for a tensor of a certain shape: a region with an axis for
/// each index, and places to look up in it.
private struct IndexPlan {
  /// The tensor's shape.
  let shape: [Int]
  /// The part of each axis of the tensor.
  var parts: [AxisPart]
  /// The extents of the region, with new axes and without those of single elements.
  var regionShape: [Int] = []
  /// The axes of the region looked up in, and the places.
  var lookups: [(axis: Int, places: TensorNode)] = []

  /// - Throws: `AdjointError` where there are too many indices or one is beyond its axis.
  init(_ kinds: [TensorSelection.Kind], of shape: [Int], fromEnd: Bool) throws {
    self.shape = shape
    parts = shape.map { AxisPart(start: 0, count: $0) }
    let taken = kinds.count { $0.takesAxis }
    guard taken <= shape.count else {
      throw AdjointError(.shape, "\(taken) indices are too many for shape \(shape)")
    }
    var axis = fromEnd ? shape.count - taken : 0
    regionShape = Array(shape.prefix(axis))
    for kind in kinds {
      guard kind.takesAxis else {
        regionShape.append(1)
        continue
      }
      guard let part = AxisPart(kind, extent: shape[axis]) else {
        throw AdjointError(
          .shape, "index \(kind.written) is outside axis \(axis) of shape \(shape)")
      }
      parts[axis] = part
      if case .places(let places) = kind {
        if let failure = places.failure { throw failure }
        lookups.append((regionShape.count, places))
      }
      if case .element = kind {} else { regionShape.append(part.count) }
      axis += 1
    }
    regionShape += shape[axis...]
  }

  /// The region of a tensor.
  func region(of node: TensorNode) -> TensorNode {
    var region = node
    if zip(parts, shape).contains(where: { $0.count != $1 }) {
      let op = ShapeOp.slice(
        starts: parts.map(\.start), limits: parts.map(\.limit), strides: parts.map(\.step))
      region = .apply(.shape(op), [node], at: .unknown)
    }
    let backwards = parts.indices.filter { parts[$0].isReversed }
    if !backwards.isEmpty {
      region = .apply(.shape(.reverse(dimensions: backwards)), [region], at: .unknown)
    }
    return region.reshape(to: regionShape, at: .unknown)
  }

  /// What is looked up in a region.
  func gathered(from region: TensorNode) throws -> TensorNode {
    guard let first = lookups.first else { return region }
    let (indices, common) = try startIndices()
    if let empty = lookups.first(where: { regionShape[$0.axis] == 0 }), !common.contains(0) {
      throw AdjointError(
        .shape, "there is nothing to choose from along an axis of shape \(shape): \(empty.axis)")
    }
    let axes = lookups.map(\.axis)
    var sizes = regionShape
    for axis in axes { sizes[axis] = Swift.min(1, regionShape[axis]) }
    let dimensions = GatherDimensions(
      offsetDims: windowAxes(first.axis, common.count), collapsedSliceDims: axes,
      startIndexMap: axes, indexVectorDim: common.count, sliceSizes: sizes)
    return .apply(.gather(dimensions), [region, indices], at: .unknown)
  }

  /// A tensor with another part, which broadcasts to the chosen shape.
  func replacing(_ node: TensorNode, with part: TensorNode) throws -> TensorNode {
    guard let first = lookups.first else {
      return replacingRegion(of: node, with: part.broadcast(to: regionShape, at: .unknown))
    }
    let (indices, common) = try startIndices()
    let axes = lookups.map(\.axis)
    var chosen = regionShape.removing(axes)
    chosen.insert(contentsOf: common, at: first.axis)
    let dimensions = ScatterDimensions(
      .set, updateWindowDims: windowAxes(first.axis, common.count), insertedWindowDims: axes,
      scatterDimsToOperandDims: axes, indexVectorDim: common.count)
    let updates = part.broadcast(to: chosen, at: .unknown)
    let region = TensorNode.apply(
      .scatter(dimensions), [region(of: node), indices, updates], at: .unknown)
    return replacingRegion(of: node, with: region)
  }

  /// A tensor with another region.
  private func replacingRegion(of node: TensorNode, with region: TensorNode) -> TensorNode {
    if region.failure != nil || parts.contains(where: { $0.count == 0 }) {
      return region.failure == nil ? node : region
    }
    var block = region.reshape(to: parts.map(\.count), at: .unknown)
    let backwards = parts.indices.filter { parts[$0].isReversed }
    if !backwards.isEmpty {
      block = .apply(.shape(.reverse(dimensions: backwards)), [block], at: .unknown)
    }
    guard block.type.shape != shape else { return block }
    let op = ShapeOp.pad(
      low: parts.map(\.start), high: zip(shape, parts).map { $0 - $1.limit },
      interior: parts.map { $0.step - 1 })
    let inside = TensorNode.scalar(true, isLiteral: true).broadcast(
      to: block.type.shape, at: .unknown)
    let isInside = TensorNode.apply(
      .shape(op), [inside, .scalar(false, isLiteral: true)], at: .unknown)
    let zero = TensorNode.zeros(TensorType([], block.type.element))
    let padded = TensorNode.apply(.shape(op), [block, zero], at: .unknown)
    return .apply(.select, [isInside, padded, node], at: .unknown)
  }

  /// The places as a gather reads them, and the common shape of them all.
  private func startIndices() throws -> (indices: TensorNode, common: [Int]) {
    let common = try Broadcasting.commonShape(
      lookups.map(\.places.type.shape), for: "subscript", at: .unknown)
    let columns = lookups.map { lookup in
      // A narrow type may not hold the extent.
      let isNarrow = lookup.places.type.element.byteCount < 4
      let places = isNarrow ? lookup.places.convert(to: .i64, at: .unknown) : lookup.places
      let extent = TensorNode.integer(regionShape[lookup.axis], places.type.element)
      let zero = TensorNode.integer(0, places.type.element)
      let isNegative = places.compare(.less, zero, at: .unknown)
      let operands = [isNegative, places.binary(.add, extent, at: .unknown), places]
      return TensorNode.broadcast(operands, for: "subscript", at: .unknown) {
        .apply(.select, $0, at: .unknown)
      }.broadcast(to: common, at: .unknown)
    }
    guard columns.count > 1 else { return (columns[0], common) }
    let slices = columns.map {
      $0.convert(to: .i64, at: .unknown).reshape(to: common + [1], at: .unknown)
    }
    let joined = TensorNode.apply(
      .shape(.concatenate(dimension: common.count)), slices, at: .unknown)
    return (joined, common)
  }

  /// Where the axes of the region that are not looked up in stand in the chosen shape.
  private func windowAxes(_ first: Int, _ commonRank: Int) -> [Int] {
    let count = regionShape.count - lookups.count
    return (0..<count).map { $0 < first ? $0 : $0 + commonRank }
  }
}

extension AxisPart {
  /// A run of elements.
  init(start: Int, count: Int) {
    self.start = start
    self.count = count
  }
}

extension TensorSelection.Kind {
  /// The index in words.
  fileprivate var written: String {
    switch self {
    case .element(let index): "\(index)"
    case .range(let start?, let limit?): "\(start)..<\(limit)"
    case .range(let start?, nil): "\(start)..."
    case .range(nil, let limit?): "..<\(limit)"
    case .range(nil, nil): ".all"
    case .closedRange(let first, let last): "\(first)...\(last)"
    case .stride(let start, let end, let step, let isClosed):
      "stride(from: \(start), \(isClosed ? "through" : "to"): \(end), by: \(step))"
    case .places: "a tensor"
    case .newAxis: ".newAxis"
    }
  }
}

extension TensorNode {
  /// A known integer of an integer element type.
  static func integer(_ value: Int, _ element: ElementType) -> TensorNode {
    capturing(element) {
      try TensorNode(Literal(TensorType([], element), integers: [Int64(value)]), isLiteral: true)
    }
  }
}
