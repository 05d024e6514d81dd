// Integers that follow from constants while text is read: the shape operands of dynamic operations.

/// A tensor of integers or booleans that is known.
private struct KnownIntegers {
  /// Its type.
  let type: TensorType
  /// Its elements in row-major order.
  let values: [Int64]

  /// The elements as another type's, wrapped to its width.
  init(_ type: TensorType, _ values: [Int64]) {
    self.type = type
    self.values = values.map { type.element == .i1 ? ($0 == 0 ? 0 : 1) : type.element.wrapped($0) }
  }
}

/// Evaluates integer arithmetic on constants, in a function or region and what is around it.
private struct ConstantReader {
  /// The longest tensors that are looked at.
  static let maximumCount = 4096
  /// The longest chain of operations that is followed.
  static let maximumDepth = 200

  /// What has been found in each body, by depth of regions and value; nil where it is not known.
  private var found: [Place: KnownIntegers?] = [:]

  /// A value of a body.
  private struct Place: Hashable {
    let depth: Int
    let value: ValueID
  }

  /// The elements of a value; nil where they do not follow from constants.
  mutating func read(_ value: ValueID, in body: BodyParser, depth: Int = 0) -> KnownIntegers? {
    let place = Place(depth: body.depth, value: value)
    if let known = found[place] { return known }
    let type = body.builder[value]
    guard depth < Self.maximumDepth, type.count <= Self.maximumCount,
      type.element.isInteger || type.element == .i1
    else { return nil }
    let result: KnownIntegers?
    if let operation = body.builder.definition(of: value) {
      result = evaluate(operation, type, in: body, depth: depth + 1)
    } else if let capture = body.captures.first(where: { $0.parameter == value }) {
      result = body.outer?.read(capture.name, capture.index) { outer, value in
        self.read(value, in: outer, depth: depth + 1)
      }
    } else {
      result = nil
    }
    found[place] = .some(result)
    return result
  }

  /// The result of an operation whose operands are known.
  private mutating func evaluate(
    _ operation: Operation, _ type: TensorType, in body: BodyParser, depth: Int
  ) -> KnownIntegers? {
    if case .constant(let literal) = operation.op { return KnownIntegers(type, literal.integers) }
    if case .iota(_, let axis) = operation.op {
      return KnownIntegers(type, type.indices.map { Int64($0[axis]) })
    }
    var operands: [KnownIntegers] = []
    for operand in operation.operands {
      guard let known = read(operand, in: body, depth: depth) else { return nil }
      operands.append(known)
    }
    guard let first = operands.first else { return nil }
    switch operation.op {
    case .convert: return KnownIntegers(type, first.values)
    case .unary(let op): return unary(op, first)
    case .binary(let op): return binary(op, first, operands[1])
    case .compare(let comparison): return compare(comparison.direction, first, operands[1], type)
    case .select:
      let isScalar = first.type.isScalar
      return KnownIntegers(
        type,
        operands[1].values.indices.map {
          first.values[isScalar ? 0 : $0] != 0 ? operands[1].values[$0] : operands[2].values[$0]
        })
    case .shape(let op): return shape(op, operands, type)
    case .reduce(let reduction): return reduce(reduction, first, operands[1], type)
    default: return nil
    }
  }

  /// A function of one operand.
  private func unary(_ op: UnaryOp, _ operand: KnownIntegers) -> KnownIntegers? {
    let type = operand.type
    switch op {
    case .negate: return KnownIntegers(type, operand.values.map { 0 &- $0 })
    case .abs: return KnownIntegers(type, operand.values.map { $0 < 0 ? 0 &- $0 : $0 })
    case .not:
      return KnownIntegers(type, operand.values.map { type.element == .i1 ? 1 - $0 : ~$0 })
    default: return nil
    }
  }

  /// A function of two operands.
  private func binary(
    _ op: BinaryOp, _ left: KnownIntegers, _ right: KnownIntegers
  ) -> KnownIntegers? {
    var values: [Int64] = []
    for (x, y) in zip(left.values, right.values) {
      guard let value = Self.apply(op, x, y, left.type.element) else { return nil }
      values.append(value)
    }
    return KnownIntegers(left.type, values)
  }

  /// A function of two integers; nil where it is not one of simple arithmetic.
  private static func apply(
    _ op: BinaryOp, _ x: Int64, _ y: Int64, _ element: ElementType
  ) -> Int64? {
    if element == .i1 {
      switch op {
      case .add, .or, .maximum: return x | y
      case .multiply, .and, .minimum: return x & y
      case .xor: return x ^ y
      default: return nil
      }
    }
    switch op {
    case .add: return x &+ y
    case .subtract: return x &- y
    case .multiply: return x &* y
    case .and: return x & y
    case .or: return x | y
    case .xor: return x ^ y
    default: break
    }
    // Integers of 64 bits without sign are held as those of the same bits.
    guard element != .u64 || x >= 0 && y >= 0 else { return nil }
    switch op {
    case .maximum: return max(x, y)
    case .minimum: return min(x, y)
    case .divide: return y == 0 || x == .min ? nil : x / y
    case .remainder: return y == 0 || x == .min ? nil : x % y
    default: return nil
    }
  }

  /// A comparison element by element.
  private func compare(
    _ direction: Comparison.Direction, _ left: KnownIntegers, _ right: KnownIntegers,
    _ type: TensorType
  ) -> KnownIntegers? {
    let pairs = zip(left.values, right.values)
    if left.type.element == .u64, pairs.contains(where: { $0 < 0 || $1 < 0 }) { return nil }
    return KnownIntegers(
      type,
      pairs.map { x, y in
        let holds =
          switch direction {
          case .equal: x == y
          case .notEqual: x != y
          case .greaterOrEqual: x >= y
          case .greater: x > y
          case .lessOrEqual: x <= y
          case .less: x < y
          }
        return holds ? 1 : 0
      })
  }

  /// Elements moved or repeated.
  private func shape(
    _ op: ShapeOp, _ operands: [KnownIntegers], _ type: TensorType
  ) -> KnownIntegers? {
    let first = operands[0]
    func taken(_ place: ([Int]) -> [Int]) -> KnownIntegers {
      KnownIntegers(type, type.indices.map { first.values[first.type.offset(of: place($0))] })
    }
    switch op {
    case .reshape: return KnownIntegers(type, first.values)
    case .broadcast(_, let dimensions):
      return taken { index in
        zip(dimensions, first.type.shape).map { $1 == 1 ? 0 : index[$0] }
      }
    case .slice(let starts, _, let strides):
      return taken { index in index.indices.map { starts[$0] + index[$0] * strides[$0] } }
    case .transpose(let permutation):
      return taken { index in
        var place = index
        for (axis, source) in permutation.enumerated() { place[source] = index[axis] }
        return place
      }
    case .reverse(let dimensions):
      return taken { index in
        index.indices.map { dimensions.contains($0) ? type.shape[$0] - 1 - index[$0] : index[$0] }
      }
    case .concatenate(let axis):
      return KnownIntegers(
        type,
        type.indices.map { index in
          var place = index
          for operand in operands {
            if place[axis] < operand.type.shape[axis] {
              return operand.values[operand.type.offset(of: place)]
            }
            place[axis] -= operand.type.shape[axis]
          }
          return 0
        })
    case .pad: return nil
    }
  }

  /// All elements combined.
  private func reduce(
    _ reduction: Reduction, _ operand: KnownIntegers, _ initial: KnownIntegers, _ type: TensorType
  ) -> KnownIntegers? {
    guard type.isScalar, let op = BinaryOp(rawValue: reduction.kind.rawValue) else { return nil }
    var value = initial.values[0]
    for element in operand.values {
      guard let next = Self.apply(op, value, element, type.element) else { return nil }
      value = type.element.wrapped(next)
    }
    return KnownIntegers(type, [value])
  }
}

extension TensorType {
  /// All indices in row-major order.
  fileprivate var indices: [[Int]] {
    (0..<count).map { offset in
      var (index, rest) = (shape, offset)
      for axis in shape.indices.reversed() {
        index[axis] = rest % shape[axis]
        rest /= shape[axis]
      }
      return index
    }
  }

  /// The place of an element in row-major order.
  fileprivate func offset(of index: [Int]) -> Int {
    zip(shape, index).reduce(0) { $0 * $1.0 + $1.1 }
  }
}

extension BodyParser {
  /// The elements of a value of integers that follows from constants; nil of any other.
  func integers(of value: ValueID) -> [Int]? {
    var reader = ConstantReader()
    return reader.read(value, in: self)?.values.map { Int($0) }
  }
}
