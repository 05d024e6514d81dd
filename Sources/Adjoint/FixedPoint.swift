internal import TensorIR

/// The state that a step leaves as it is: z = step(parameters, z), found by repeating the step.
///
/// The derivative does not go through the repetitions. It follows from the implicit function theorem: with
/// J and P the step's derivatives by the state and by the parameters there, a cotangent v of z gives Pᵀw for
/// the w with w = v + Jᵀw, which is found by repeating too. So it costs no memory that grows with the
/// number of steps, and does not depend on the first state. First and second derivatives are made this
/// way; higher ones go through the repetitions. Forward mode has none.
///
///     // Kepler's equation: the anomaly of an orbit.
///     let anomaly = try fixedPoint(at: eccentricity, from: Tensor<Double>(1)) { e, x in 0.7 + e * sin(x) }
///
/// - Parameters:
///   - parameters: what the state is differentiated by; tensors the step captures must not be.
///   - initial: the state to start from.
///   - tolerance: how much a step may still change any element, relative to the largest or to 1.
///   - maximumSteps: how many steps are made at most.
///   - step: a contraction near the state looked for.
/// - Returns: the state; where it does not converge, what the last step gives.
/// - Throws: `AdjointError` where the step changes the state's shapes or makes a mistake, and what the step
///   throws.
public func fixedPoint<Parameters: TensorArgument, State: TensorArgument>(
  at parameters: Parameters, from initial: State, tolerance: Double = 1e-6,
  maximumSteps: Int = 1000, file: String = #fileID, line: Int = #line,
  _ step: @escaping @Sendable (Parameters.Argument, State.Argument) throws -> State.Argument
) throws -> State.Argument {
  let search = FixedPointSearch(
    step: step, initial: withoutDerivative(at: initial.tensorArgument), tolerance: tolerance,
    maximumSteps: maximumSteps, location: .here(file, line))
  return try search.implicit(parameters.tensorArgument, orders: 2)
}

/// The repetition of a step until nothing changes.
private struct FixedPointSearch<Parameters: TensorTree, State: TensorTree>: Sendable {
  let step: @Sendable (Parameters, State) throws -> State
  let initial: State
  let tolerance: Double
  let maximumSteps: Int
  let location: SourceLocation

  /// The state, with as many derivatives by the implicit function theorem as `orders` says.
  func implicit(_ parameters: Parameters, orders: Int) throws -> State {
    if orders == 0 { return try repeated(from: initial) { try step(parameters, $0) } }
    let function = customDerivative(
      file: location.file, line: location.line,
      valueWithPullback: { (parameters: Parameters) in
        (
          value: try implicit(parameters, orders: 0),
          pullback: { (cotangent: State) in
            let state = try implicit(parameters, orders: orders - 1)
            let byState = try pullback(at: state) { try step(parameters, $0) }
            let sum = try repeated(from: cotangent) { try $0.adding(cotangent, byState, location) }
            return try pullback(at: parameters) { try step($0, state) }(sum)
          }
        )
      })
    return try function(parameters)
  }

  /// What repeating a function leads to.
  private func repeated(from start: State, _ next: (State) throws -> State) throws -> State {
    let first = Iteration(state: start, change: .literal(.infinity), count: 0)
    return try whileLoop(
      first, while: { ($0.change .> tolerance) & ($0.count .< Int32(clamping: maximumSteps)) },
      file: location.file, line: location.line
    ) { iteration in
      let state = try next(iteration.state)
      return Iteration(
        state: state, change: try iteration.state.change(to: state, location),
        count: iteration.count + 1)
    }.state
  }
}

/// The state of the repetition.
private struct Iteration<State: TensorTree>: TensorTree {
  var state: State
  /// How much the last step changed, relative to the largest element or to 1.
  var change: Tensor<Double>
  /// How many steps there were.
  var count: Tensor<Int32>

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&state)
    try visitor.visit(&change)
    try visitor.visit(&count)
  }
}

extension TensorTree {
  /// A cotangent and what a pullback makes of this one.
  fileprivate func adding(
    _ cotangent: Self, _ pullback: (Self) throws -> Self, _ location: SourceLocation
  ) throws -> Self {
    let parts = zip(
      try cotangent.validNodes(at: location), try pullback(self).validNodes(at: location))
    return try withNodes(
      parts.map { left, right in
        left.type.element.isFloat ? left.binary(.add, right, at: location) : left
      })
  }

  /// The largest change of an element of floats, relative to the largest element or to 1.
  fileprivate func change(to next: Self, _ location: SourceLocation) throws -> Tensor<Double> {
    var (change, size) = (Tensor<Double>(0), Tensor<Double>(1))
    for (old, new) in zip(try validNodes(at: location), try next.validNodes(at: location))
    where new.type.element.isFloat && new.type.count > 0 {
      /// The largest magnitude of an element.
      func largest(_ node: TensorNode) -> Tensor<Double> {
        Tensor(
          node.unary(.abs, at: location)
            .reduce(.maximum, over: nil, keepingDims: false, at: location)
            .convert(to: .f64, at: location))
      }
      change = max(change, largest(new.binary(.subtract, old, at: location)))
      size = max(size, largest(new))
    }
    return withoutDerivative(at: change / size)
  }
}
