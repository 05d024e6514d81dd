package import LLVMBridge

/// Hyperbolic functions and their inverses, the tangent and the cube root.
///
/// For floats they are made of the functions of doubles, whose error vanishes in the rounding; for
/// doubles they are the C library's, lane by lane.
extension VectorMath {
  /// A function that for floats is computed in double precision by `body`, and for doubles is one of the
  /// C library.
  func throughDoubles(
    _ operands: [LLVMValue], library: String?, _ body: (Lanes, [LLVMValue]) -> LLVMValue
  ) -> LLVMValue {
    let type = operands[0].type
    let isDouble = type.scalarBits == 64
    if isDouble, let library { return laneByLane(library, operands) }
    let double = builder.module.double.withWidth(type.vectorWidth)
    let wide = isDouble ? operands : operands.map { builder.fpext($0, double) }
    let result = exactly(wide[0]) { body($0, wide) }
    return isDouble ? result : builder.fptrunc(result, type)
  }

  /// The C library's function of doubles, called for each lane.
  private func laneByLane(_ name: String, _ operands: [LLVMValue]) -> LLVMValue {
    let module = builder.module
    let function = module.declareFunction(
      name, parameters: operands.map { _ in module.double }, returns: module.double)
    let type = operands[0].type
    guard type.isVector else { return builder.call(function, operands) }
    return (0..<type.vectorWidth).reduce(builder.poison(type)) { vector, lane in
      let value = builder.call(function, operands.map { builder.extractElement($0, lane) })
      return builder.insertElement(vector, value, builder.int(lane, module.i32))
    }
  }

  /// The tangent; NaN for infinities.
  package func tan(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "tan") { _, x in
      let (sine, cosine) = sinCos(x[0])
      return builder.fdiv(sine, cosine)
    }
  }

  /// The hyperbolic sine: (e + e / (e + 1)) / 2 with e = e^|x| − 1.
  package func sinh(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "sinh") { lanes, x in
      let b = builder
      let e = expm1(lanes.atMost(lanes.constant(700), b.fabs(x[0])))
      let sum = b.fadd(e, b.fdiv(e, b.fadd(e, lanes.constant(1))))
      return b.copysign(b.fmul(sum, lanes.constant(0.5)), x[0])
    }
  }

  /// The hyperbolic cosine.
  package func cosh(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "cosh") { lanes, x in
      let b = builder
      let e = exp(lanes.atMost(lanes.constant(700), b.fabs(x[0])))
      return b.fmul(b.fadd(e, b.fdiv(lanes.constant(1), e)), lanes.constant(0.5))
    }
  }

  /// The inverse hyperbolic sine: log1p(x + x² / (1 + √(1 + x²))).
  package func asinh(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "asinh") { lanes, x in
      let b = builder
      let magnitude = b.fabs(x[0])
      let square = b.fmul(magnitude, magnitude)
      let root = b.sqrt(b.fadd(square, lanes.constant(1)))
      let part = b.fdiv(square, b.fadd(root, lanes.constant(1)))
      let value = log1p(b.fadd(magnitude, part))
      let isFinite = b.fcmp(.one, magnitude, lanes.constant(.infinity))
      return b.copysign(b.select(isFinite, value, magnitude), x[0])
    }
  }

  /// The inverse hyperbolic cosine: log1p(t + √(2t + t²)) with t = x − 1; NaN below 1.
  package func acosh(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "acosh") { lanes, x in
      let b = builder
      let t = b.fsub(x[0], lanes.constant(1))
      let root = b.sqrt(b.fmul(t, b.fadd(t, lanes.constant(2))))
      let isBelow = b.fcmp(.olt, t, lanes.constant(0))
      return b.select(isBelow, lanes.constant(.nan), log1p(b.fadd(t, root)))
    }
  }

  /// The inverse hyperbolic tangent: log1p(2x / (1 − x)) / 2.
  package func atanh(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "atanh") { lanes, x in
      let b = builder
      let magnitude = b.fabs(x[0])
      let quotient = b.fdiv(
        b.fadd(magnitude, magnitude), b.fsub(lanes.constant(1), magnitude))
      return b.copysign(b.fmul(log1p(quotient), lanes.constant(0.5)), x[0])
    }
  }

  /// The cube root: the exponential of a third of the logarithm, and a step of Newton's method.
  package func cbrt(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "cbrt") { lanes, x in
      let b = builder
      let magnitude = b.fabs(x[0])
      let root = exp(b.fmul(log(magnitude), lanes.constant(1.0 / 3)))
      let miss = b.fma(b.fmul(root, root), b.fneg(root), magnitude)
      let step = b.fdiv(miss, b.fmul(lanes.constant(3), b.fmul(root, root)))
      let isRegular = b.and(
        b.fcmp(.one, magnitude, lanes.constant(0)),
        b.fcmp(.one, magnitude, lanes.constant(.infinity)))
      return b.copysign(b.select(isRegular, b.fadd(root, step), magnitude), x[0])
    }
  }
}
