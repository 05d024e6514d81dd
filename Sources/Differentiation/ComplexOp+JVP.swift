import TensorIR

extension ComplexOp {
  /// The same passage of the tangents; that of floats' imaginary parts is zero.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    switch self {
    case .make:
      guard operation.operands.contains(where: { pass.tangent($0) != nil }) else { return nil }
      let parts = try operation.operands.map { try pass.denseTangent($0) }
      return try pass.builder.emit(operation.op, parts)
    case .real, .imaginary, .conjugate:
      let operand = operation.operands[0]
      guard let tangent = pass.tangent(operand) else { return nil }
      if pass.type(operand).element.isComplex {
        return try pass.builder.emit(operation.op, [tangent])
      }
      return self == .imaginary ? nil : tangent
    }
  }
}

extension ForwardPass {
  /// The tangent of |z|: the part of ż that points as z does, and zero at zero.
  mutating func magnitudeTangent(of z: ValueID, _ tangent: ValueID) throws -> ValueID {
    let direction = try builder.emit(.complex(.conjugate), [builder.unary(.sign, z)])
    return try builder.emit(.complex(.real), [scale(tangent, by: direction)])
  }

  /// The tangent of s = z / |z|: the part of ż / |z| at right angles to s, and zero at zero.
  ///
  /// With s̄·ż = a + ib it is i·b·s / |z|.
  mutating func signTangent(of z: ValueID, _ sign: ValueID, _ tangent: ValueID) throws -> ValueID {
    let turned = try scale(tangent, by: builder.emit(.complex(.conjugate), [sign]))
    let across = try builder.emit(.complex(.imaginary), [turned])
    let size = try builder.unary(.abs, z)
    let type = builder[size]
    let isZero = try builder.compare(.equal, size, builder.splat(0, type))
    let divisor = try builder.select(isZero, builder.splat(1, type), size)
    let rate = try scale(across, dividingBy: divisor)
    let wide = try builder.emit(.complex(.make), [builder.splat(0, type), rate])
    return try scale(wide, by: sign)
  }
}
