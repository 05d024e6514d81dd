/// A call of a function outside of the program: a C function, or a closure of the process.
package struct ForeignCall: Hashable, Sendable {
  /// What is called.
  package enum Target: Hashable, Sendable {
    /// A C function of a shared library; of the process where none is named.
    case symbol(String, library: String?)
    /// A closure, by the number it is registered under in this process.
    case closure(Int)
    /// A routine of the runtime, by its name, and whether it needs LAPACK.
    case routine(String, needsLibrary: Bool)
    /// Nothing: a derivative that nobody gave.
    case missing
    /// Nothing: the results are memory with unspecified contents.
    case memory
  }

  /// One parameter of the C function.
  package enum Parameter: Hashable, Sendable {
    /// A pointer to an operand's elements.
    case operand(Int)
    /// A pointer to where a result's elements go.
    case result(Int)
    /// The one element of an operand, by value.
    case value(Int)
    /// How many elements an operand or a result has, or how long an axis of it is.
    case extent(of: Place, axis: Int?, ElementType)
    /// A number.
    case constant(Literal)
    /// The pointer that belongs to the target: a closure's own.
    case datum
    /// The pointer to the runtime's context, which routines of the runtime take.
    case context
  }

  /// An operand or a result.
  package enum Place: Hashable, Sendable {
    case operand(Int)
    case result(Int)
  }

  /// What the C function returns.
  package enum Return: Hashable, Sendable {
    /// Nothing, or something that nobody reads.
    case nothing
    /// The one element of a result.
    case result(Int)
    /// An i32 that is zero where all went well; else the program ends there.
    case status
  }

  /// What a call is differentiated by.
  package indirect enum Derivative: Hashable, Sendable {
    /// There is none.
    case none
    /// (operands…, tangents of float operands…) → tangents of float results; and (operands…, cotangents
    /// of float results…) → cotangents of float operands.
    case functions(forward: ForeignCall?, reverse: ForeignCall?)
    /// Operations on the same operands and tangents as `forward` has.
    case rule(Region)
  }

  /// The name it is known by.
  package var name: String
  /// What is called.
  package var target: Target
  /// The parameters in order.
  package var parameters: [Parameter]
  /// What is returned.
  package var returned: Return
  /// The types of the operands.
  package var operandTypes: [TensorType]
  /// The types of the results, of which there is at least one.
  package var resultTypes: [TensorType]
  /// Whether the call does something besides giving results, so that it is carried out once and in
  /// order.
  package var hasEffects: Bool
  /// What it is differentiated by.
  package var derivative: Derivative
  /// The operands, from this one on, that all results are linear in; nil where it is no derivative.
  package var firstLinear: Int?
  /// For a forward derivative, the reverse one.
  package var transposed: Derivative

  package init(
    _ name: String, _ target: Target, parameters: [Parameter], returning returned: Return,
    operandTypes: [TensorType], resultTypes: [TensorType], hasEffects: Bool = false,
    derivative: Derivative = .none
  ) {
    self.name = name
    self.target = target
    self.parameters = parameters
    self.returned = returned
    self.operandTypes = operandTypes
    self.resultTypes = resultTypes
    self.hasEffects = hasEffects
    self.derivative = derivative
    firstLinear = nil
    transposed = .none
  }

  /// Memory for a tensor that is written before it is read, such as a table that a loop fills: no time goes
  /// into contents that nobody needs.
  package static func memory(_ type: TensorType) -> ForeignCall {
    ForeignCall(
      "memory", .memory, parameters: [], returning: .nothing, operandTypes: [], resultTypes: [type])
  }

  /// The error for a call whose target is missing.
  package var missingDerivative: AdjointError {
    AdjointError(.notDifferentiable, "the foreign function \(name) has no forward derivative")
  }
}

extension ForeignCall {
  /// - C1: operands have the types that the function was declared with.
  /// - C2: parameters name operands and all results that there are, by value only scalars of 32 or 64
  ///   bits.
  func resultTypes(_ check: TypingCheck) throws -> [TensorType] {
    try check.hasOperands(operandTypes.count)
    for (number, (given, declared)) in zip(check.operands, operandTypes).enumerated() {
      try check.require(1, given == declared) {
        "operand \(number) of \(name) must be \(declared), not \(given)"
      }
    }
    try check.require(2, !resultTypes.isEmpty) { "\(name) has no result" }
    for parameter in parameters {
      try check.require(2, isValid(parameter)) { "\(name) has no such parameter \(parameter.text)" }
    }
    for number in resultTypes.indices where !isWritten(number) {
      try check.require(2, false) { "\(name) gives no result \(number)" }
    }
    if case .result(let number) = returned {
      try check.require(2, isScalar(number, of: resultTypes)) { "\(name) cannot return its result" }
    }
    return resultTypes
  }

  /// Whether the function writes or returns a result.
  private func isWritten(_ number: Int) -> Bool {
    switch target {
    case .closure, .missing, .memory: true
    case .symbol, .routine: parameters.contains(.result(number)) || returned == .result(number)
    }
  }

  private func isValid(_ parameter: Parameter) -> Bool {
    switch parameter {
    case .operand(let number): return operandTypes.indices.contains(number)
    case .result(let number): return resultTypes.indices.contains(number)
    case .value(let number): return isScalar(number, of: operandTypes)
    case .extent(let place, let axis, let element):
      guard element == .i32 || element == .i64, let type = type(of: place) else { return false }
      return axis.map { type.shape.indices.contains($0) } ?? true
    case .constant(let literal): return literal.type.isScalar && literal.type.element.byteCount >= 4
    case .datum: return true
    case .context: if case .routine = target { return true } else { return false }
    }
  }

  /// The type of an operand or a result; nil where there is none of that number.
  private func type(of place: Place) -> TensorType? {
    switch place {
    case .operand(let number): operandTypes.indices.contains(number) ? operandTypes[number] : nil
    case .result(let number): resultTypes.indices.contains(number) ? resultTypes[number] : nil
    }
  }

  private func isScalar(_ number: Int, of types: [TensorType]) -> Bool {
    types.indices.contains(number) && types[number].count == 1
      && types[number].element.byteCount >= 4
  }

  /// The number that a parameter for an extent is.
  package func extent(of place: Place, axis: Int?) -> Int {
    guard let type = type(of: place) else { return 0 }
    return axis.map { type.shape[$0] } ?? type.count
  }
}
