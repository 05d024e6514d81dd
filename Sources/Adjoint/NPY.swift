internal import TensorIR

extension TensorData {
  /// Reads a tensor from a `.npy` file.
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be read, is malformed or holds
  ///   something else than `<f4`, `<f8`, `<i4`, `<i8` or `|b1` in C order.
  public init(npy path: String) throws {
    throw AdjointError(.unsupported, "\(path): .npy files cannot be read yet")
  }

  /// Writes the tensor to a `.npy` file.
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be written.
  public func write(npy path: String) throws {
    throw AdjointError(.unsupported, "\(path): .npy files cannot be written yet")
  }
}
