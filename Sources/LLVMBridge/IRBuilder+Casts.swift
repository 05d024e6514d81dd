internal import CLLVM

/// Conversions between types; a cast to the value's own type is the value itself.
///
/// See <https://llvm.org/docs/LangRef.html#conversion-operations>.
extension IRBuilder {
  /// Widens a signed integer.
  package func sext(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    once(.sext, a.ref, type.ref) { LLVMBuildSExt(ref, a.ref, type.ref, "") }
  }

  /// Widens an unsigned integer.
  package func zext(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    once(.zext, a.ref, type.ref) { LLVMBuildZExt(ref, a.ref, type.ref, "") }
  }

  /// Keeps the low bits of an integer.
  package func trunc(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    once(.trunc, a.ref, type.ref) { LLVMBuildTrunc(ref, a.ref, type.ref, "") }
  }

  /// Rounds to a narrower floating-point type.
  package func fptrunc(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildFPTrunc(ref, a.ref, type.ref, ""))
  }

  /// Widens to a larger floating-point type.
  package func fpext(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildFPExt(ref, a.ref, type.ref, ""))
  }

  /// Truncates to a signed integer; poison if the result does not fit.
  package func fptosi(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildFPToSI(ref, a.ref, type.ref, ""))
  }

  /// Truncates to an unsigned integer; poison if the result does not fit.
  package func fptoui(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildFPToUI(ref, a.ref, type.ref, ""))
  }

  /// Truncates to a signed integer; saturates, and NaN gives zero.
  package func fptosiSaturating(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    intrinsic(.fptosiSat, [type, a.type], [a])
  }

  /// Truncates to an unsigned integer; saturates, and NaN gives zero.
  package func fptouiSaturating(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    intrinsic(.fptouiSat, [type, a.type], [a])
  }

  /// Rounds a signed integer to floating point.
  package func sitofp(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildSIToFP(ref, a.ref, type.ref, ""))
  }

  /// Rounds an unsigned integer to floating point.
  package func uitofp(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildUIToFP(ref, a.ref, type.ref, ""))
  }

  /// Reads the same bits as another type of the same size.
  package func bitcast(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildBitCast(ref, a.ref, type.ref, ""))
  }

  /// The address as an integer.
  package func ptrtoint(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildPtrToInt(ref, a.ref, type.ref, ""))
  }

  /// The integer as an address.
  package func inttoptr(_ a: LLVMValue, _ type: LLVMType) -> LLVMValue {
    LLVMValue(LLVMBuildIntToPtr(ref, a.ref, type.ref, ""))
  }
}
