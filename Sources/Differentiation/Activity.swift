import TensorIR

/// Which values of a function carry tangents: those that depend on a differentiated parameter and
/// that a differentiated result depends on, both along edges with a derivative that is not zero.
struct Activity {
  /// Whether each value carries a tangent, by id.
  private var isActive: [Bool]
  /// The floats that are made of the bits of others; nil where there are none.
  let bits: BitOrigins?

  /// Analyses `function`, differentiated from `parameters` to `results`, all by position.
  init(of function: Function, from parameters: [Int], to results: [Int]) {
    var sources = [Bool](repeating: false, count: function.parameters.count)
    for parameter in parameters { sources[parameter] = true }
    var targets = [Bool](repeating: false, count: function.results.count)
    for result in results { targets[result] = true }
    let varied = function.variedValues(from: sources)
    let useful = function.usefulValues(to: targets, varied: varied)
    isActive = zip(varied, useful).map { $0 && $1 }
    bits = function.bitOrigins(varied)
  }

  /// Whether a value carries a tangent; values that were added later do not.
  subscript(_ value: ValueID) -> Bool {
    isActive.indices.contains(value.index) && isActive[value.index]
  }
}

extension Function {
  /// For each value, whether it depends on one of the parameters that vary.
  func variedValues(from parameters: [Bool]) -> [Bool] {
    var varied = [Bool](repeating: false, count: types.count)
    for (parameter, isVaried) in zip(self.parameters, parameters)
    where isVaried && self[parameter].element.isInexact {
      varied[parameter.index] = true
    }
    var bits = BitOrigins(self)
    for operation in operations {
      bits?.follow(operation, varied: varied)
      for result in operation.results where bits?.source(of: result) != nil {
        varied[result.index] = true
      }
      let operands = operation.operands.map { varied[$0.index] }
      guard operands.contains(true) else { continue }
      let results =
        operation.isComplexSign(in: self)
        ? [true] : operation.op.variedResults(operands, count: operation.results.count)
      for (result, isVaried) in zip(operation.results, results)
      where isVaried && self[result].element.isInexact {
        varied[result.index] = true
      }
    }
    return varied
  }

  /// For each value, whether one of the wanted results depends on it; for values that do not vary
  /// the answer may be no.
  func usefulValues(to results: [Bool], varied: [Bool]) -> [Bool] {
    let bounds = ShiftInvariance(self)
    let bits = bitOrigins(varied)
    var useful = [Bool](repeating: false, count: types.count)
    for (result, isWanted) in zip(self.results, results) where isWanted {
      useful[result.index] = true
    }
    for operation in operations.reversed() {
      var wanted = operation.results.map { useful[$0.index] && varied[$0.index] }
      guard wanted.contains(true) else { continue }
      if let result = operation.results.first, bounds.isShift(result) {
        useful[result.index] = false
        continue
      }
      for (number, result) in operation.results.enumerated() where wanted[number] {
        guard let source = bits?.source(of: result) else { continue }
        if case .scaled(let value) = source { useful[value.index] = true }
        wanted[number] = false
      }
      guard wanted.contains(true) else { continue }
      let operands = operation.operands.map { varied[$0.index] }
      let isUsed =
        operation.isComplexSign(in: self)
        ? [true] : operation.op.usefulOperands(operands, results: wanted)
      for (operand, isUseful) in zip(operation.operands, isUsed)
      where isUseful {
        useful[operand.index] = true
      }
    }
    return useful
  }
}

extension Function {
  /// Which floats are made of the bits of floats that vary; nil where bits are not looked at.
  fileprivate func bitOrigins(_ varied: [Bool]) -> BitOrigins? {
    var bits = BitOrigins(self)
    for operation in operations { bits?.follow(operation, varied: varied) }
    return bits
  }
}

extension Operation {
  /// Whether this gives the signs of complex numbers, which turn with them; those of others only jump.
  fileprivate func isComplexSign(in function: Function) -> Bool {
    guard case .unary(.sign) = op else { return false }
    return function[operands[0]].element.isComplex
  }
}

extension Op {
  /// For each result whether its tangent can depend on those of the operands that vary.
  func variedResults(_ operands: [Bool], count: Int) -> [Bool] {
    switch self {
    case .whileLoop(let loop): return loop.carriesVaried(operands)
    case .branch(let branch): return branch.resultsVaried(operands)
    case .scan(let scan): return scan.resultsVaried(operands)
    case .optimizationBarrier: return operands
    case .order: return [false]
    case .matrix(let op): return op.hasFloatResults.map { $0 && operands.contains(true) }
    case .foreign(let call):
      return call.resultTypes.map { $0.element.isFloat && operands.contains(true) }
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .custom,
      .call:
      let depends = operands.indices.contains { operands[$0] && isDifferentiable(at: $0) }
      return [Bool](repeating: depends, count: count)
    }
  }

  /// For each operand whether the tangents of wanted results can depend on its own.
  fileprivate func usefulOperands(_ operands: [Bool], results: [Bool]) -> [Bool] {
    switch self {
    case .whileLoop(let loop): return loop.activity(operands, results: results).operands
    case .branch(let branch): return branch.activity(operands, results: results).operands
    case .scan(let scan): return scan.activity(operands, results: results).operands
    case .optimizationBarrier: return results
    case .order: return operands.map { _ in false }
    case .matrix: return operands.map { _ in results.contains(true) }
    case .foreign(let call):
      return call.operandTypes.map { $0.element.isFloat && results.contains(true) }
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .custom,
      .call:
      return operands.indices.map { isDifferentiable(at: $0) }
    }
  }

  /// Whether the result's tangent can depend on that of the operand at a position; elsewhere the
  /// derivative is zero, or there is none. What regions do is not looked at.
  func isDifferentiable(at position: Int) -> Bool {
    switch self {
    case .constant, .iota, .compare, .order, .call: false
    case .unary(let op): !op.isPiecewiseConstant
    case .binary(let op): !op.isPiecewiseConstant
    case .select: position > 0
    case .convert(let element): element.isInexact
    case .bits(let op): op.isDifferentiable
    case .clamp, .complex, .fft, .shape, .dot, .convolution: true
    case .window(.place): false
    case .window(.reduce(let kind, _)): !kind.isPiecewiseConstant
    case .window(.collect), .window(.scatter): position == 0
    case .reduce(let reduction): !reduction.kind.isPiecewiseConstant
    case .gather: position == 0
    case .scatter: position != 1
    case .dynamicSlice: position == 0
    case .dynamicUpdateSlice: position < 2
    case .matrix, .foreign, .optimizationBarrier, .whileLoop, .scan, .custom: true
    case .branch: position > 0
    }
  }
}

extension UnaryOp {
  /// Whether the derivative is zero wherever it exists.
  var isPiecewiseConstant: Bool {
    switch self {
    case .sign, .floor, .ceil, .roundEven, .roundAway, .isFinite, .isInfinite, .isPositiveInfinite,
      .isNegativeInfinite, .not, .stopGradient, .populationCount, .leadingZeros:
      true
    case .abs, .negate, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
      .sine, .cosine, .sqrt, .rsqrt, .cubeRoot, .tangent, .erf, .erfc, .erfInverse, .square, .sinh,
      .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma, .digamma:
      false
    }
  }
}

extension BitsOp {
  /// Whether results depend on operands as numbers, not as bits.
  var isDifferentiable: Bool {
    switch self {
    case .cast: false
    case .reducePrecision: true
    }
  }
}

extension BinaryOp {
  /// Whether the function is of booleans or bits, so that no tangent can reach it.
  var isPiecewiseConstant: Bool {
    switch self {
    case .and, .or, .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical: true
    case .add, .subtract, .multiply, .divide, .maximum, .minimum, .power, .remainder, .atan2,
      .nextAfter, .polygamma, .zeta:
      false
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
