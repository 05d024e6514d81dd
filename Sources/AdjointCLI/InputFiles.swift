import Adjoint

/// `.npy` files named on the command line, in the order of what they stand for.
struct InputFiles {
  /// What the files stand for; the raw value is the word in messages.
  enum Role: String {
    /// The function's own arguments.
    case argument
    /// One per result, for `--vjp`.
    case cotangent
    /// One per differentiated argument, for `--jvp`.
    case tangent
    /// One per result, for `--expected`.
    case expected = "expected result"
  }

  /// The paths.
  var paths: [String]
  /// What the files stand for.
  var role: Role

  /// Reads one tensor of each type.
  ///
  /// - Throws: `AdjointError` where the number of files or the type of one is another.
  func read(_ types: [TensorType]) throws -> [TensorData] {
    guard paths.count == types.count else {
      throw AdjointError(
        .argument,
        "the function \(role == .expected ? "gives" : "takes") \(types.count) \(role.rawValue)s, but \(paths.count) files are given"
      )
    }
    return try zip(paths, types).enumerated().map { position, pair in
      let (path, type) = pair
      let tensor = try TensorData(npy: path).read(as: type.element)
      guard tensor.type == type else {
        throw AdjointError(
          .argument,
          "\(role.rawValue) \(position) is a \(type), but the file holds a \(tensor.type)",
          at: SourceLocation(file: path, line: 0))
      }
      return tensor
    }
  }
}

extension TensorData {
  /// The same elements where NumPy has no type for them: bf16 from 16-bit integers of the same bits,
  /// 4-bit integers from bytes.
  fileprivate func read(as element: ElementType) throws -> TensorData {
    switch (element, type.element) {
    case (.bf16, .u16):
      return try TensorData(TensorType(type.shape, element), bytes: withUnsafeBytes { Array($0) })
    case (.i4, .i8), (.u4, .u8):
      return try TensorData(TensorType(type.shape, element), doubles: doubles)
    default: return self
    }
  }
}
