import TensorIR

/// What one step of an immediate program does: loops over memory for the common operations, and the
/// interpreter's own rule for all others.
package struct ImmediateKernel: Sendable {
  /// The kinds of loop.
  private enum Loop: Sendable {
    case unary(UnaryOp)
    case binary(BinaryOp)
    case compare(Comparison)
    case select
    /// Elements that stand elsewhere in the operand.
    case move(StridedCopy)
    /// An operand seen as outer × reduced × inner.
    case reduce(BinaryOp, outer: Int, reduced: Int, inner: Int)
    case rule
  }

  private let loop: Loop
  private let op: Op
  private let operandTypes: [TensorType]
  private let type: TensorType
  /// How many elements the result has.
  private let count: Int

  /// The way to carry out an operation on operands of some types.
  init(_ op: Op, _ operandTypes: [TensorType], _ type: TensorType) {
    self.op = op
    self.operandTypes = operandTypes
    self.type = type
    count = type.count
    loop = Self.loop(op, operandTypes, type)
  }

  /// The loop for an operation.
  private static func loop(_ op: Op, _ operands: [TensorType], _ type: TensorType) -> Loop {
    guard let first = operands.first else { return .rule }
    switch op {
    case .shape(let shape):
      return StridedCopy(shape, first, type).map { .move($0) } ?? .rule
    case .select:
      return first.count == type.count ? .select : .rule
    case .unary, .binary, .compare, .reduce:
      return operands[operands.count - 1].element.isFloat ? floatLoop(op, first, type) : .rule
    default: return .rule
    }
  }

  /// The loop for arithmetic on floats.
  private static func floatLoop(_ op: Op, _ operand: TensorType, _ type: TensorType) -> Loop {
    switch op {
    case .unary(let op) where type.element.isFloat: return .unary(op)
    case .binary(let op) where op.takesFloatsOnly: return .binary(op)
    case .compare(let comparison) where !comparison.isTotal: return .compare(comparison)
    case .reduce(let reduction):
      let axes = reduction.dimensions.sorted()
      guard let low = axes.first, let high = axes.last, high - low + 1 == axes.count,
        reduction.kind != .multiply || type.element == .f64
      else { return .rule }
      return .reduce(
        reduction.kind.binary, outer: operand.shape[..<low].reduce(1, *),
        reduced: operand.shape[low...high].reduce(1, *),
        inner: operand.shape[(high + 1)...].reduce(1, *))
    default: return .rule
    }
  }

  /// About how many nanoseconds the step takes.
  var cost: Int {
    switch loop {
    case .unary(.negate), .unary(.square), .unary(.abs), .compare, .select, .move:
      return 30 + count
    case .unary: return 30 + 10 * count
    case .binary(let op): return 30 + (op.isPlain ? 1 : 10) * count
    case .reduce(_, let outer, let reduced, let inner): return 30 + 2 * outer * reduced * inner
    case .rule:
      var elements = operandTypes.reduce(count) { $0 + $1.count }
      if case .dot(let dimensions) = op {
        elements += dimensions.leftContracting.reduce(count) { $0 * operandTypes[0].shape[$1] }
      }
      return 1000 + 16 * elements
    }
  }

  /// A single operation that is carried out in less time than it takes to note it for later: a loop over
  /// few elements; nil for others.
  package init?(small op: Op, _ operandTypes: [TensorType], _ type: TensorType) {
    guard op.isImmediate, type.element.isImmediate, operandTypes.allSatisfy(\.element.isImmediate),
      type.count <= Self.smallCost
    else { return nil }
    self.init(op, operandTypes, type)
    if case .rule = loop { return nil }
    guard cost <= Self.smallCost else { return nil }
  }

  /// The time in nanoseconds up to which an operation is small.
  private static let smallCost = 512

  /// Writes the result of operands at addresses.
  package func run(
    _ operands: UnsafeBufferPointer<UnsafeRawPointer>, _ target: UnsafeMutableRawPointer
  ) throws {
    switch loop {
    case .rule: try runRule(operands, target)
    case .move(let copy): copy.run(operands[0], target)
    case .select:
      let choice = operands[0].assumingMemoryBound(to: UInt8.self)
      let (onTrue, onFalse) = (operands[1], operands[2])
      let width = type.element.byteCount
      for index in 0..<count {
        let place = index * width
        let source = choice[index] != 0 ? onTrue : onFalse
        (target + place).copyMemory(from: source + place, byteCount: width)
      }
    case .unary, .binary, .compare, .reduce:
      if operandTypes[operandTypes.count - 1].element == .f64 {
        run(Double.self, operands, target)
      } else {
        run(Float.self, operands, target)
      }
    }
  }

  /// Runs a loop over floats of one size.
  private func run<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ number: Number.Type, _ operands: UnsafeBufferPointer<UnsafeRawPointer>,
    _ target: UnsafeMutableRawPointer
  ) {
    let first = operands[0].assumingMemoryBound(to: Number.self)
    let last = operands[operands.count - 1].assumingMemoryBound(to: Number.self)
    let results = target.assumingMemoryBound(to: Number.self)
    switch loop {
    case .unary(let op): op.write(first, results, count)
    case .binary(let op): op.write(first, last, results, count)
    case .compare(let comparison):
      let flags = target.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { flags[index] = comparison.holds(first[index], last[index]) ? 1 : 0 }
    case .reduce(let op, let outer, let reduced, let inner):
      for row in 0..<outer {
        for column in 0..<inner {
          var total = Double(last[0])
          for place in 0..<reduced {
            total = op.applied(total, Double(first[(row * reduced + place) * inner + column]))
          }
          results[row * inner + column] = Number(total)
        }
      }
    case .select, .move, .rule: break
    }
  }

  /// Carries out the interpreter's rule.
  private func runRule(
    _ sources: UnsafeBufferPointer<UnsafeRawPointer>, _ target: UnsafeMutableRawPointer
  ) throws {
    let literals = zip(sources, operandTypes).map { source, type in
      Literal(type, bytes: Array(UnsafeRawBufferPointer(start: source, count: type.byteCount)))
    }
    let result = try op.evaluated(literals)[0]
    result.denseBytes.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { target.copyMemory(from: start, byteCount: bytes.count) }
    }
  }
}

extension BinaryOp {
  /// Whether the rule for two doubles is all there is to the operation.
  fileprivate var takesFloatsOnly: Bool {
    switch self {
    case .add, .subtract, .multiply, .divide, .maximum, .minimum, .power, .remainder, .atan2: true
    case .and, .or, .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical, .nextAfter,
      .polygamma, .zeta:
      false
    }
  }

  /// Whether the function is an instruction of the processor.
  fileprivate var isPlain: Bool {
    switch self {
    case .add, .subtract, .multiply, .divide: true
    default: false
    }
  }

  /// Writes the function at every pair of numbers. Sums, differences, products and quotients need no wider
  /// type: rounding them from double precision gives the same.
  fileprivate func write<Number: BinaryFloatingPoint>(
    _ left: UnsafePointer<Number>, _ right: UnsafePointer<Number>,
    _ results: UnsafeMutablePointer<Number>, _ count: Int
  ) {
    switch self {
    case .add: for index in 0..<count { results[index] = left[index] + right[index] }
    case .subtract: for index in 0..<count { results[index] = left[index] - right[index] }
    case .multiply: for index in 0..<count { results[index] = left[index] * right[index] }
    case .divide: for index in 0..<count { results[index] = left[index] / right[index] }
    default:
      for index in 0..<count {
        results[index] = Number(applied(Double(left[index]), Double(right[index])))
      }
    }
  }
}

extension UnaryOp {
  /// Writes the function at every number.
  fileprivate func write<Number: BinaryFloatingPoint>(
    _ values: UnsafePointer<Number>, _ results: UnsafeMutablePointer<Number>, _ count: Int
  ) {
    switch self {
    case .negate: for index in 0..<count { results[index] = -values[index] }
    case .square: for index in 0..<count { results[index] = values[index] * values[index] }
    default:
      for index in 0..<count { results[index] = Number(applied(to: Double(values[index]))) }
    }
  }
}
