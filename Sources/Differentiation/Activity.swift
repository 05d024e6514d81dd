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
      for position in operation.op.differentiableOperands(operation.operands.count) {
        useful[operation.operands[position].index] = true
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
      let depends = operation.op.differentiableOperands(operation.operands.count).contains {
        varied[operation.operands[$0].index]
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
  /// The positions of the operands, of `count`, that the result's tangent can depend on; the
  /// derivative with respect to the others is zero everywhere, or there is none.
  func differentiableOperands(_ count: Int) -> [Int] {
    switch self {
    case .constant, .iota, .compare, .call: []
    case .unary(let op): op.isPiecewiseConstant ? [] : [0]
    case .binary(let op): op.isPiecewiseConstant ? [] : [0, 1]
    case .select: [1, 2]
    case .clamp: [0, 1, 2]
    case .convert(let element): element.isFloat ? [0] : []
    case .shape: Array(0..<count)
    case .reduce(let reduction): reduction.kind.isPiecewiseConstant ? [] : [0, 1]
    case .dot: [0, 1]
    case .gather: [0]
    case .scatter: [0, 2]
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
