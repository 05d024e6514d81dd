internal import Batching
internal import Optimizer
internal import TensorIR

/// The derivatives of all elements of a function's result by all elements of its argument: a tensor
/// with the axes of the result, then those of the argument.
///
/// Made forward, with a tangent for each element of the argument, where there are not more of these
/// than of the result; else in reverse. Either way all are computed at once.
///
/// - Throws: `AdjointError` for mistakes in the function, where an operation has no derivative, and
///   what the function throws.
public func jacobian<Scalar: TensorFloatingPoint, Result: TensorFloatingPoint>(
  at x: Tensor<Scalar>, file: String = #fileID, line: Int = #line,
  of function: (Tensor<Scalar>) throws -> Tensor<Result>
) throws -> Tensor<Result> {
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, x) { try $1.read($0) }
  return Tensor(try recording.jacobian())
}

/// The function that gives the Jacobian of another one at its argument.
///
/// - Throws: nothing here; calls throw as `jacobian(at:of:)`.
public func jacobian<Scalar: TensorFloatingPoint, Result: TensorFloatingPoint>(
  file: String = #fileID, line: Int = #line,
  of function:
    @escaping @Sendable (Tensor<Scalar>) throws -> Tensor<Result>
) -> @Sendable (Tensor<Scalar>) throws -> Tensor<Result> {
  { x in try jacobian(at: x, file: file, line: line, of: function) }
}

/// The second derivatives of a function with a scalar result: a tensor with the axes of the argument
/// twice.
///
/// - Throws: as `jacobian(at:of:)`, and where the result is not a scalar.
public func hessian<Scalar: TensorFloatingPoint, Result: TensorFloatingPoint>(
  at x: Tensor<Scalar>, file: String = #fileID, line: Int = #line,
  of function: (Tensor<Scalar>) throws -> Tensor<Result>
) throws -> Tensor<Scalar> {
  try jacobian(at: x, file: file, line: line) { x in
    try gradient(at: x, file: file, line: line, of: function)
  }
}

/// The function that gives the Hessian of another one at its argument.
///
/// - Throws: nothing here; calls throw as `hessian(at:of:)`.
public func hessian<Scalar: TensorFloatingPoint, Result: TensorFloatingPoint>(
  file: String = #fileID, line: Int = #line,
  of function:
    @escaping @Sendable (Tensor<Scalar>) throws -> Tensor<Result>
) -> @Sendable (Tensor<Scalar>) throws -> Tensor<Scalar> {
  jacobian(file: file, line: line, of: gradient(file: file, line: line, of: function))
}

extension Recording {
  /// The Jacobian of the only result by the only argument.
  fileprivate func jacobian() throws -> TensorNode {
    do {
      let (input, output) = (arguments[0].type, traced.function.resultTypes[0])
      let isForward = input.count <= output.count
      var function = try traced.function.simplifiedInTrace()
        .differentiated(by: isForward ? .jvp([0]) : .vjp([0]))
      function.results = function.results.suffix(1)
      let derivative = TracedFunction(
        function: try function.simplifiedInTrace()
          .basisDerivatives(seeding: function.parameters.count - 1),
        captures: [])
      let results = try derivative.applied(to: arguments + traced.captures, at: location)
      guard let slopes = results.last else { return .zeros(input) }
      guard isForward else {
        return slopes.reshape(to: output.shape + input.shape, at: location)
      }
      let axes = Array(1..<slopes.type.rank) + [0]
      return slopes.transpose(axes, at: location)
        .reshape(to: output.shape + input.shape, at: location)
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }
}
