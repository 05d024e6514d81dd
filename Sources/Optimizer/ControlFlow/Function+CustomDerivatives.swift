import TensorIR

extension Function {
  /// An equal function in which functions with a stated derivative are written out, because no derivative
  /// will be taken any more.
  ///
  /// - Throws: `AdjointError` where an operation breaks its typing rule.
  package func droppingCustomDerivatives() throws -> Function {
    guard holdsCustomDerivative else { return self }
    return try replacingOperations { operation, operands, builder in
      if case .custom(let custom) = operation.op, let function = custom.function {
        return try builder.inline(function.droppingCustomDerivatives(), operands)
      }
      operation.op = try operation.op.mappingRegions { try $0.droppingCustomDerivatives() }
      return nil
    }
  }

  /// Whether some operation, in regions too, is a function with a stated derivative.
  private var holdsCustomDerivative: Bool {
    operations.contains { operation in
      if case .custom = operation.op { return true }
      return operation.op.regions.contains(where: \.holdsCustomDerivative)
    }
  }
}
