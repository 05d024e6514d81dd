extension FourierTransform {
  /// - C1: one to three lengths, not negative, for the last axes of the operand.
  /// - C2: `RFFT` takes floats that complex numbers are made of, all others complex numbers.
  /// - C3: the operand's last axes have these lengths; for `IRFFT` the last of them n/2 + 1.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(
      1,
      (1...3).contains(lengths.count) && lengths.count <= operand.rank
        && lengths.allSatisfy { $0 >= 0 }
    ) { "lengths \(lengths) of \(operand)" }
    let element = resultElement(of: operand.element)
    try check.require(2, element != nil) { "\(kind.rawValue) does not take \(operand)" }
    try check.require(3, Array(operand.shape.suffix(lengths.count)) == operandExtents) {
      "\(kind.rawValue) of lengths \(lengths) does not take \(operand)"
    }
    return TensorType(
      operand.shape.dropLast(lengths.count) + resultExtents, element ?? operand.element)
  }

  /// The element type of the result; nil where the transform does not take the operand's.
  package func resultElement(of element: ElementType) -> ElementType? {
    switch kind {
    case .real: element.complexType
    case .forward, .inverse: element.isComplex ? element : nil
    case .realInverse: element.isComplex ? element.partType : nil
    }
  }

  /// The extents of the operand's transformed axes.
  package var operandExtents: [Int] {
    switch kind {
    case .forward, .inverse, .real: lengths
    case .realInverse: halved
    }
  }

  /// The extents of the result's transformed axes.
  package var resultExtents: [Int] {
    switch kind {
    case .forward, .inverse, .realInverse: lengths
    case .real: halved
    }
  }

  /// The lengths with the last one that of half a spectrum.
  private var halved: [Int] {
    guard let last = lengths.last else { return [] }
    return lengths.dropLast() + [last == 0 ? 0 : last / 2 + 1]
  }
}
