internal import Runtime
internal import Synchronization
internal import TensorIR

/// A function outside of the program that tensors can be given to: a C function of a shared library, or
/// a closure.
///
///     let cube = foreign("cube", in: "libcube.so", [.input(0), .output(0), .count(.input(0))])
///     let y: Tensor<Double> = cube(x, shape: x.shape)
///
/// Compiled code calls a C function directly; elements are packed in row-major order. A function without
/// a derivative cannot be differentiated; `differentiated(forward:reverse:)` and `differentiated(by:)`
/// give it one.
public struct ForeignFunction: Sendable {
  /// An operand or a result, by number.
  public enum Place: Hashable, Sendable {
    case input(Int)
    case output(Int)

    fileprivate var place: ForeignCall.Place {
      switch self {
      case .input(let number): .operand(number)
      case .output(let number): .result(number)
      }
    }
  }

  /// A parameter of a C function.
  public enum Parameter: Hashable, Sendable {
    /// A pointer to the elements of an operand, which are not changed.
    case input(Int)
    /// A pointer to where the elements of a result go.
    case output(Int)
    /// A scalar operand of 32 or 64 bits, by value.
    case value(Int)
    /// The number of elements, or the extent of an axis, as an `int64_t`.
    case count(Place, axis: Int? = nil)
    /// The same as an `int`.
    case count32(Place, axis: Int? = nil)
    /// An `int64_t`.
    case integer(Int)
    /// An `int`.
    case integer32(Int32)
    /// A `double`.
    case double(Double)

    fileprivate var parameter: ForeignCall.Parameter {
      switch self {
      case .input(let number): .operand(number)
      case .output(let number): .result(number)
      case .value(let number): .value(number)
      case .count(let place, let axis): .extent(of: place.place, axis: axis, .i64)
      case .count32(let place, let axis): .extent(of: place.place, axis: axis, .i32)
      case .integer(let value):
        .constant(Literal(TensorType([], .i64), integers: [Int64(value)]))
      case .integer32(let value):
        .constant(Literal(TensorType([], .i32), integers: [Int64(value)]))
      case .double(let value): .constant(Literal(TensorType([], .f64), doubles: [value]))
      }
    }
  }

  /// What a C function returns.
  public enum Returned: Hashable, Sendable {
    /// Nothing, or something that nobody needs.
    case nothing
    /// The one element of a result.
    case output(Int)
    /// An `int` that is zero where all went well; else the call throws an error.
    case status

    fileprivate var returned: ForeignCall.Return {
      switch self {
      case .nothing: .nothing
      case .output(let number): .result(number)
      case .status: .status
      }
    }
  }

  /// The name in messages.
  public let name: String
  /// How it is called, without types.
  private var declaration: ForeignDeclaration
  /// The closure, where it is one.
  private var closure: ClosureStore?
  /// The user's derivative.
  private var rule: Rule?

  /// Operands and tangents to tangents.
  private typealias Rule = @Sendable ([TensorNode], [TensorNode]) throws -> [TensorNode]

  fileprivate init(_ name: String, _ declaration: ForeignDeclaration, _ closure: ClosureStore?) {
    self.name = name
    self.declaration = declaration
    self.closure = closure
  }

  // MARK: Derivatives

  /// The function with a derivative that other functions compute.
  ///
  /// - Parameters:
  ///   - forward: takes the operands, then a tangent for each float operand; gives a tangent for each
  ///     float result. Nil where only gradients are asked for.
  ///   - reverse: takes the operands, then a cotangent for each float result; gives a cotangent for each
  ///     float operand. Nil where only forward mode is asked for.
  public func differentiated(
    forward: ForeignFunction? = nil, reverse: ForeignFunction? = nil
  ) -> ForeignFunction {
    var result = self
    result.forward = forward.map { Boxed($0) }
    result.reverse = reverse.map { Boxed($0) }
    result.rule = nil
    return result
  }

  /// The function with a derivative made of operations on tensors of one element type.
  ///
  /// - Parameter rule: takes the operands and their tangents; gives the tangents of the results, linear
  ///   in those of the operands.
  public func differentiated<Scalar: TensorFloatingPoint>(
    by rule: @escaping @Sendable ([Tensor<Scalar>], [Tensor<Scalar>]) throws -> [Tensor<Scalar>]
  ) -> ForeignFunction {
    var result = self
    (result.forward, result.reverse) = (nil, nil)
    result.rule = { operands, tangents in
      try rule(operands.map { Tensor($0) }, tangents.map { Tensor($0) }).map(\.node)
    }
    return result
  }

  /// A function in a box, so that it can be part of another.
  private final class Boxed: Sendable {
    let function: ForeignFunction
    init(_ function: ForeignFunction) { self.function = function }
  }

  private var forward: Boxed?
  private var reverse: Boxed?

  // MARK: Calls

  /// The function's one result, of the given shape.
  ///
  /// - Throws: nothing: errors are part of the tensor, as of any other operation.
  public func callAsFunction<each Operand: TensorScalar, Result: TensorScalar>(
    _ operands: repeat Tensor<each Operand>, shape: [Int], file: String = #fileID,
    line: Int = #line
  ) -> Tensor<Result> {
    let location = SourceLocation.here(file, line)
    var nodes: [TensorNode] = []
    repeat nodes.append((each operands).node)
    let operands = nodes
    return Tensor(
      TensorNode.capturing(Result.elementType) {
        try applied(to: operands, [TensorType(shape, Result.elementType)], at: location)[0]
      })
  }

  /// Several results of one element type.
  ///
  /// - Throws: `AdjointError` where operands or results do not fit.
  public func results<each Operand: TensorScalar, Result: TensorScalar>(
    _ operands: repeat Tensor<each Operand>, shapes: [[Int]], of: Result.Type = Result.self,
    file: String = #fileID, line: Int = #line
  ) throws -> [Tensor<Result>] {
    let location = SourceLocation.here(file, line)
    var nodes: [TensorNode] = []
    repeat nodes.append((each operands).node)
    let types = shapes.map { TensorType($0, Result.elementType) }
    return try applied(to: nodes, types, at: location).map { Tensor($0) }
  }

  private func applied(
    to operands: [TensorNode], _ results: [TensorType], at location: SourceLocation
  ) throws -> [TensorNode] {
    let call = try call(operands.map(\.type), results, at: location)
    // The closure lives as long as a function that was traced with it is run.
    return try withExtendedLifetime(closure) {
      try Op.foreign(call).applied(to: operands, at: location)
    }
  }

  /// The call with its derivative, for these types.
  private func call(
    _ operands: [TensorType], _ results: [TensorType], at location: SourceLocation
  ) throws -> ForeignCall {
    var declaration = declaration
    if let closure { declaration.target = .closure(try closure.number(operands, results)) }
    var call = declaration.call(name, operands, results)
    let tangents = operands.filter(\.element.isFloat)
    let derived = results.filter(\.element.isFloat)
    if let rule {
      let recording = try RegionRecording(operands + tangents, at: location) { nodes in
        try rule(
          Array(nodes.prefix(operands.count)), Array(nodes.dropFirst(operands.count)))
      }
      guard recording.resultTypes == derived else {
        throw AdjointError(
          .type, "the derivative of \(name) must give \(derived), not \(recording.resultTypes)",
          at: location)
      }
      call.derivative = .rule(try recording.closedRegion(at: location))
    } else if forward != nil || reverse != nil {
      call.derivative = .functions(
        forward: try forward?.function.call(operands + tangents, derived, at: location),
        reverse: try reverse?.function.call(operands + derived, tangents, at: location))
    }
    return call
  }
}

/// A C function of a shared library, or of the process where none is named.
///
/// - Parameters:
///   - symbol: its name.
///   - library: the library's path, or its name where the system finds it.
///   - parameters: what it is called with, in order.
///   - returned: what it returns.
///   - effects: whether it does something besides giving results, so that it is called once, in order
///     with others, even where nobody needs its results.
public func foreign(
  _ symbol: String, in library: String? = nil, _ parameters: [ForeignFunction.Parameter],
  returning returned: ForeignFunction.Returned = .nothing, effects: Bool = false
) -> ForeignFunction {
  var declaration = ForeignDeclaration(
    .symbol(symbol, library: library), parameters: parameters.map(\.parameter),
    returning: returned.returned)
  declaration.hasEffects = effects
  return ForeignFunction(symbol, declaration, nil)
}

/// A closure of Swift that compiled code calls with the values of tensors, each time it runs.
///
/// Where it throws, the call of the compiled function ends at once and throws that error.
///
/// - Parameters:
///   - name: what it is called in messages.
///   - effects: whether it does something besides giving results, so that it is called once, in order
///     with others, even where nobody needs its results.
public func foreign(
  closure name: String, effects: Bool = false,
  _ body: @escaping @Sendable ([TensorData]) throws -> [TensorData]
) -> ForeignFunction {
  var declaration = ForeignDeclaration(.missing, parameters: [], returning: .status)
  declaration.hasEffects = effects
  return ForeignFunction(name, declaration, ClosureStore(body))
}

/// A closure, registered for each combination of types that it is called with.
private final class ClosureStore: Sendable {
  private let body: @Sendable ([TensorData]) throws -> [TensorData]
  private let registered = Mutex<[[[TensorType]]: ForeignClosure]>([:])

  init(_ body: @escaping @Sendable ([TensorData]) throws -> [TensorData]) { self.body = body }

  /// The number that programs know the closure by.
  func number(_ operands: [TensorType], _ results: [TensorType]) throws -> Int {
    registered.withLock { registered in
      let key = [operands, results]
      if let known = registered[key] { return known.number }
      let closure = ForeignClosure(operands, results) { [body] literals in
        try body(literals.map { try TensorData($0) }).map(\.literal)
      }
      registered[key] = closure
      return closure.number
    }
  }
}
