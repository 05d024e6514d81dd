import TensorIR

/// Which values of a function carry tangents: those that depend on a differentiated parameter and
/// that a differentiated result depends on, both along edges with a derivative that is not zero.
struct Activity {
  /// Whether each value carries a tangent, by id.
  private var isActive: [Bool]

  /// Analyses `function`, differentiated from `parameters` to `results`, all by position.
  init(of function: Function, from parameters: [Int], to results: [Int]) {
    let varied = Activity.varied(function, from: parameters)
    let bounds = ShiftInvariance(function)
    var useful = [Bool](repeating: false, count: function.types.count)
    for result in results { useful[function.results[result].index] = true }
    for operation in function.operations.reversed() {
      guard let result = operation.results.first, useful[result.index], varied[result.index] else {
        continue
      }
      if bounds.isShift(result) {
        useful[result.index] = false
        continue
      }
      for (position, operand) in operation.operands.enumerated()
      where operation.op.isDifferentiable(at: position) {
        useful[operand.index] = true
      }
    }
    isActive = zip(varied, useful).map { $0 && $1 }
  }

  /// Whether a value carries a tangent.
  subscript(_ value: ValueID) -> Bool { isActive[value.index] }

  /// For each value, whether it depends on one of the parameters.
  private static func varied(_ function: Function, from parameters: [Int]) -> [Bool] {
    var varied = [Bool](repeating: false, count: function.types.count)
    for parameter in parameters { varied[function.parameters[parameter].index] = true }
    for operation in function.operations {
      let depends = operation.operands.enumerated().contains { position, operand in
        varied[operand.index] && operation.op.isDifferentiable(at: position)
      }
      guard depends else { continue }
      for result in operation.results where function[result].element.isFloat {
        varied[result.index] = true
      }
    }
    return varied
  }
}

extension Op {
  /// Whether the result's tangent can depend on that of the operand at a position; elsewhere the
  /// derivative is zero, or there is none.
  func isDifferentiable(at position: Int) -> Bool {
    switch self {
    case .constant, .iota, .compare, .call: false
    case .dynamicSlice: position == 0
    case .dynamicUpdateSlice: position < 2
    case .optimizationBarrier, .whileLoop, .scan: true
    case .branch: position > 0
    case .unary(let op): !op.isPiecewiseConstant
    case .binary(let op): !op.isPiecewiseConstant
    case .select: position > 0
    case .convert(let element): element.isFloat
    case .clamp, .shape, .dot: true
    case .reduce(let reduction): !reduction.kind.isPiecewiseConstant
    case .gather: position == 0
    case .scatter: position != 1
    }
  }
}

extension UnaryOp {
  /// Whether the derivative is zero wherever it exists.
  var isPiecewiseConstant: Bool {
    switch self {
    case .sign, .floor, .isFinite, .not: true
    case .abs, .negate, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
      .sine, .cosine, .sqrt, .rsqrt, .erf, .square:
      false
    }
  }
}

extension BinaryOp {
  /// Whether the function is of booleans or bits, so that no tangent can reach it.
  var isPiecewiseConstant: Bool {
    switch self {
    case .and, .or: true
    case .add, .subtract, .multiply, .divide, .maximum, .minimum, .power: false
    }
  }
}

extension Reduction.Kind {
  /// Whether the combining function is of booleans or bits, so that no tangent can reach it.
  var isPiecewiseConstant: Bool {
    switch self {
    case .and, .or: true
    case .add, .multiply, .maximum, .minimum: false
    }
  }
}
