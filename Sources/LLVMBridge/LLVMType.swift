internal import CLLVM

/// A type of LLVM IR, valid as long as the module that made it.
///
/// See <https://llvm.org/docs/LangRef.html#type-system>.
package struct LLVMType: Hashable {
  /// The LLVM handle; types are unique within a context, so equality of handles is equality of types.
  let ref: OpaquePointer

  /// Wraps a handle.
  init(ref: OpaquePointer) { self.ref = ref }

  /// Wraps a handle the C API declares as optional but never returns null for.
  init(_ ref: OpaquePointer?) {
    guard let ref else { preconditionFailure("LLVM returned no type") }
    self.ref = ref
  }

  /// Whether this is a vector with a fixed number of lanes.
  package var isVector: Bool { LLVMGetTypeKind(ref) == LLVMVectorTypeKind }

  /// The number of lanes; a scalar has one.
  package var vectorWidth: Int { isVector ? Int(LLVMGetVectorSize(ref)) : 1 }

  /// The type of one lane; a scalar is its own.
  package var scalar: LLVMType { isVector ? LLVMType(LLVMGetElementType(ref)) : self }

  /// Whether a lane is an integer.
  package var isInteger: Bool { LLVMGetTypeKind(scalar.ref) == LLVMIntegerTypeKind }

  /// Whether a lane is a floating-point number.
  package var isFloatingPoint: Bool {
    switch LLVMGetTypeKind(scalar.ref) {
    case LLVMHalfTypeKind, LLVMBFloatTypeKind, LLVMFloatTypeKind, LLVMDoubleTypeKind: true
    default: false
    }
  }

  /// Whether a lane is a pointer.
  package var isPointer: Bool { LLVMGetTypeKind(scalar.ref) == LLVMPointerTypeKind }

  /// Whether this is the type without values.
  package var isVoid: Bool { LLVMGetTypeKind(ref) == LLVMVoidTypeKind }

  /// The number of bits of a lane: 1 for `i1`, 64 for pointers, 0 for types that are not first class.
  package var scalarBits: Int {
    let lane = scalar.ref
    return switch LLVMGetTypeKind(lane) {
    case LLVMHalfTypeKind, LLVMBFloatTypeKind: 16
    case LLVMFloatTypeKind: 32
    case LLVMDoubleTypeKind, LLVMPointerTypeKind: 64
    case LLVMIntegerTypeKind: Int(LLVMGetIntTypeWidth(lane))
    default: 0
    }
  }

  /// The same lane type with another number of lanes; width 1 is the scalar itself.
  package func withWidth(_ width: Int) -> LLVMType {
    precondition(width >= 1, "a vector has at least one lane")
    let lane = scalar
    return width == 1 ? lane : LLVMType(LLVMVectorType(lane.ref, UInt32(width)))
  }

  /// The same number of lanes with another lane type.
  package func withScalar(_ lane: LLVMType) -> LLVMType { lane.withWidth(vectorWidth) }

  /// The integer type of `bits` bits with this type's number of lanes.
  package func integer(bits: Int) -> LLVMType {
    LLVMType(LLVMIntTypeInContext(LLVMGetTypeContext(ref), UInt32(bits))).withWidth(vectorWidth)
  }

  /// The integer type with as many bits and lanes as this type, for bit casts.
  package var asInteger: LLVMType { integer(bits: scalarBits) }

  /// The type as LLVM prints it.
  package var text: String { takeMessage(LLVMPrintTypeToString(ref)) }
}
