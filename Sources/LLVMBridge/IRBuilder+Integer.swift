internal import CLLVM

/// How two integers are compared; `s` is signed and `u` unsigned.
///
/// See <https://llvm.org/docs/LangRef.html#icmp-instruction>.
package enum IntegerPredicate: CaseIterable, Sendable {
  case eq, ne, slt, sle, sgt, sge, ult, ule, ugt, uge

  /// LLVM's number.
  var llvm: LLVMIntPredicate {
    switch self {
    case .eq: LLVMIntEQ
    case .ne: LLVMIntNE
    case .slt: LLVMIntSLT
    case .sle: LLVMIntSLE
    case .sgt: LLVMIntSGT
    case .sge: LLVMIntSGE
    case .ult: LLVMIntULT
    case .ule: LLVMIntULE
    case .ugt: LLVMIntUGT
    case .uge: LLVMIntUGE
    }
  }
}

/// Integer arithmetic on scalars and vectors; overflow wraps.
extension IRBuilder {
  /// The sum.
  package func add(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.add, a.ref, b.ref) { LLVMBuildAdd(ref, a.ref, b.ref, "") }
  }

  /// The sum, which the caller knows not to overflow as a signed integer.
  package func addNoWrap(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.addNoWrap, a.ref, b.ref) { LLVMBuildNSWAdd(ref, a.ref, b.ref, "") }
  }

  /// The difference.
  package func sub(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.sub, a.ref, b.ref) { LLVMBuildSub(ref, a.ref, b.ref, "") }
  }

  /// The product.
  package func mul(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.mul, a.ref, b.ref) { LLVMBuildMul(ref, a.ref, b.ref, "") }
  }

  /// The signed quotient toward zero; undefined for a zero divisor and for the overflowing case.
  package func sdiv(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.sdiv, a.ref, b.ref) { LLVMBuildSDiv(ref, a.ref, b.ref, "") }
  }

  /// The unsigned quotient; undefined for a zero divisor.
  package func udiv(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.udiv, a.ref, b.ref) { LLVMBuildUDiv(ref, a.ref, b.ref, "") }
  }

  /// The signed remainder with the sign of `a`; undefined where ``sdiv(_:_:)`` is.
  package func srem(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.srem, a.ref, b.ref) { LLVMBuildSRem(ref, a.ref, b.ref, "") }
  }

  /// The unsigned remainder; undefined for a zero divisor.
  package func urem(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.urem, a.ref, b.ref) { LLVMBuildURem(ref, a.ref, b.ref, "") }
  }

  /// The bits set in both.
  package func and(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.and, a.ref, b.ref) { LLVMBuildAnd(ref, a.ref, b.ref, "") }
  }

  /// The bits set in either.
  package func or(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.or, a.ref, b.ref) { LLVMBuildOr(ref, a.ref, b.ref, "") }
  }

  /// The bits set in one.
  package func xor(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.xor, a.ref, b.ref) { LLVMBuildXor(ref, a.ref, b.ref, "") }
  }

  /// The bits shifted up; poison if `b` is not below the width.
  package func shl(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.shl, a.ref, b.ref) { LLVMBuildShl(ref, a.ref, b.ref, "") }
  }

  /// The bits shifted down with zeros; poison if `b` is not below the width.
  package func lshr(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.lshr, a.ref, b.ref) { LLVMBuildLShr(ref, a.ref, b.ref, "") }
  }

  /// The bits shifted down with copies of the sign; poison if `b` is not below the width.
  package func ashr(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.ashr, a.ref, b.ref) { LLVMBuildAShr(ref, a.ref, b.ref, "") }
  }

  /// The bits flipped.
  package func not(_ a: LLVMValue) -> LLVMValue { LLVMValue(LLVMBuildNot(ref, a.ref, "")) }

  /// The two's complement negative.
  package func neg(_ a: LLVMValue) -> LLVMValue { LLVMValue(LLVMBuildNeg(ref, a.ref, "")) }

  /// The smaller signed integer.
  package func smin(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.smin, a.ref, b.ref) { intrinsic(.smin, [a.type], [a, b]).ref }
  }

  /// The larger signed integer.
  package func smax(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.smax, a.ref, b.ref) { intrinsic(.smax, [a.type], [a, b]).ref }
  }

  /// The smaller unsigned integer.
  package func umin(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.umin, a.ref, b.ref) { intrinsic(.umin, [a.type], [a, b]).ref }
  }

  /// The larger unsigned integer.
  package func umax(_ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    checkIntegers(a, b)
    return once(.umax, a.ref, b.ref) { intrinsic(.umax, [a.type], [a, b]).ref }
  }

  /// The number of set bits.
  package func ctpop(_ a: LLVMValue) -> LLVMValue { intrinsic(.ctpop, [a.type], [a]) }

  /// The number of leading zero bits; the width for zero.
  package func ctlz(_ a: LLVMValue) -> LLVMValue { intrinsic(.ctlz, [a.type], [a, bool(false)]) }

  /// The number of trailing zero bits; the width for zero.
  package func cttz(_ a: LLVMValue) -> LLVMValue { intrinsic(.cttz, [a.type], [a, bool(false)]) }

  /// Compares lane by lane; the result is an `i1` or a mask.
  package func icmp(_ predicate: IntegerPredicate, _ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    assert(a.type == b.type, "compared types \(a.type.text) and \(b.type.text)")
    return once(.compare(predicate), a.ref, b.ref) {
      LLVMBuildICmp(ref, predicate.llvm, a.ref, b.ref, "")
    }
  }

  /// `a` where the condition, an `i1` or a mask, holds and `b` elsewhere.
  package func select(_ condition: LLVMValue, _ a: LLVMValue, _ b: LLVMValue) -> LLVMValue {
    assert(a.type == b.type, "selected types \(a.type.text) and \(b.type.text)")
    return LLVMValue(LLVMBuildSelect(ref, condition.ref, a.ref, b.ref, ""))
  }

  /// Traps, in debug builds, if the operands are not of one integer type.
  @inline(__always)
  private func checkIntegers(_ a: LLVMValue, _ b: LLVMValue) {
    assert(
      a.type == b.type && a.type.isInteger,
      "integer operands of types \(a.type.text) and \(b.type.text)")
  }
}
