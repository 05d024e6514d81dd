import TensorIR

/// An integer value of a scan's body as `scale · index + offset`.
struct AffineIndex: Equatable {
  var scale: Int64
  var offset: Int64

  /// The least and the greatest value for indices below a length.
  func range(length: Int) -> ClosedRange<Int64>? {
    let (distance, overflows) = scale.multipliedReportingOverflow(by: Int64(max(length - 1, 0)))
    let (last, wraps) = distance.addingReportingOverflow(offset)
    return overflows || wraps ? nil : min(offset, last)...max(offset, last)
  }
}

/// Finds integer values of a scan's body that are affine in its index.
struct AffineAnalysis {
  private let body: Region
  private let length: Int
  private let definitions: [Int?]

  /// How many definitions a proof looks through.
  private static let depth = 24

  /// An analysis of a scan's body.
  init(_ scan: Scan) {
    body = scan.body
    length = scan.length
    definitions = body.definitions()
  }

  /// The operation that defines a value of the body.
  func definition(of value: ValueID) -> Operation? {
    definitions[value.index].map { body.operations[$0] }
  }

  /// A scalar integer as a function of the index; nil where it is none, or might wrap around.
  func affine(_ value: ValueID, depth: Int = AffineAnalysis.depth) -> AffineIndex? {
    if value == body.parameters[0] { return AffineIndex(scale: 1, offset: 0) }
    guard depth > 0, body[value].isScalar, body[value].element.isInteger,
      let operation = definition(of: value)
    else { return nil }
    func operand(_ position: Int) -> AffineIndex? {
      affine(operation.operands[position], depth: depth - 1)
    }
    let found: AffineIndex?
    switch operation.op {
    case .constant(let literal): found = AffineIndex(scale: 0, offset: literal.integers[0])
    case .convert, .shape(.reshape), .shape(.broadcast):
      guard body[operation.operands[0]].isScalar, body[operation.operands[0]].element.isInteger
      else { return nil }
      found = operand(0)
    case .binary(let op):
      guard let left = operand(0), let right = operand(1) else { return nil }
      found = combine(op, left, right)
    case .select:
      guard let holds = holds(operation.operands[0], depth: depth - 1) else { return nil }
      found = operand(holds ? 1 : 2)
    case .clamp:
      guard let value = operand(1), let range = value.range(length: length),
        let low = operand(0), let high = operand(2), low.scale == 0, high.scale == 0,
        low.offset <= range.lowerBound, range.upperBound <= high.offset
      else { return nil }
      found = value
    case .iota, .unary, .compare, .bits, .complex, .fft, .shape, .reduce, .dot, .convolution,
      .gather, .scatter, .window,
      .dynamicSlice,
      .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch,
      .scan,
      .custom, .call:
      return nil
    }
    guard let found, let range = found.range(length: length),
      isHeld(range, by: body[value].element)
    else { return nil }
    return found
  }

  /// Whether every number of a range is one of the type's.
  private func isHeld(_ range: ClosedRange<Int64>, by element: ElementType) -> Bool {
    guard element.width < 64 || element.kind == .signed else { return range.lowerBound >= 0 }
    let ends = Literal(
      TensorType([2], element), integers: [range.lowerBound, range.upperBound]
    ).integers
    return ends == [range.lowerBound, range.upperBound]
  }

  /// The sum, difference or product of two values.
  private func combine(_ op: BinaryOp, _ left: AffineIndex, _ right: AffineIndex) -> AffineIndex? {
    func combined(
      _ operation: (Int64, Int64) -> (partialValue: Int64, overflow: Bool),
      _ scales: (Int64, Int64), _ offsets: (Int64, Int64)
    ) -> AffineIndex? {
      let (scale, offset) = (operation(scales.0, scales.1), operation(offsets.0, offsets.1))
      guard !scale.overflow, !offset.overflow else { return nil }
      return AffineIndex(scale: scale.partialValue, offset: offset.partialValue)
    }
    if op == .add {
      return combined(
        { $0.addingReportingOverflow($1) }, (left.scale, right.scale),
        (left.offset, right.offset))
    }
    if op == .subtract {
      return combined(
        { $0.subtractingReportingOverflow($1) }, (left.scale, right.scale),
        (left.offset, right.offset))
    }
    guard op == .multiply, left.scale == 0 || right.scale == 0 else { return nil }
    let (factor, other) = left.scale == 0 ? (left.offset, right) : (right.offset, left)
    return combined(
      { $0.multipliedReportingOverflow(by: $1) }, (other.scale, factor), (other.offset, factor))
  }

  /// Whether a comparison holds for all indices, or for none; nil where that is not known.
  private func holds(_ value: ValueID, depth: Int) -> Bool? {
    guard depth > 0, let operation = definition(of: value),
      case .compare(let comparison) = operation.op,
      let left = affine(operation.operands[0], depth: depth)?.range(length: length),
      let right = affine(operation.operands[1], depth: depth)?.range(length: length)
    else { return nil }
    switch comparison.direction {
    case .less:
      return decided(left.upperBound < right.lowerBound, left.lowerBound >= right.upperBound)
    case .lessOrEqual:
      return decided(left.upperBound <= right.lowerBound, left.lowerBound > right.upperBound)
    case .greater:
      return decided(left.lowerBound > right.upperBound, left.upperBound <= right.lowerBound)
    case .greaterOrEqual:
      return decided(left.lowerBound >= right.upperBound, left.upperBound < right.lowerBound)
    case .equal: return left.overlaps(right) ? nil : false
    case .notEqual: return left.overlaps(right) ? nil : true
    }
  }

  private func decided(_ always: Bool, _ never: Bool) -> Bool? {
    always ? true : never ? false : nil
  }
}
