internal import TensorIR

/// The x near `initial` at which function(parameters, x) is zero, found by Newton's method.
///
/// The derivative does not go through the search: it follows from the implicit function theorem, and so costs
/// no memory that grows with the number of steps and does not depend on where the search starts. Two more
/// Newton steps are made from the root, which is taken for a constant there; a step from a value whose first n
/// derivatives are right has right derivatives up to the order 2n + 1, so derivatives up to the third order are
/// right, in forward and reverse mode and by any tensor that the function reads.
///
///     // Kepler's equation: the anomaly of an orbit.
///     let anomaly = try root(at: eccentricity, near: Tensor<Double>(1)) { e, x in x - e * sin(x) - 0.7 }
///
/// - Parameters:
///   - parameters: what the function depends on besides x.
///   - initial: where the search starts.
///   - tolerance: how much the last step may change any element, relative to the largest or to 1.
///   - maximumSteps: how many steps are made at most.
///   - function: as many equations as x has elements, in a tensor of its shape. Its Jacobian by x must not be
///     singular near the root.
/// - Returns: the root; where the search does not converge, what the last step gives.
/// - Throws: `AdjointError` where the function gives another shape or makes a mistake, and what it throws.
public func root<Parameters: TensorArgument, Scalar: TensorFloatingPoint>(
  at parameters: Parameters, near initial: Tensor<Scalar>, tolerance: Double = 1e-6,
  maximumSteps: Int = 100, file: String = #fileID, line: Int = #line,
  of function: (Parameters.Argument, Tensor<Scalar>) throws -> Tensor<Scalar>
) throws -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  let parameters = parameters.tensorArgument
  let fixed = withoutDerivative(at: parameters)
  let start = NewtonSearch(
    x: withoutDerivative(at: initial), change: .literal(.infinity), count: 0)
  let found = try whileLoop(
    start,
    while: { ($0.change .> .literal(tolerance)) & ($0.count .< Int32(clamping: maximumSteps)) },
    file: location.file, line: location.line
  ) { search in
    let next = try newtonStep(from: search.x, at: location) { try function(fixed, $0) }
    let distance = Tensor<Double>(abs(next - search.x)).max()
    let size = max(1, Tensor<Double>(abs(next)).max())
    return NewtonSearch(x: next, change: distance / size, count: search.count + 1)
  }
  let equations = { x in try function(parameters, x) }
  let first = try newtonStep(
    from: withoutDerivative(at: found.x), isSlopeConstant: true, at: location, equations)
  return try newtonStep(from: first, at: location, equations)
}

/// The state of the search.
private struct NewtonSearch<Scalar: TensorFloatingPoint>: TensorTree {
  var x: Tensor<Scalar>
  /// How much the last step changed, relative to the largest element or to 1.
  var change: Tensor<Double>
  /// How many steps there were.
  var count: Tensor<Int32>

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&x)
    try visitor.visit(&change)
    try visitor.visit(&count)
  }
}

/// x less the Jacobian's inverse times the function there.
private func newtonStep<Scalar: TensorFloatingPoint>(
  from x: Tensor<Scalar>, isSlopeConstant: Bool = false, at location: SourceLocation,
  _ function: (Tensor<Scalar>) throws -> Tensor<Scalar>
) throws -> Tensor<Scalar> {
  let (file, line, count) = (location.file, location.line, x.count)
  let value = try function(x)
  if let failure = value.node.failure { throw failure }
  guard value.shape == x.shape else {
    throw AdjointError(
      .shape,
      "root: the function gives shape \(value.shape) for x of shape \(x.shape);"
        + " there must be an equation for each unknown", at: location)
  }
  var slope = try jacobian(at: x, file: file, line: line, of: function)
    .reshaped(to: [count, count], file: file, line: line)
  if isSlopeConstant { slope = withoutDerivative(at: slope, file: file, line: line) }
  let move = solve(
    slope, value.reshaped(to: [count], file: file, line: line), file: file, line: line)
  return located(file, line) { x - move.reshaped(to: x.shape) }
}
