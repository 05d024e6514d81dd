import TensorIR

/// What integers have from the bits of floats that vary, and which floats are made of such integers.
///
/// A float with the fraction of x and another exponent or sign, as `frexp` and `ldexp` make it, is x
/// times a power of two that only jumps: its slope is the quotient of both. Integers in which nothing is
/// left of a fraction only jump. Floats made of other bits have no derivative that could be told.
struct BitOrigins {
  /// What an element has from the bits of floats that vary.
  private enum Origin: Equatable {
    /// Nothing, or what jumps with exponents and signs.
    case steps
    /// The fraction of a float, with any exponent and sign.
    case scaled(ValueID)
    /// Something else.
    case mixed
  }

  /// How a float is made of bits of others.
  enum Source: Equatable {
    /// It is a value times a power of two, or its negative.
    case scaled(ValueID)
    /// In a way without a derivative.
    case mixed
  }

  /// The function that is followed.
  private let function: Function
  /// What each value has, by id; of floats nothing.
  private var origins: [Origin]
  /// The one integer that all elements of a value are, where it is known.
  private var constants: [Int64?]
  /// How many of the lowest bits of each integer are known to be zero.
  private var lowZeros: [Int]
  /// The floats that are made of bits.
  private var sources: [ValueID: Source] = [:]

  /// Nothing where the function looks at no bits of floats.
  init?(_ function: Function) {
    guard function.looksAtBits else { return nil }
    self.function = function
    origins = Array(repeating: .steps, count: function.types.count)
    constants = Array(repeating: nil, count: function.types.count)
    lowZeros = Array(repeating: 0, count: function.types.count)
  }

  /// How a float is made of bits of floats that vary; nil where it is not.
  func source(of value: ValueID) -> Source? { sources[value] }

  /// Follows the function's next operation, where it is known which floats vary.
  mutating func follow(_ operation: Operation, varied: [Bool]) {
    for (number, result) in operation.results.enumerated() {
      let type = function[result]
      let found = origin(of: operation, result: number, varied: varied)
      if type.element.isInexact {
        let isCast = if case .bits(.cast) = operation.op { true } else { false }
        switch found {
        case .steps: break
        case .scaled(let value) where isCast && function[value] == type:
          sources[result] = .scaled(value)
        case .scaled, .mixed: sources[result] = .mixed
        }
      } else if type.element.isInteger {
        constants[result.index] = constant(of: operation)
        lowZeros[result.index] = lowZeros(of: operation, type.element)
        let isJump = lowZeros[result.index] >= type.element.fractionBits
        origins[result.index] = isJump ? .steps : found
      }
    }
  }

  /// What a result of an operation has from the bits of floats.
  private func origin(of operation: Operation, result: Int, varied: [Bool]) -> Origin {
    let operands = operation.operands
    let own = operands.map { origins[$0.index] }
    switch operation.op {
    case .optimizationBarrier: return own[result]
    case .whileLoop, .branch, .scan:
      // A region's floats made of bits are followed in it, the integers that leave it are not.
      let isInteger = function[operation.results[result]].element.isInteger
      let takesBits =
        isInteger && operands.contains { varied[$0.index] }
        && operation.op.regions.contains(where: \.looksAtBits)
      return takesBits || own.contains { $0 != .steps } ? .mixed : .steps
    case .bits(.cast):
      guard function[operands[0]].element.isFloat else { return own[0] }
      return varied[operands[0].index] ? .scaled(operands[0]) : .steps
    case .compare, .order: return .steps
    case .select: return own[1] == own[2] ? own[1] : .mixed
    case .gather, .dynamicSlice: return own[0] == .steps ? .steps : .mixed
    case .convert(let element):
      let isSame = element.width == function[operands[0]].element.width
      return isSame || own[0] == .steps ? own[0] : .mixed
    case .binary(let op): return origin(of: op, operands, own)
    default: return own.allSatisfy { $0 == .steps } ? .steps : .mixed
    }
  }

  /// What the result of a function of two integers has.
  private func origin(of op: BinaryOp, _ operands: [ValueID], _ own: [Origin]) -> Origin {
    if own == [.steps, .steps] { return .steps }
    let fraction = function[operands[0]].element.fractionBits
    /// Whether the operand at a position leaves the fraction of the other one.
    func leavesFraction(_ position: Int) -> Bool {
      own[position] == .steps && lowZeros[operands[position].index] >= fraction
    }
    switch op {
    case .shiftRightLogical, .shiftRightArithmetic:
      guard let distance = constants[operands[1].index] else { return .mixed }
      return distance >= fraction ? .steps : .mixed
    case .and:
      for (position, other) in [(0, 1), (1, 0)] where own[other] == .steps {
        guard let mask = constants[operands[other].index] else { continue }
        if (~mask).trailingZeroBitCount >= fraction { return own[position] }
      }
      return .mixed
    case .or, .xor, .add: return leavesFraction(1) ? own[0] : leavesFraction(0) ? own[1] : .mixed
    case .subtract: return leavesFraction(1) ? own[0] : .mixed
    default: return .mixed
    }
  }

  /// The one integer that all elements of an operation's result are.
  private func constant(of operation: Operation) -> Int64? {
    switch operation.op {
    case .constant(let literal): literal.splatValue == nil ? nil : literal.integers.first
    case .shape(.broadcast), .shape(.reshape): constants[operation.operands[0].index]
    default: nil
    }
  }

  /// How many of the lowest bits of an operation's result are known to be zero.
  private func lowZeros(of operation: Operation, _ element: ElementType) -> Int {
    if let constant = constant(of: operation) { return constant.trailingZeroBitCount }
    let own = operation.operands.map { lowZeros[$0.index] }
    switch operation.op {
    case .constant(let literal):
      return literal.integers.map(\.trailingZeroBitCount).min() ?? element.width
    case .binary(.shiftLeft):
      let distance = constants[operation.operands[1].index] ?? 0
      return own[0] + Int(max(0, min(distance, 64)))
    case .binary(.and): return max(own[0], own[1])
    case .binary(.or), .binary(.xor), .binary(.add), .binary(.subtract): return min(own[0], own[1])
    case .select: return min(own[1], own[2])
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice): return own[0]
    case .bits(.cast), .convert:
      let from = function[operation.operands[0]].element
      return from.isInteger && from.width == element.width ? own[0] : 0
    default: return 0
    }
  }
}

extension Function {
  /// Whether the function, or a region in it, looks at the bits of floats.
  fileprivate var looksAtBits: Bool {
    operations.contains { operation in
      if case .bits(.cast) = operation.op { return self[operation.operands[0]].element.isFloat }
      return operation.op.regions.contains(where: \.looksAtBits)
    }
  }
}

extension ElementType {
  /// The bits of the fraction of a float of the same width; of the widest of several.
  fileprivate var fractionBits: Int {
    switch width {
    case 64: 52
    case 32: 23
    case 16: 10
    default: width
    }
  }
}

extension Operation {
  /// The tangent of a float that is made of the bits of another one.
  ///
  /// - Throws: `AdjointError` of kind `.notDifferentiable` where only its bits are known.
  func bitsTangent(
    of result: ValueID, _ source: BitOrigins.Source, in pass: inout ForwardPass
  ) throws -> ValueID? {
    switch source {
    case .scaled(let value):
      let slope = try pass.builder.divide(result, value)
      return try pass.scaled(pass.tangent(value), by: slope)
    case .mixed:
      throw AdjointError(
        .notDifferentiable,
        "\(op.mnemonic) makes numbers of bits of a differentiated value, which has no derivative",
        at: location)
    }
  }
}
