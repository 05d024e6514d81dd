internal import TensorIR

extension RealPairs {
  /// A Fourier transform as calls of its routine, axis after axis.
  ///
  /// Complex numbers are given and taken as pairs of tensors, or, where they stand so in memory before
  /// or are to stand so behind, as one tensor with the parts side by side.
  mutating func copied(
    _ transform: FourierTransform, _ operand: ValueID, _ operation: Operation
  ) throws -> [ValueID] {
    let type = source[operation.results[0]]
    if type.count == 0 || source[operand].count == 0 {
      let zero = try builder.splat(0, TensorType(type.shape, type.element.partType))
      return type.element.isComplex ? [zero, zero] : [zero]
    }
    let steps = transform.steps(source[operand], type)
    var values = parts(operand)
    if !steps.isEmpty, let memory = memories[operand] { values = [memory] }
    for (number, step) in steps.enumerated() {
      let isLast = number == steps.count - 1
      let isInterleaved = isLast && type.element.isComplex && isOnlyResult(operation.results[0])
      let call = step.call(
        values.map { builder[$0] }, isInputInterleaved: number == 0 && memories[operand] != nil,
        isOutputInterleaved: isInterleaved)
      values = try builder.emitAll(.foreign(call), values)
      if isInterleaved {
        memories[operation.results[0]] = values[0]
        values = try separated(values[0], type.shape)
      }
    }
    return values
  }
}

/// A transform along one axis.
private struct FourierStep {
  var kind: FourierTransform.Kind
  /// The shape of the operand, and of the result.
  var shape: [Int]
  var result: [Int]
  var axis: Int
  /// How many numbers are transformed.
  var length: Int
  /// The type of parts.
  var part: ElementType

  /// The call of the routine on operands of these types: one tensor of real numbers, two of parts, or one
  /// with parts side by side.
  func call(
    _ operands: [TensorType], isInputInterleaved: Bool, isOutputInterleaved: Bool
  ) -> ForeignCall {
    let name = "fourier_\(part.rawValue)"
    let isRealResult = kind == .realInverse
    let results =
      isOutputInterleaved
      ? [TensorType(result + [2], part)]
      : Array(repeating: TensorType(result, part), count: isRealResult ? 1 : 2)
    let inputs: [ForeignCall.Parameter] = [
      .operand(0), operands.count == 2 ? .operand(1) : .number(0),
    ]
    let outputs: [ForeignCall.Parameter] = [
      .result(0), results.count == 2 ? .result(1) : .number(0),
    ]
    let numbers = [
      isInputInterleaved ? 2 : 1, isOutputInterleaved ? 2 : 1, kind.code,
      shape[..<axis].reduce(1, *), length, shape[(axis + 1)...].reduce(1, *),
    ]
    return ForeignCall(
      name, .routine(name, needsLibrary: false),
      parameters: [.context] + inputs + outputs + numbers.map { .number($0) },
      returning: .status, operandTypes: operands, resultTypes: results)
  }
}

extension FourierTransform {
  /// The transforms along single axes, one after the other.
  ///
  /// A transform of real numbers goes along the last axis first, its inverse last.
  fileprivate func steps(_ operand: TensorType, _ result: TensorType) -> [FourierStep] {
    let (rank, count) = (operand.rank, lengths.count)
    let part = operand.element.partType
    /// A transform of complex numbers.
    func step(_ axis: Int, _ shape: [Int]) -> FourierStep {
      FourierStep(
        kind: kind == .forward || kind == .real ? .forward : .inverse, shape: shape, result: shape,
        axis: axis, length: shape[axis], part: part)
    }
    let outer = ((rank - count)..<(rank - 1)).filter { operand.shape[$0] > 1 }
    let isReal = kind == .real || kind == .realInverse
    let last = FourierStep(
      kind: kind, shape: operand.shape, result: result.shape, axis: rank - 1,
      length: lengths[count - 1], part: part)
    switch kind {
    case .forward, .inverse, .real:
      let first = isReal || lengths[count - 1] > 1 ? [last] : []
      return first + outer.reversed().map { step($0, result.shape) }
    case .realInverse: return outer.map { step($0, operand.shape) } + [last]
    }
  }
}

extension FourierTransform.Kind {
  /// The number by which the routine knows it.
  fileprivate var code: Int {
    switch self {
    case .forward: 0
    case .inverse: 1
    case .real: 2
    case .realInverse: 3
    }
  }
}
