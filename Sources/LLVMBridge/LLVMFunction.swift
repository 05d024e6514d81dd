internal import CLLVM

/// A function of a module, with its type and parameters.
///
/// See <https://llvm.org/docs/LangRef.html#functions>.
package struct LLVMFunction {
  /// The function as a pointer value, to be called or stored.
  package let value: LLVMValue
  /// The function's type, which calls through a pointer name.
  package let type: LLVMType
  /// The parameters, in order.
  package let parameters: [LLVMValue]
  /// The context that owns the function's types.
  let context: OpaquePointer

  /// Wraps the function `ref` of type `type`.
  init(ref: OpaquePointer?, type: LLVMType, context: OpaquePointer) {
    value = LLVMValue(ref)
    self.type = type
    self.context = context
    let function = value.ref
    parameters = (0..<LLVMCountParams(function)).map { LLVMValue(LLVMGetParam(function, $0)) }
  }

  /// Appends an empty basic block.
  package func appendBlock(_ name: String = "") -> LLVMBlock {
    LLVMBlock(LLVMAppendBasicBlockInContext(context, value.ref, name))
  }

  /// The name of the function's symbol.
  package var name: String {
    var length = 0
    guard let bytes = LLVMGetValueName2(value.ref, &length) else { return "" }
    return String(cString: bytes)
  }

  /// Adds an attribute to parameter `index`.
  package func setAttribute(_ attribute: ParameterAttribute, parameter index: Int) {
    precondition(parameters.indices.contains(index), "no parameter \(index)")
    LLVMAddAttributeAtIndex(value.ref, UInt32(index + 1), attribute.make(in: context))
  }

  /// Adds an attribute to the result.
  package func setResultAttribute(_ attribute: ParameterAttribute) {
    LLVMAddAttributeAtIndex(value.ref, 0, attribute.make(in: context))
  }

  /// Adds an attribute to the function.
  package func setAttribute(_ attribute: FunctionAttribute) {
    LLVMAddAttributeAtIndex(
      value.ref, LLVMAttributeIndex(bitPattern: Int32(LLVMAttributeFunctionIndex)),
      attribute.make(in: context))
  }
}

/// What a caller promises about a parameter.
///
/// See <https://llvm.org/docs/LangRef.html#parameter-attributes>.
package enum ParameterAttribute: Hashable, Sendable {
  /// No other pointer reaches the same memory while the function runs.
  case noalias
  /// The pointer is a multiple of this number of bytes.
  case align(Int)
  /// This number of bytes can be read without a trap.
  case dereferenceable(Int)
  /// The function reads, but does not write, through the pointer.
  case readonly
  /// The function writes, but does not read, through the pointer.
  case writeonly
  /// The pointer is not kept after the function returns.
  case nocapture
  /// The pointer is not null.
  case nonnull
  /// The value is neither undefined nor poison.
  case noundef

  /// The LLVM attribute.
  func make(in context: OpaquePointer) -> OpaquePointer? {
    switch self {
    case .noalias: enumAttribute("noalias", 0, context)
    case .align(let bytes): enumAttribute("align", UInt64(bytes), context)
    case .dereferenceable(let bytes): enumAttribute("dereferenceable", UInt64(bytes), context)
    case .readonly: enumAttribute("readonly", 0, context)
    case .writeonly: enumAttribute("writeonly", 0, context)
    // LLVM 21 replaced `nocapture` with `captures(none)`, whose value is zero.
    case .nocapture:
      enumAttribute(attributeKind("captures") != 0 ? "captures" : "nocapture", 0, context)
    case .nonnull: enumAttribute("nonnull", 0, context)
    case .noundef: enumAttribute("noundef", 0, context)
    }
  }
}

/// What holds for a function as a whole.
///
/// See <https://llvm.org/docs/LangRef.html#function-attributes>.
package enum FunctionAttribute: Hashable, Sendable {
  /// The function does not throw.
  case nounwind
  /// Calls are replaced with the body, when a pass pipeline runs.
  case alwaysinline
  /// Calls are kept.
  case noinline
  /// The function is rarely called.
  case cold
  /// A target-dependent attribute of two strings.
  case string(String, String)

  /// The LLVM attribute.
  func make(in context: OpaquePointer) -> OpaquePointer? {
    switch self {
    case .nounwind: enumAttribute("nounwind", 0, context)
    case .alwaysinline: enumAttribute("alwaysinline", 0, context)
    case .noinline: enumAttribute("noinline", 0, context)
    case .cold: enumAttribute("cold", 0, context)
    case .string(let key, let value):
      LLVMCreateStringAttribute(
        context, key, UInt32(key.utf8.count), value, UInt32(value.utf8.count))
    }
  }
}

/// The number LLVM gave the attribute `name`, zero if this LLVM has none.
func attributeKind(_ name: String) -> UInt32 {
  LLVMGetEnumAttributeKindForName(name, name.utf8.count)
}

/// The attribute `name` with an integer payload.
func enumAttribute(_ name: String, _ value: UInt64, _ context: OpaquePointer) -> OpaquePointer? {
  let kind = attributeKind(name)
  precondition(kind != 0, "this LLVM has no attribute \(name)")
  return LLVMCreateEnumAttribute(context, kind, value)
}
