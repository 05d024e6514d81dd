internal import LoopIR
internal import TensorIR

extension WindowOp {
  /// The op as a fold over the places of a window, or over the windows that hold an element.
  func comprehension(_ operands: [TensorType], _ type: TensorType) -> Comprehension {
    switch self {
    case .reduce(let kind, let windows):
      let walk = WindowWalk(windows, over: operands[0].shape, windows: type.shape)
      let element = walk.guarded(walk.element, otherwise: .read(1, []))
      guard !walk.extents.isEmpty else {
        return Comprehension(.apply(.binary(kind.binary), [.read(1, []), element]))
      }
      return Comprehension(
        fold: .init(kind: kind, extents: walk.extents, initialOperand: 1), element)
    case .place(let isLast, let windows):
      let walk = WindowWalk(windows, over: operands[0].shape, windows: type.shape)
      let best = Comprehension.Body.read(1, walk.axes)
      var isBest = Comprehension.Body.apply(.compare(.equal), [walk.element, best])
      if operands[0].element.isFloat {
        let isNaN = Comprehension.Body.apply(.compare(.notEqual), [walk.element, walk.element])
        isBest = .apply(.binary(.or), [isBest, isNaN])
      }
      let none = Comprehension.Body.index(
        IndexExpression(Self.noPlace(isLast: isLast)), .i32)
      let place = Comprehension.Body.apply(
        .select, [isBest, .index(walk.place, .i32), none])
      return walk.folded(
        isLast ? .maximum : .minimum, walk.guarded(place, otherwise: none))
    case .collect(let windows):
      let walk = WindowWalk(windows, over: operands[0].shape, windows: type.shape)
      let zero = Comprehension.Body.zero(type.element)
      let isHere = Comprehension.Body.apply(
        .compare(.equal), [.read(1, walk.axes), .index(walk.place, .i32)])
      let chosen = Comprehension.Body.apply(.select, [isHere, walk.element, zero])
      return walk.folded(.add, walk.guarded(chosen, otherwise: zero))
    case .scatter(let windows, _):
      return windows.scattered(operands[0], type)
    }
  }
}

extension Comprehension.Body {
  /// The number zero.
  fileprivate static func zero(_ element: ElementType) -> Comprehension.Body {
    .constant(Literal(TensorType([], element), filledWith: 0), [])
  }
}

/// The places of the window of each result as index expressions; those of more than one along an axis
/// are folded over.
private struct WindowWalk {
  /// The axes of windows.
  let axes: [IndexExpression]
  /// The extents that are folded over.
  private(set) var extents: [Int] = []
  /// The place in row-major order.
  private(set) var place = IndexExpression(0)
  /// The element there.
  private(set) var index: [IndexExpression] = []
  private var bounds: [Bound] = []

  init(_ windows: Windows, over shape: [Int], windows counts: [Int]) {
    axes = counts.indices.map { IndexExpression(VariableID($0)) }
    let strides = windows.extents.rowMajorStrides
    for axis in shape.indices {
      var offset = IndexExpression(0)
      if windows.extents[axis] > 1 {
        offset = IndexExpression(VariableID(shape.count + extents.count))
        extents.append(windows.extents[axis])
      }
      place += offset * strides[axis]
      let position =
        axes[axis] * windows.strides[axis] + offset * windows.dilations[axis] + -windows.low[axis]
      let dilation = windows.baseDilations[axis]
      let element = position.divided(by: dilation)
      index.append(element)
      let last =
        (counts[axis] - 1) * windows.strides[axis]
        + (windows.extents[axis] - 1) * windows.dilations[axis] - windows.low[axis]
      let isInside =
        windows.low[axis] <= 0 && last < Convolution.dilated(shape[axis], dilation)
      if !isInside { bounds.append(Bound(element, lower: 0, upper: shape[axis])) }
      if dilation > 1 {
        bounds.append(Bound(position.remainder(by: dilation), lower: 0, upper: 1))
      }
    }
  }

  /// The operand's element at the place.
  var element: Comprehension.Body { .read(0, index) }

  /// A body where the place is an element, else another one.
  func guarded(
    _ body: Comprehension.Body, otherwise: Comprehension.Body
  ) -> Comprehension.Body {
    bounds.isEmpty ? body : .guarded(bounds, body, otherwise: otherwise)
  }

  /// A body combined over all places.
  func folded(_ kind: Reduction.Kind, _ body: Comprehension.Body) -> Comprehension {
    extents.isEmpty
      ? Comprehension(body)
      : Comprehension(fold: .init(kind: kind, extents: extents, initialOperand: nil), body)
  }
}

extension Windows {
  /// The updates of the windows that hold an element at their place, added up.
  ///
  /// Where places of a window are neighbours, only as many windows hold an element as strides fit into
  /// one, and these are folded over; else all places are, for each of which one window at most has it.
  fileprivate func scattered(_ updates: TensorType, _ type: TensorType) -> Comprehension {
    var (extents, bounds) = ([Int](), [Bound]())
    var (index, place) = ([IndexExpression](), IndexExpression(0))
    let placeStrides = self.extents.rowMajorStrides
    for axis in type.shape.indices {
      let position = IndexExpression(VariableID(axis)) * baseDilations[axis] + low[axis]
      func folded(_ extent: Int) -> IndexExpression {
        guard extent > 1 else { return IndexExpression(0) }
        extents.append(extent)
        return IndexExpression(VariableID(type.rank + extents.count - 1))
      }
      let stride = strides[axis]
      if dilations[axis] == 1 {
        let number = folded((self.extents[axis] + stride - 1) / stride)
        let window = position.divided(by: stride) + number * -1
        let offset = position.remainder(by: stride) + number * stride
        index.append(window)
        place += offset * placeStrides[axis]
        if !self.extents[axis].isMultiple(of: stride) {
          bounds.append(Bound(offset, lower: 0, upper: self.extents[axis]))
        }
      } else {
        let offset = folded(self.extents[axis])
        let start = position + offset * -dilations[axis]
        index.append(start.divided(by: stride))
        place += offset * placeStrides[axis]
        if stride > 1 { bounds.append(Bound(start.remainder(by: stride), lower: 0, upper: 1)) }
      }
      bounds.append(Bound(index[axis], lower: 0, upper: updates.shape[axis]))
    }
    let zero = Comprehension.Body.zero(type.element)
    let isHere = Comprehension.Body.apply(
      .compare(.equal), [.read(1, index), .index(place, .i32)])
    let update = Comprehension.Body.guarded(
      bounds, .apply(.select, [isHere, .read(0, index), zero]), otherwise: zero)
    return extents.isEmpty
      ? Comprehension(update)
      : Comprehension(fold: .init(kind: .add, extents: extents, initialOperand: nil), update)
  }
}
