internal import CLLVM

/// A value of LLVM IR: a constant, parameter, global or instruction; valid as long as its module.
///
/// See <https://llvm.org/docs/LangRef.html#identifiers>.
package struct LLVMValue: Hashable {
  /// The LLVM handle.
  let ref: OpaquePointer

  /// Wraps a handle.
  init(ref: OpaquePointer) { self.ref = ref }

  /// Wraps a handle the C API declares as optional but never returns null for.
  init(_ ref: OpaquePointer?) {
    guard let ref else { preconditionFailure("LLVM returned no value") }
    self.ref = ref
  }

  /// The type of the value.
  package var type: LLVMType { LLVMType(LLVMTypeOf(ref)) }

  /// Whether the value is a constant; the builder folds operations on constants.
  package var isConstant: Bool { LLVMIsConstant(ref) != 0 }

  /// The value of an integer constant of up to 64 bits; nil for anything else.
  package var constantInteger: Int? {
    LLVMIsAConstantInt(ref) == nil ? nil : Int(LLVMConstIntGetSExtValue(ref))
  }

  /// The only lane in which a constant vector of booleans holds; nil of anything else.
  var onlyLane: Int? {
    guard isConstant, type.isVector else { return nil }
    var found: Int?
    for lane in 0..<type.vectorWidth {
      guard let element = LLVMGetAggregateElement(ref, UInt32(lane)),
        LLVMIsAConstantInt(element) != nil
      else { return nil }
      if LLVMConstIntGetZExtValue(element) == 0 { continue }
      if found != nil { return nil }
      found = lane
    }
    return found
  }

  /// Names the value in printed IR.
  package func setName(_ name: String) { LLVMSetValueName2(ref, name, name.utf8.count) }

  /// The value as LLVM prints it.
  package var text: String { takeMessage(LLVMPrintValueToString(ref)) }
}

/// A basic block of a function.
///
/// See <https://llvm.org/docs/LangRef.html#functions>.
package struct LLVMBlock: Hashable {
  /// The LLVM handle.
  let ref: OpaquePointer

  /// Wraps a handle the C API declares as optional but never returns null for.
  init(_ ref: OpaquePointer?) {
    guard let ref else { preconditionFailure("LLVM returned no block") }
    self.ref = ref
  }

  /// Whether the block already ends in a branch or return.
  package var isTerminated: Bool { LLVMGetBasicBlockTerminator(ref) != nil }
}
