extension Tensor {
  /// The elements in row-major order; deferred operations run now.
  ///
  /// - Throws: `AdjointError` where the tensor failed on the way, or is traced by `jit`, where
  ///   there are no values yet.
  public func scalars(file: String = #fileID, line: Int = #line) throws -> [Scalar] {
    try withUnsafeScalars(file: file, line: line) { Array($0) }
  }

  /// The only element; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does, and where there is not exactly one element.
  public func item(file: String = #fileID, line: Int = #line) throws -> Scalar {
    let location = SourceLocation.here(file, line)
    let known = try node.known(at: location)
    guard count == 1 else {
      throw AdjointError(
        .shape, "item() needs one element, and shape \(shape) has \(count)", at: location)
    }
    return known.withUnsafeBytes { $0.load(as: Scalar.self) }
  }

  /// Calls `body` with the elements in row-major order; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does, and what `body` throws.
  public func withUnsafeScalars<Result>(
    file: String = #fileID, line: Int = #line,
    _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
  ) throws -> Result {
    let known = try node.known(at: .here(file, line))
    return try known.withUnsafeBytes { try body($0.bindMemory(to: Scalar.self)) }
  }

  /// The elements as data of run-time element type; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does.
  public func data(file: String = #fileID, line: Int = #line) throws -> TensorData {
    TensorData(try node.known(at: .here(file, line)))
  }
}

extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, in rows and shortened where they are many; deferred operations
  /// run now. Traced and failed tensors say so.
  public var description: String {
    if case .traced(let trace, _) = node.origin, !trace.isDefineByRun {
      return "Tensor<\(Scalar.self)>(traced, shape: \(shape))"
    }
    do {
      return try withUnsafeScalars(file: "", line: 0) { TensorText($0, shape: shape).text }
    } catch {
      return "Tensor<\(Scalar.self)>(failed: \(error))"
    }
  }
}
