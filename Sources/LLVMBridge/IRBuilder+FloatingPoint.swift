internal import CLLVM

/// How two floating-point values are compared; `o` is false and `u` is true for NaN.
///
/// See <https://llvm.org/docs/LangRef.html#fcmp-instruction>.
package enum FloatPredicate: CaseIterable, Sendable {
  case oeq, one, olt, ole, ogt, oge, ord, ueq, une, ult, ule, ugt, uge, uno

  /// LLVM's number.
  var llvm: LLVMRealPredicate {
    switch self {
    case .oeq: LLVMRealOEQ
    case .one: LLVMRealONE
    case .olt: LLVMRealOLT
    case .ole: LLVMRealOLE
    case .ogt: LLVMRealOGT
    case .oge: LLVMRealOGE
    case .ord: LLVMRealORD
    case .ueq: LLVMRealUEQ
    case .une: LLVMRealUNE
    case .ult: LLVMRealULT
    case .ule: LLVMRealULE
    case .ugt: LLVMRealUGT
    case .uge: LLVMRealUGE
    case .uno: LLVMRealUNO
    }
  }
}

/// Floating-point arithmetic on scalars and vectors.
extension IRBuilder {
  /// The sum.
  package func fadd(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return flagged(LLVMBuildFAdd(ref, a.ref, b.ref, ""))
  }

  /// The difference.
  package func fsub(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return flagged(LLVMBuildFSub(ref, a.ref, b.ref, ""))
  }

  /// The product.
  package func fmul(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return flagged(LLVMBuildFMul(ref, a.ref, b.ref, ""))
  }

  /// The quotient.
  package func fdiv(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return flagged(LLVMBuildFDiv(ref, a.ref, b.ref, ""))
  }

  /// The remainder with the sign of `a`, as C's `fmod`; a library call per lane.
  package func frem(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return flagged(LLVMBuildFRem(ref, a.ref, b.ref, ""))
  }

  /// The value with its sign bit flipped.
  package func fneg(_ a: LLVMValue) -> LLVMValue { flagged(LLVMBuildFNeg(ref, a.ref, "")) }

  /// `a * b + c` rounded once.
  package func fma(_ a: LLVMValue, _ b: LLVMValue, _ c: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    checkFloats(a, c)
    return intrinsic(.fma, [a.type], [a, b, c])
  }

  /// The correctly rounded square root.
  package func sqrt(_ a: LLVMValue) -> LLVMValue { intrinsic(.sqrt, [a.type], [a]) }

  /// The magnitude.
  package func fabs(_ a: LLVMValue) -> LLVMValue { intrinsic(.fabs, [a.type], [a]) }

  /// The nearest integer not above.
  package func floor(_ a: LLVMValue) -> LLVMValue { intrinsic(.floor, [a.type], [a]) }

  /// The nearest integer not below.
  package func ceil(_ a: LLVMValue) -> LLVMValue { intrinsic(.ceil, [a.type], [a]) }

  /// The nearest integer, ties to even.
  package func rint(_ a: LLVMValue) -> LLVMValue { intrinsic(.roundeven, [a.type], [a]) }

  /// The nearest integer, ties away from zero.
  package func round(_ a: LLVMValue) -> LLVMValue { intrinsic(.round, [a.type], [a]) }

  /// The nearest integer toward zero.
  package func ftrunc(_ a: LLVMValue) -> LLVMValue { intrinsic(.trunc, [a.type], [a]) }

  /// The magnitude of `a` with the sign of `b`.
  package func copysign(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return intrinsic(.copysign, [a.type], [a, b])
  }

  /// The smaller value; if one is NaN, the other.
  package func minnum(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return intrinsic(.minnum, [a.type], [a, b])
  }

  /// The larger value; if one is NaN, the other.
  package func maxnum(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return intrinsic(.maxnum, [a.type], [a, b])
  }

  /// The smaller value, with −0 below +0; NaN if one is NaN.
  package func minimum(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return intrinsic(.minimum, [a.type], [a, b])
  }

  /// The larger value, with −0 below +0; NaN if one is NaN.
  package func maximum(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return intrinsic(.maximum, [a.type], [a, b])
  }

  /// Compares lane by lane; the result is an `i1` or a mask.
  package func fcmp(_ predicate: FloatPredicate, _ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkFloats(a, b)
    return LLVMValue(LLVMBuildFCmp(ref, predicate.llvm, a.ref, b.ref, ""))
  }

  /// Traps, in debug builds, if the operands are not of one floating-point type.
  @inline(__always)
  private func checkFloats(_ a: LLVMValue, _ b: LLVMValue) {
    assert(
      a.type == b.type && a.type.isFloatingPoint,
      "floating-point operands of types \(a.type.text) and \(b.type.text)")
  }
}
