import TensorIR

/// What a literal's elements are when a rule computes with them: f32 and f64 as doubles, integers
/// and booleans as 64-bit integers.
enum Elements {
  case doubles([Double])
  case integers([Int64])
}

extension Literal {
  /// All elements, without rounding.
  var exactElements: Elements {
    type.element.isFloat ? .doubles(doubleElements) : .integers(integerElements)
  }

  /// The elements of a float tensor; f32 is exact in a double.
  var doubleElements: [Double] {
    if isSplat { return Array(repeating: single.doubles[0], count: type.count) }
    return type.element == .f32 ? widened(elements(of: Float.self)) : elements(of: Double.self)
  }

  /// The elements of an integer or boolean tensor.
  var integerElements: [Int64] {
    if isSplat { return Array(repeating: single.integers[0], count: type.count) }
    return integers
  }

  /// The one element of a splat or scalar.
  ///
  /// - Requires: `isSplat`.
  var single: Literal { Literal(TensorType([], type.element), bytes: bytes) }

  /// A literal of doubles rounded to a float element type.
  ///
  /// - Requires: the element type is a float, and the counts agree.
  init(_ type: TensorType, rounding values: [Double]) {
    switch type.element {
    case .f64: self.init(type, elements: values)
    case .f32: self.init(type, elements: rounded(values))
    case .i1, .i32, .i64: preconditionFailure("doubles are rounded to floats only")
    }
  }

  /// A literal of integers: wrapped to i32, "not zero" for i1, rounded once for floats.
  init(_ type: TensorType, wrapping values: [Int64]) {
    switch type.element {
    case .i64: self.init(type, elements: values)
    case .i32: self.init(type, elements: values.map { Int32(truncatingIfNeeded: $0) })
    case .i1: self.init(type, elements: values.map { UInt8($0 == 0 ? 0 : 1) })
    case .f32: self.init(type, elements: values.map { Float($0) })
    case .f64: self.init(type, elements: values.map { Double($0) })
    }
  }

  /// A literal of elements as they are in memory.
  init<Element: BitwiseCopyable>(_ type: TensorType, elements: [Element]) {
    self.init(type, bytes: elements.withUnsafeBytes { Array($0) })
  }
}

/// A result of an elementwise op: `apply` at every place of operands of one shape, where scalar
/// operands may stand for a whole tensor; computed once where every operand is a splat.
func elementwise(
  _ type: TensorType, _ operands: [Literal], _ apply: ([Literal], TensorType) -> Literal
) -> Literal {
  guard type.count > 1, operands.allSatisfy(\.isSplat) else {
    return apply(operands.map { $0.spread(to: type.shape) }, type)
  }
  let scalar = apply(operands.map(\.single), TensorType([], type.element))
  return Literal(type, splat: scalar.bytes)
}

extension Literal {
  /// The literal itself, or a scalar repeated to `shape`.
  fileprivate func spread(to shape: [Int]) -> Literal {
    type.shape == shape ? self : Literal(TensorType(shape, type.element), splat: bytes)
  }
}
