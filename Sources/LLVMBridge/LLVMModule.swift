internal import CLLVM
package import Targets

/// A module of LLVM IR in a context of its own; both are freed with it.
///
/// Every kernel has its own context, so that threads never share LLVM state. Types, values and
/// blocks made from a module must not be used after it.
/// See <https://llvm.org/docs/LangRef.html#module-structure>.
package final class LLVMModule {
  /// The LLVM context.
  let context: OpaquePointer
  /// The LLVM module.
  let ref: OpaquePointer
  /// The machine the functions are for.
  package let target: TargetDescription
  /// Errors LLVM reported while working on the module.
  let diagnostics = Diagnostics()
  /// The intrinsics declared so far.
  private var intrinsics: [IntrinsicUse: IntrinsicDeclaration] = [:]
  /// The number of alias scopes made so far, which names the next one.
  var aliasScopeCount = 0

  /// The type without values.
  package let void: LLVMType
  /// A truth value; a vector of these is a mask.
  package let i1: LLVMType
  /// An integer of 8 bits.
  package let i8: LLVMType
  /// An integer of 16 bits.
  package let i16: LLVMType
  /// An integer of 32 bits.
  package let i32: LLVMType
  /// An integer of 64 bits.
  package let i64: LLVMType
  /// The IEEE 754 binary16 type.
  package let half: LLVMType
  /// The 16-bit type with the exponent range of `float`.
  package let bfloat: LLVMType
  /// The IEEE 754 binary32 type.
  package let float: LLVMType
  /// The IEEE 754 binary64 type.
  package let double: LLVMType
  /// A pointer.
  package let pointer: LLVMType

  /// Creates an empty module for `target`.
  package init(name: String, target: TargetDescription = .host) {
    guard let context = LLVMContextCreate(),
      let module = LLVMModuleCreateWithNameInContext(name, context)
    else { preconditionFailure("LLVM cannot make a context") }
    self.context = context
    self.target = target
    ref = module
    void = LLVMType(LLVMVoidTypeInContext(context))
    i1 = LLVMType(LLVMInt1TypeInContext(context))
    i8 = LLVMType(LLVMInt8TypeInContext(context))
    i16 = LLVMType(LLVMInt16TypeInContext(context))
    i32 = LLVMType(LLVMInt32TypeInContext(context))
    i64 = LLVMType(LLVMInt64TypeInContext(context))
    half = LLVMType(LLVMHalfTypeInContext(context))
    bfloat = LLVMType(LLVMBFloatTypeInContext(context))
    float = LLVMType(LLVMFloatTypeInContext(context))
    double = LLVMType(LLVMDoubleTypeInContext(context))
    pointer = LLVMType(LLVMPointerTypeInContext(context, 0))
    LLVMSetTarget(module, target.triple)
    diagnostics.install(in: context)
  }

  deinit {
    LLVMDisposeModule(ref)
    LLVMContextDispose(context)
  }

  /// The vector of `width` lanes of `element`; width 1 is the element itself.
  package func vector(_ element: LLVMType, _ width: Int) -> LLVMType { element.withWidth(width) }

  /// The array of `count` elements.
  package func array(_ element: LLVMType, _ count: Int) -> LLVMType {
    LLVMType(LLVMArrayType2(element.ref, UInt64(count)))
  }

  /// The type of functions with the given parameters and result.
  package func functionType(_ parameters: [LLVMType], returns result: LLVMType) -> LLVMType {
    var list: [OpaquePointer?] = parameters.map(\.ref)
    return LLVMType(LLVMFunctionType(result.ref, &list, UInt32(list.count), 0))
  }

  /// Adds a function with the attributes of the module's target.
  ///
  /// An internal function has no symbol that another object can see.
  package func addFunction(
    _ name: String, parameters: [LLVMType], returns result: LLVMType, isInternal: Bool = false
  ) -> LLVMFunction {
    let function = declareFunction(name, parameters: parameters, returns: result)
    if isInternal { LLVMSetLinkage(function.value.ref, LLVMInternalLinkage) }
    function.setAttribute(.string("target-cpu", target.cpu))
    if !target.features.isEmpty {
      function.setAttribute(.string("target-features", target.features))
    }
    function.setAttribute(.string("prefer-vector-width", String(target.vectorBits)))
    return function
  }

  /// The function of that name, where the module has one with a body.
  package func definedFunction(_ name: String) -> LLVMFunction? {
    guard let existing = LLVMGetNamedFunction(ref, name), LLVMIsDeclaration(existing) == 0,
      let type = LLVMGlobalGetValueType(existing)
    else { return nil }
    return LLVMFunction(ref: existing, type: LLVMType(type), context: context)
  }

  /// Declares a function that another object or the process defines, such as one of libm.
  package func declareFunction(
    _ name: String, parameters: [LLVMType], returns result: LLVMType
  ) -> LLVMFunction {
    let type = functionType(parameters, returns: result)
    if let existing = LLVMGetNamedFunction(ref, name) {
      precondition(LLVMGlobalGetValueType(existing) == type.ref, "\(name) has another type")
      return LLVMFunction(ref: existing, type: type, context: context)
    }
    let function = LLVMFunction(
      ref: LLVMAddFunction(ref, name, type.ref), type: type, context: context)
    function.setAttribute(.nounwind)
    return function
  }

  /// The function of that name and type, if the module has one.
  package func function(
    named name: String, parameters: [LLVMType], returns result: LLVMType
  ) -> LLVMFunction? {
    let type = functionType(parameters, returns: result)
    guard let existing = LLVMGetNamedFunction(ref, name),
      LLVMGlobalGetValueType(existing) == type.ref
    else { return nil }
    return LLVMFunction(ref: existing, type: type, context: context)
  }

  /// Adds a constant block of bytes and returns its address.
  package func addConstantData(
    bytes: [UInt8], alignment: Int = 64, name: String = "data"
  ) -> LLVMValue {
    let contents = bytes.withUnsafeBytes {
      LLVMConstStringInContext2(
        context, $0.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, 1)
    }
    let global = LLVMValue(LLVMAddGlobal(ref, array(i8, bytes.count).ref, name))
    LLVMSetInitializer(global.ref, contents)
    LLVMSetGlobalConstant(global.ref, 1)
    LLVMSetLinkage(global.ref, LLVMPrivateLinkage)
    LLVMSetUnnamedAddress(global.ref, LLVMGlobalUnnamedAddr)
    LLVMSetAlignment(global.ref, UInt32(alignment))
    return global
  }

  /// The address of a constant block of bytes that the module holds once under this name.
  package func sharedConstantData(_ name: String, bytes: () -> [UInt8]) -> LLVMValue {
    if let known = LLVMGetNamedGlobal(ref, name) { return LLVMValue(known) }
    return addConstantData(bytes: bytes(), name: name)
  }

  /// Throws the verifier's complaint if the module is not well formed.
  package func verify() throws(LLVMError) {
    var message: UnsafeMutablePointer<CChar>?
    let failed = LLVMVerifyModule(ref, LLVMReturnStatusAction, &message) != 0
    let text = takeMessage(message)
    if failed { throw LLVMError(text) }
  }

  /// How many instructions the functions of the module have.
  package var instructionCount: Int {
    var count = 0
    var function = LLVMGetFirstFunction(ref)
    while let current = function {
      var block = LLVMGetFirstBasicBlock(current)
      while let open = block {
        var instruction = LLVMGetFirstInstruction(open)
        while let next = instruction {
          count += 1
          instruction = LLVMGetNextInstruction(next)
        }
        block = LLVMGetNextBasicBlock(open)
      }
      function = LLVMGetNextFunction(current)
    }
    return count
  }

  /// The module as bytes that tell all of it; equal modules give equal bytes in every process.
  package var bitcode: [UInt8] {
    guard let buffer = LLVMWriteBitcodeToMemoryBuffer(ref) else { return Array(text.utf8) }
    defer { LLVMDisposeMemoryBuffer(buffer) }
    return [UInt8](
      UnsafeRawBufferPointer(start: LLVMGetBufferStart(buffer), count: LLVMGetBufferSize(buffer)))
  }

  /// The module as LLVM prints it.
  package var text: String { takeMessage(LLVMPrintModuleToString(ref)) }

  /// The declaration of `intrinsic` for the overload that `types` select.
  func declaration(of intrinsic: Intrinsic, _ types: [LLVMType]) -> IntrinsicDeclaration {
    if types.count > 2 { return declare(intrinsic, types) }
    let key = IntrinsicUse(
      id: intrinsic.id, first: types.first?.ref, second: types.count > 1 ? types[1].ref : nil)
    if let known = intrinsics[key] { return known }
    let made = declare(intrinsic, types)
    intrinsics[key] = made
    return made
  }

  /// Adds the declaration of `intrinsic` for the overload that `types` select.
  private func declare(_ intrinsic: Intrinsic, _ types: [LLVMType]) -> IntrinsicDeclaration {
    var list: [OpaquePointer?] = types.map(\.ref)
    guard let function = LLVMGetIntrinsicDeclaration(ref, intrinsic.id, &list, list.count),
      let type = LLVMGlobalGetValueType(function)
    else { preconditionFailure("LLVM cannot declare the intrinsic") }
    return IntrinsicDeclaration(
      function: function, type: type, parameterCount: Int(LLVMCountParamTypes(type)))
  }
}

/// Collects what LLVM complains about in one context; without a handler LLVM ends the process.
final class Diagnostics {
  /// The errors, oldest first.
  private(set) var errors: [String] = []

  /// Makes `context` report here; `self` must outlive the context.
  func install(in context: OpaquePointer) {
    LLVMContextSetDiagnosticHandler(
      context,
      { info, box in
        guard let info, let box, LLVMGetDiagInfoSeverity(info) == LLVMDSError else { return }
        let text = takeMessage(LLVMGetDiagInfoDescription(info))
        Unmanaged<Diagnostics>.fromOpaque(box).takeUnretainedValue().errors.append(text)
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}
