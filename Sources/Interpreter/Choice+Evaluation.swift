import TensorIR

extension Comparison {
  /// The relation at every pair of elements; every relation but "not equal" is false of a NaN.
  func evaluated(_ left: Literal, _ right: Literal) -> Literal {
    elementwise(TensorType(left.type.shape, .i1), [left, right]) { operands, type in
      switch (operands[0].exactElements, operands[1].exactElements) {
      case (.doubles(let left), .doubles(let right)):
        if isTotal {
          return Literal(
            type, wrapping: mapped(left, right) { holds($0.totalOrdinal, $1.totalOrdinal) ? 1 : 0 })
        }
        return Literal(type, wrapping: mapped(left, right) { holds($0, $1) ? 1 : 0 })
      case (.integers(let left), .integers(let right)):
        let element = operands[0].type.element
        return Literal(
          type,
          wrapping: zip(left, right).map {
            holds(element.ordinal($0), element.ordinal($1)) ? 1 : 0
          })
      case (.complexes(let left), .complexes(let right)):
        let isEqual = direction == .equal
        return Literal(type, wrapping: zip(left, right).map { ($0 == $1) == isEqual ? 1 : 0 })
      case (.doubles, _), (.integers, _), (.complexes, _):
        preconditionFailure("operands have one element type")
      }
    }
  }

  /// Whether the relation holds between two numbers.
  func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
    switch direction {
    case .equal: left == right
    case .notEqual: left != right
    case .greaterOrEqual: left >= right
    case .greater: left > right
    case .lessOrEqual: left <= right
    case .less: left < right
    }
  }
}

/// `onTrue` where the predicate holds and `onFalse` elsewhere.
func evaluateSelect(_ predicate: Literal, _ onTrue: Literal, _ onFalse: Literal) -> Literal {
  if predicate.isSplat { return predicate.single.integers[0] != 0 ? onTrue : onFalse }
  let falsePlaces = predicate.integers.enumerated().filter { $0.element == 0 }.map(\.offset)
  return onTrue.replacing(falsePlaces, with: onFalse, at: falsePlaces)
}

/// The operand raised to `low`, then lowered to `high`; NaN wins, as in `maximum` and `minimum`.
func evaluateClamp(_ low: Literal, _ operand: Literal, _ high: Literal) -> Literal {
  elementwise(operand.type, [low, operand, high]) { operands, _ in
    let raised = BinaryOp.maximum.evaluated(operands[1], operands[0])
    return BinaryOp.minimum.evaluated(raised, operands[2])
  }
}

/// The elements in another element type.
///
/// Floats become integers by truncation; where StableHLO leaves the result open, numbers beyond the
/// integers' range become its ends and NaN becomes zero. Integers wrap to shorter ones and to those
/// of another sign, and are rounded once to floats. A boolean is "not zero", so NaN is true. A complex
/// number is its real part where it becomes a float or an integer.
func evaluateConvert(_ operand: Literal, to element: ElementType) -> Literal {
  elementwise(TensorType(operand.type.shape, element), [operand]) { operands, type in
    let source = operands[0].type.element
    if element.isComplex, !source.isComplex {
      let parts = evaluateConvert(operands[0], to: element.partType).doubleElements
      return Literal(type, rounding: parts.map { ComplexValue($0, 0) })
    }
    switch (operands[0].exactElements, element.isFloat) {
    case (.complexes(let values), true): return Literal(type, rounding: values.map(\.real))
    case (.complexes(let values), false):
      if element.isComplex { return Literal(type, rounding: values) }
      if element == .i1 { return Literal(type, wrapping: values.map { $0.real == 0 ? 0 : 1 }) }
      return Literal(type, wrapping: values.map { element.truncated($0.real) })
    case (.integers(let values), false): return Literal(type, wrapping: values)
    case (.integers(let values), true):
      return Literal(type, rounding: values.map { source.rounded($0, to: element) })
    case (.doubles(let values), true): return Literal(type, rounding: values)
    case (.doubles(let values), false):
      return Literal(type, wrapping: values.map { element.truncated($0) })
    }
  }
}

extension BitsOp {
  /// The function of each element's bits.
  func evaluated(_ operand: Literal, _ type: TensorType) -> Literal {
    elementwise(type, [operand]) { operands, type in
      let element = operands[0].type.element
      let width = element.byteCount
      var bytes = operands[0].denseBytes
      for start in stride(from: 0, to: bytes.count, by: width) {
        var bits: UInt64 = 0
        for byte in bytes[start..<(start + width)].reversed() { bits = bits << 8 | UInt64(byte) }
        let result = self.evaluated(bits, element)
        for index in 0..<width {
          bytes[start + index] = UInt8(truncatingIfNeeded: result >> UInt64(8 * index))
        }
      }
      return Literal(type, bytes: bytes)
    }
  }
}

extension Double {
  /// An integer whose order is that of all floats by their bits.
  package var totalOrdinal: Int64 {
    let bits = Int64(bitPattern: bitPattern)
    return bits < 0 ? bits ^ .max : bits
  }
}
