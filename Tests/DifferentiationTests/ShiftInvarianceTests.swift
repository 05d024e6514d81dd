import Differentiation
import TensorIR
import TestSupport
import Testing

/// Maxima that softmax-like programs subtract have no influence, so no derivative is computed.
@Suite struct ShiftInvarianceTests {
  /// Two rows of three numbers.
  private static let type = TensorType([2, 3], .f64)
  /// A point without ties.
  private static let point = Literal(type, doubles: [0.5, -1, 2, 1.5, 0.25, -0.5])

  /// The row maxima of a matrix, guarded against infinities as JAX writes it.
  private static func rowMaxima(
    _ builder: inout FunctionBuilder, _ x: ValueID
  ) throws -> ValueID {
    let maxima = try builder.reduce(.maximum, x, dimensions: [1])
    let lowest = try builder.splat(-.infinity, TensorType([2], .f64))
    let raised = try builder.binary(.maximum, lowest, maxima)
    let isFinite = try builder.unary(.isFinite, raised)
    return try builder.select(isFinite, raised, builder.splat(0, TensorType([2], .f64)))
  }

  /// Repeats a number for each row over the rows.
  private static func repeated(
    _ builder: inout FunctionBuilder, _ rows: ValueID
  ) throws -> ValueID {
    let column = try builder.broadcast(rows, to: [2, 1], dimensions: [0])
    return try builder.broadcast(column, to: [2, 3], dimensions: [0, 1])
  }

  /// What is computed from a matrix and its row maxima.
  typealias Body =
    @Sendable (inout FunctionBuilder, _ x: ValueID, _ maxima: ValueID) throws ->
    ValueID

  /// exp(x − m), and its row sums.
  private static func exponentials(
    _ builder: inout FunctionBuilder, _ x: ValueID, _ maxima: ValueID
  ) throws -> (terms: ValueID, sums: ValueID) {
    let shifted = try builder.subtract(x, repeated(&builder, maxima))
    let terms = try builder.unary(.exponential, shifted)
    return (terms, try builder.reduce(.add, terms, dimensions: [1]))
  }

  static let softmax: Body = { builder, x, maxima in
    let (terms, sums) = try exponentials(&builder, x, maxima)
    return try builder.divide(terms, repeated(&builder, sums))
  }

  static let logSumExp: Body = { builder, x, maxima in
    let sums = try exponentials(&builder, x, maxima).sums
    return try builder.add(builder.unary(.log, builder.unary(.abs, sums)), maxima)
  }

  static let logSoftmax: Body = { builder, x, maxima in
    let shifted = try builder.subtract(x, repeated(&builder, maxima))
    let sums = try builder.reduce(
      .add, builder.unary(.exponential, shifted), dimensions: [1])
    return try builder.subtract(shifted, repeated(&builder, builder.unary(.log, sums)))
  }

  /// Not invariant: the exponentials themselves.
  static let unnormalized: Body = { builder, x, maxima in
    try exponentials(&builder, x, maxima).terms
  }

  /// Not invariant: the maximum is added twice.
  static let addedTwice: Body = { builder, x, maxima in
    try builder.add(logSumExp(&builder, x, maxima), maxima)
  }

  /// Not invariant: sums over the axis along which maxima differ.
  static let summedAcross: Body = { builder, x, maxima in
    let terms = try exponentials(&builder, x, maxima).terms
    let sums = try builder.reduce(.add, terms, dimensions: [0])
    let wide = try builder.broadcast(sums, to: [2, 3], dimensions: [1])
    return try builder.divide(terms, wide)
  }

  /// Not invariant: a sum that starts from one.
  static let startedFromOne: Body = { builder, x, maxima in
    let terms = try exponentials(&builder, x, maxima).terms
    let one = try builder.constant(scalar(1))
    let sums = try builder.emit(.reduce(Reduction(.add, dimensions: [1])), [terms, one])
    return try builder.divide(terms, repeated(&builder, sums))
  }

  /// The function of a matrix that a body stands for.
  private func function(_ body: Body) throws -> Function {
    try Function(Self.type) { builder, parameters in
      let maxima = try Self.rowMaxima(&builder, parameters[0])
      return [try body(&builder, parameters[0], maxima)]
    }
  }

  /// Whether a function's reverse mode compares elements with a maximum.
  private func hasDerivativeOfMaximum(_ function: Function) throws -> Bool {
    try function.withVJP(of: [0]).operations.contains { $0.op.form.contains("compare EQ") }
  }

  @Test(arguments: [softmax, logSumExp, logSoftmax])
  func maximaWithoutInfluence(_ body: Body) throws {
    let function = try function(body)
    #expect(!(try hasDerivativeOfMaximum(function)))
    let check = DerivativeCheck(function, [Self.point])
    try check.expectFirstOrder()
    try check.expectSecondOrder()
  }

  @Test(arguments: [unnormalized, addedTwice, summedAcross, startedFromOne])
  func maximaWithInfluence(_ body: Body) throws {
    let function = try function(body)
    #expect(try hasDerivativeOfMaximum(function))
    try DerivativeCheck(function, [Self.point]).expectFirstOrder()
  }

  @Test func aReturnedMaximumHasItsDerivative() throws {
    let function = try Function(Self.type) { builder, parameters in
      let maxima = try Self.rowMaxima(&builder, parameters[0])
      return [try Self.softmax(&builder, parameters[0], maxima), maxima]
    }
    #expect(try hasDerivativeOfMaximum(function))
    try DerivativeCheck(function, [Self.point]).expectFirstOrder()
  }
}
