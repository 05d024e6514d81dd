import TensorIR

extension Function {
  /// This function and its directional derivative, by forward mode.
  ///
  /// Parameters: this function's own, then one tangent of the same type for each entry of
  /// `parameters`. Results: this function's own, then the tangents of its float results, in order;
  /// results that are not floats have no tangent. Zero tangents exist as tensors only there.
  ///
  /// - Requires: the function is verified.
  /// - Throws: `AdjointError` for a call, for an index out of range and for a parameter that is not
  ///   a float.
  package func withJVP(of parameters: [Int]) throws -> Function {
    try checkDifferentiable(parameters)
    let forward = try ForwardPass(
      self, name: name + "_jvp", parameters: parameters, results: Array(results.indices),
      mode: .fused)
    return try forward.finished(
      tangentsOf: results.indices.filter { self[results[$0]].element.isInexact })
  }

  /// This function and the transpose of its derivative, by reverse mode.
  ///
  /// Parameters: this function's own, then one cotangent for each float result, in order. Results:
  /// this function's own, then the cotangents of the parameters in `parameters`, in that order.
  ///
  /// - Requires: the function is verified.
  /// - Throws: `AdjointError` for a call, for an index out of range and for a parameter that is not
  ///   a float.
  package func withVJP(of parameters: [Int]) throws -> Function {
    try checkDifferentiable(parameters)
    return try reversed(
      name: name + "_vjp", parameters: parameters, seed: .parameters(Array(results.indices)))
  }

  /// This function and the gradient of its first result, by reverse mode.
  ///
  /// Parameters: this function's own. Results: this function's own, then the gradients with respect
  /// to the parameters in `parameters`, in that order.
  ///
  /// - Requires: the function is verified.
  /// - Throws: `AdjointError` for a call, for an index out of range, for a parameter that is not a
  ///   float and for a first result that is not a float scalar.
  package func withGradient(of parameters: [Int]) throws -> Function {
    try checkDifferentiable(parameters)
    guard let loss = results.first else {
      throw AdjointError(
        .notDifferentiable, "@\(name) has no result; --grad needs a scalar loss", at: location)
    }
    guard self[loss].isScalar, self[loss].element.isFloat else {
      throw AdjointError(
        .notDifferentiable,
        "result 0 of @\(name) is \(self[loss]), not a scalar float; --grad needs a scalar loss",
        at: location)
    }
    return try reversed(name: name + "_gradient", parameters: parameters, seed: .one)
  }

  /// Linearizes, then transposes the linear part behind a copy of this function.
  private func reversed(
    name: String, parameters: [Int], seed: ReversePass.Seed
  ) throws -> Function {
    let forward = try ForwardPass(
      self, name: name, parameters: parameters, results: seed.results, mode: .linearized)
    return try ReversePass.transposed(forward, name: name, seed: seed)
  }

  /// Checks what does not depend on the mode: that nothing is called, and that every parameter
  /// named exists and is a float.
  private func checkDifferentiable(_ indices: [Int]) throws {
    for index in indices {
      guard parameters.indices.contains(index) else {
        let count = parameters.count == 1 ? "1 parameter" : "\(parameters.count) parameters"
        throw AdjointError(
          .argument, "parameter \(index) is out of range: @\(name) has \(count)", at: location)
      }
      let type = self[parameters[index]]
      guard type.element.isInexact else {
        throw AdjointError(
          .notDifferentiable,
          "parameter \(index) of @\(name) is \(type); only floats can be differentiated",
          at: location)
      }
    }
    for operation in operations {
      guard case .call(let callee) = operation.op else { continue }
      throw AdjointError(
        .unsupported, "the call of @\(callee.name) must be inlined before differentiating",
        at: operation.location)
    }
  }
}
