internal import CLLVM

/// Memory access. Every access states its alignment in bytes.
///
/// See <https://llvm.org/docs/LangRef.html#memory-access-and-addressing-operations>.
extension IRBuilder {
  /// The address of element `index` of an array of `element` at `pointer`, within one object.
  package func gep(_ element: LLVMType, _ pointer: LLVMValue, _ index: LLVMValue) -> LLVMValue {
    once(.address, pointer.ref, index.ref, element.ref) {
      var index: OpaquePointer? = index.ref
      return LLVMBuildInBoundsGEP2(ref, element.ref, pointer.ref, &index, 1, "")
    }
  }

  /// The address `bytes` bytes after `pointer`, within one object.
  package func gep(_ pointer: LLVMValue, bytes: Int) -> LLVMValue {
    bytes == 0 ? pointer : gep(module.i8, pointer, int(bytes, module.i64))
  }

  /// Reads a value.
  package func load(_ type: LLVMType, _ pointer: LLVMValue, alignment: Int) -> LLVMValue {
    let value = LLVMValue(LLVMBuildLoad2(ref, type.ref, pointer.ref, ""))
    LLVMSetAlignment(value.ref, UInt32(alignment))
    return value
  }

  /// Writes a value; the instruction is returned for metadata.
  @discardableResult
  package func store(_ value: LLVMValue, _ pointer: LLVMValue, alignment: Int) -> LLVMValue {
    let instruction = LLVMValue(LLVMBuildStore(ref, value.ref, pointer.ref))
    LLVMSetAlignment(instruction.ref, UInt32(alignment))
    return instruction
  }

  /// Reads the lanes where the mask holds and takes the others from `passthru`.
  package func maskedLoad(
    _ type: LLVMType, _ pointer: LLVMValue, mask: LLVMValue, passthru: LLVMValue, alignment: Int
  ) -> LLVMValue {
    masked(
      .maskedLoad, [type, pointer.type], [pointer, mask, passthru], alignment: alignment,
      pointerIndex: 0)
  }

  /// Writes the lanes where the mask holds.
  ///
  /// Where it is known that only one does, that is a store of an element: LLVM 22 forgets to shorten such
  /// an element where it was converted from a wider one, and writes beyond it on x86-64.
  @discardableResult
  package func maskedStore(
    _ value: LLVMValue, _ pointer: LLVMValue, mask: LLVMValue, alignment: Int
  ) -> LLVMValue {
    if let lane = mask.onlyLane {
      let place = gep(value.type.scalar, pointer, int(lane, module.i64))
      return store(extractElement(value, lane), place, alignment: alignment)
    }
    return masked(
      .maskedStore, [value.type, pointer.type], [value, pointer, mask], alignment: alignment,
      pointerIndex: 1)
  }

  /// Reads from each address of the vector `pointers` where the mask holds.
  package func gather(
    _ type: LLVMType, _ pointers: LLVMValue, mask: LLVMValue, passthru: LLVMValue, alignment: Int
  ) -> LLVMValue {
    masked(
      .gather, [type, pointers.type], [pointers, mask, passthru], alignment: alignment,
      pointerIndex: 0)
  }

  /// Reads element `indices[lane]` of an array at `base` into each lane where the mask holds.
  package func gather(
    _ type: LLVMType, base: LLVMValue, indices: LLVMValue, mask: LLVMValue, passthru: LLVMValue
  ) -> LLVMValue {
    gather(
      type, gep(type.scalar, base, indices), mask: mask, passthru: passthru,
      alignment: max(1, type.scalarBits / 8))
  }

  /// Writes to each address of the vector `pointers` where the mask holds, lowest lane first.
  @discardableResult
  package func scatter(
    _ value: LLVMValue, _ pointers: LLVMValue, mask: LLVMValue, alignment: Int
  ) -> LLVMValue {
    masked(
      .scatter, [value.type, pointers.type], [value, pointers, mask], alignment: alignment,
      pointerIndex: 1)
  }

  /// Calls a masked memory intrinsic with its alignment where the declared type wants it.
  ///
  /// Up to LLVM 19 or so the alignment is an `i32` operand after the pointer; later it is an
  /// attribute of the pointer argument.
  private func masked(
    _ intrinsic: Intrinsic, _ types: [LLVMType], _ arguments: [LLVMValue], alignment: Int,
    pointerIndex: Int
  ) -> LLVMValue {
    let declaration = module.declaration(of: intrinsic, types)
    var arguments = arguments
    let hasOperand = declaration.parameterCount == arguments.count + 1
    if hasOperand { arguments.insert(int(alignment, module.i32), at: pointerIndex + 1) }
    let call = self.intrinsic(intrinsic, types, arguments)
    if !hasOperand {
      LLVMAddCallSiteAttribute(
        call.ref, UInt32(pointerIndex + 1),
        ParameterAttribute.align(alignment).make(in: module.context))
    }
    return call
  }

  /// Asks for the cache line at a pointer to be brought into the second-level cache; never traps.
  package func prefetch(_ pointer: LLVMValue) {
    intrinsic(
      Intrinsic("llvm.prefetch"), [pointer.type],
      [pointer, int(0, module.i32), int(2, module.i32), int(1, module.i32)])
  }

  /// Reserves stack memory for `count` elements, for the duration of the function.
  ///
  /// The instruction goes to the start of the entry block, so that loops do not repeat it.
  package func alloca(_ type: LLVMType, count: Int = 1, alignment: Int) -> LLVMValue {
    let block = currentBlock
    let entry = LLVMGetEntryBasicBlock(currentFunction)
    if let first = LLVMGetFirstInstruction(entry) {
      LLVMPositionBuilderBefore(ref, first)
    } else {
      LLVMPositionBuilderAtEnd(ref, entry)
    }
    let slot = LLVMValue(
      LLVMBuildArrayAlloca(ref, type.ref, int(count, module.i64).ref, ""))
    LLVMSetAlignment(slot.ref, UInt32(alignment))
    position(at: block)
    return slot
  }

  /// Copies bytes between blocks that do not overlap.
  @discardableResult
  package func memcpy(
    _ destination: LLVMValue, _ source: LLVMValue, bytes: LLVMValue, alignment: Int
  ) -> LLVMValue {
    LLVMValue(
      LLVMBuildMemCpy(
        ref, destination.ref, UInt32(alignment), source.ref, UInt32(alignment), bytes.ref))
  }

  /// Fills a block with copies of a byte.
  @discardableResult
  package func memset(
    _ destination: LLVMValue, byte: LLVMValue, bytes: LLVMValue, alignment: Int
  ) -> LLVMValue {
    LLVMValue(LLVMBuildMemSet(ref, destination.ref, byte.ref, bytes.ref, UInt32(alignment)))
  }
}
