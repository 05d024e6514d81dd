internal import CLLVM

/// Appends instructions to the end of a block; owned by whoever emits one function of a module.
///
/// Operands that are all constant are folded. Floating-point arithmetic carries the `contract`
/// flag, which lets a product and a sum become one fused operation, unless
/// ``allowsContraction`` is off. See <https://llvm.org/docs/LangRef.html>.
package final class IRBuilder {
  /// The module the instructions belong to.
  package let module: LLVMModule
  /// Whether a product and a sum may be fused; error-compensated arithmetic turns it off.
  package var allowsContraction = true
  /// LLVM's builder.
  let ref: OpaquePointer
  /// What was computed so far in the block that is being built.
  var computations = Computations()
  /// Splatted constants made so far.
  private var splats: [ConstantKey: LLVMValue] = [:]

  /// Creates a builder without a position.
  package init(_ module: LLVMModule) {
    self.module = module
    guard let ref = LLVMCreateBuilderInContext(module.context) else {
      preconditionFailure("LLVM made no builder")
    }
    self.ref = ref
  }

  deinit { LLVMDisposeBuilder(ref) }

  /// Moves to the end of a block.
  package func position(at block: LLVMBlock) { LLVMPositionBuilderAtEnd(ref, block.ref) }

  /// The block instructions are appended to.
  package var currentBlock: LLVMBlock { LLVMBlock(LLVMGetInsertBlock(ref)) }

  /// Appends a block to the function that is being built, without moving to it.
  package func appendBlock(_ name: String = "") -> LLVMBlock {
    LLVMBlock(LLVMAppendBasicBlockInContext(module.context, currentFunction, name))
  }

  /// The function that is being built.
  var currentFunction: OpaquePointer? { LLVMGetBasicBlockParent(LLVMGetInsertBlock(ref)) }

  // MARK: Constants

  /// The integer `value`, in every lane; bits that do not fit are dropped.
  package func int(_ value: Int, _ type: LLVMType) -> LLVMValue {
    let lane = type.scalar
    assert(lane.isInteger, "an integer constant of type \(type.text)")
    if lane == type {
      return LLVMValue(LLVMConstInt(lane.ref, UInt64(bitPattern: Int64(value)), 1))
    }
    let key = ConstantKey(type: type, bits: UInt64(bitPattern: Int64(value)))
    return splat(key) { LLVMConstInt(lane.ref, key.bits, 1) }
  }

  /// The number `value` rounded to the lane type, in every lane.
  package func float(_ value: Double, _ type: LLVMType) -> LLVMValue {
    let lane = type.scalar
    assert(lane.isFloatingPoint, "a floating-point constant of type \(type.text)")
    if lane == type { return LLVMValue(LLVMConstReal(lane.ref, value)) }
    return splat(ConstantKey(type: type, bits: value.bitPattern)) { LLVMConstReal(lane.ref, value) }
  }

  /// The constant of `key`, made from one lane the first time.
  private func splat(_ key: ConstantKey, _ lane: () -> OpaquePointer?) -> LLVMValue {
    if let known = splats[key] { return known }
    var lanes = [OpaquePointer?](repeating: lane(), count: key.type.vectorWidth)
    let made = LLVMValue(LLVMConstVector(&lanes, UInt32(lanes.count)))
    splats[key] = made
    return made
  }

  /// The truth value `value`.
  package func bool(_ value: Bool) -> LLVMValue { int(value ? 1 : 0, module.i1) }

  /// The constant whose bits are all zero; the null pointer.
  package func zero(_ type: LLVMType) -> LLVMValue { LLVMValue(LLVMConstNull(type.ref)) }

  /// A value that must not influence anything.
  package func poison(_ type: LLVMType) -> LLVMValue { LLVMValue(LLVMGetPoison(type.ref)) }

  /// A value of arbitrary bits.
  package func undef(_ type: LLVMType) -> LLVMValue { LLVMValue(LLVMGetUndef(type.ref)) }

  /// The vector of the given constants.
  package func constantVector(_ lanes: [LLVMValue]) -> LLVMValue {
    var refs: [OpaquePointer?] = lanes.map(\.ref)
    return lanes.count == 1 ? lanes[0] : LLVMValue(LLVMConstVector(&refs, UInt32(refs.count)))
  }

  // MARK: Calls

  /// Calls a function of the module.
  @discardableResult
  package func call(_ function: LLVMFunction, _ arguments: [LLVMValue]) -> LLVMValue {
    callIndirect(function.type, function.value, arguments)
  }

  /// Calls the function of type `type` at an address.
  @discardableResult
  package func callIndirect(
    _ type: LLVMType, _ pointer: LLVMValue, _ arguments: [LLVMValue]
  ) -> LLVMValue {
    precondition(
      Int(LLVMCountParamTypes(type.ref)) == arguments.count,
      "a call with \(arguments.count) arguments of \(type.text)")
    var refs: [OpaquePointer?] = arguments.map(\.ref)
    return LLVMValue(LLVMBuildCall2(ref, type.ref, pointer.ref, &refs, UInt32(refs.count), ""))
  }

  /// Calls the overload of an intrinsic that `overloads` select.
  @discardableResult
  package func intrinsic(
    _ intrinsic: Intrinsic, _ overloads: [LLVMType], _ arguments: [LLVMValue]
  ) -> LLVMValue {
    let declaration = module.declaration(of: intrinsic, overloads)
    precondition(
      declaration.parameterCount == arguments.count,
      "an intrinsic of \(declaration.parameterCount) parameters with \(arguments.count) arguments")
    var refs: [OpaquePointer?] = arguments.map(\.ref)
    return flagged(
      LLVMBuildCall2(ref, declaration.type, declaration.function, &refs, UInt32(refs.count), ""))
  }

  /// Calls the overload of the intrinsic called `name`.
  @discardableResult
  package func intrinsic(
    _ name: String, _ overloads: [LLVMType], _ arguments: [LLVMValue]
  ) -> LLVMValue {
    intrinsic(Intrinsic(name), overloads, arguments)
  }

  /// Lets `instruction` be contracted, if it is an instruction that can be.
  ///
  /// Setting flags on a folded constant would write to memory that is not the constant's.
  func flagged(_ instruction: OpaquePointer?) -> LLVMValue {
    if allowsContraction, LLVMCanValueUseFastMathFlags(instruction) != 0 {
      LLVMSetFastMathFlags(instruction, LLVMFastMathFlags(LLVMFastMathAllowContract))
    }
    return LLVMValue(instruction)
  }
}

/// A splatted constant: type and bits of a lane.
private struct ConstantKey: Hashable {
  /// The vector type.
  let type: LLVMType
  /// The bits of one lane.
  let bits: UInt64
}
