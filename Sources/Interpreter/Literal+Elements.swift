import TensorIR

/// What a literal's elements are when a rule computes with them: floats as doubles, integers and
/// booleans as 64-bit integers, where an element of u64 is the i64 of the same bits, and complex
/// numbers as pairs of doubles.
enum Elements {
  case doubles([Double])
  case integers([Int64])
  case complexes([ComplexValue])
}

extension Literal {
  /// All elements, without rounding.
  var exactElements: Elements {
    if type.element.isComplex { return .complexes(complexElements) }
    return type.element.isFloat ? .doubles(doubleElements) : .integers(integerElements)
  }

  /// The elements of a complex tensor.
  var complexElements: [ComplexValue] {
    if isSplat {
      let value = ComplexValue(single.realParts[0], single.imaginaryParts[0])
      return Array(repeating: value, count: type.count)
    }
    let parts = self.parts.doubleElements
    return (0..<type.count).map { ComplexValue(parts[2 * $0], parts[2 * $0 + 1]) }
  }

  /// A literal of complex numbers rounded to a complex element type.
  init(_ type: TensorType, rounding values: [ComplexValue]) {
    let parts = TensorType([2 * values.count], type.element.partType)
    let flat = Literal(parts, rounding: values.flatMap { [$0.real, $0.imaginary] })
    self.init(type, bytes: flat.denseBytes)
  }

  /// The elements of a float tensor, which are exact in doubles.
  var doubleElements: [Double] {
    if isSplat { return Array(repeating: single.doubles[0], count: type.count) }
    return type.element == .f32 ? widened(elements(of: Float.self)) : doubles
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
    default:
      guard let format = type.element.floatFormat else {
        preconditionFailure("doubles are rounded to floats only")
      }
      self.init(type, elements: values.map { UInt16(truncatingIfNeeded: format.bits(of: $0)) })
    }
  }

  /// A literal of integers: wrapped to shorter ones, "not zero" for i1.
  ///
  /// - Requires: the element type is no float.
  init(_ type: TensorType, wrapping values: [Int64]) {
    let element = type.element
    switch element.byteCount {
    case 8: self.init(type, elements: values)
    case 4: self.init(type, elements: values.map { Int32(truncatingIfNeeded: $0) })
    case 2: self.init(type, elements: values.map { Int16(truncatingIfNeeded: $0) })
    default:
      self.init(type, elements: values.map { Int8(truncatingIfNeeded: element.wrapped($0)) })
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
