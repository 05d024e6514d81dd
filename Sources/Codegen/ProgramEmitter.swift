package import LLVMBridge
package import LoopIR
internal import TensorIR

/// Emits a loop program's entry point, and its kernels as functions it calls.
///
/// The entry is `void name(pointer arguments, pointer results, pointer arena, pointer context)`:
/// arrays of pointers to the caller's buffers, the arena's start, and the runtime's context, whose
/// first field is the function that shares a kernel's blocks among threads. A result that stands in a
/// donated argument's memory (`LoopProgram.donations`) is written there, whatever its pointer says. A profiled entry also
/// calls the function at the context's byte 16 with the context and a number: before each kernel
/// with the kernel's position, and at the end with how many kernels there are.
package struct ProgramEmitter {
  /// The program that is emitted.
  package let program: LoopProgram
  /// The target code is for.
  package let target: TargetDescription
  /// Whether the entry tells the context when each kernel starts.
  package let isProfiled: Bool

  package init(_ program: LoopProgram, target: TargetDescription, isProfiled: Bool = false) {
    self.program = program
    self.target = target
    self.isProfiled = isProfiled
  }

  /// The whole program as one module, whose entry has the given symbol.
  package func emitted(entry name: String) -> LLVMModule {
    let module = LLVMModule(name: program.name, target: target)
    let kernels = program.kernels.map { kernel in
      let emitter = KernelEmitter(kernel, named: "\(name).\(kernel.name)", in: program, module)
      emitter.emit()
      return emitter.function
    }
    emitEntry(name, kernels, in: module)
    return module
  }

  private func emitEntry(_ name: String, _ kernels: [LLVMFunction], in module: LLVMModule) {
    let pointer = module.pointer
    let entry = module.addFunction(
      name, parameters: [pointer, pointer, pointer, pointer], returns: module.void)
    let builder = IRBuilder(module)
    builder.position(at: entry.appendBlock("entry"))
    let buffers = program.buffers.indices.map { position -> LLVMValue in
      switch program.place(of: BufferID(position)) {
      case .argument(let number):
        return builder.load(
          pointer, builder.gep(entry.parameters[0], bytes: number * 8), alignment: 8)
      case .result(let number):
        return builder.load(
          pointer, builder.gep(entry.parameters[1], bytes: number * 8), alignment: 8)
      case .arena(let offset): return builder.gep(entry.parameters[2], bytes: offset)
      case .constant(let literal):
        return module.addConstantData(
          bytes: literal.denseBytes, alignment: 64, name: "constant\(position)")
      }
    }
    let slotCount = program.kernels.map(\.slots.count).max() ?? 0
    let slots = builder.alloca(pointer, count: max(slotCount, 1), alignment: 16)
    for (number, (kernel, function)) in zip(program.kernels, kernels).enumerated() {
      notify(number, entry, builder, module)
      for (position, buffer) in kernel.slots.enumerated() {
        builder.store(
          buffers[buffer.index], builder.gep(slots, bytes: position * 8), alignment: 8)
      }
      call(function, blocks: kernel.blockCount, slots, entry, builder, module)
    }
    notify(kernels.count, entry, builder, module)
    builder.ret()
  }

  /// Tells a profiled entry's context how many kernels are done.
  private func notify(
    _ number: Int, _ entry: LLVMFunction, _ builder: IRBuilder, _ module: LLVMModule
  ) {
    guard isProfiled else { return }
    let context = entry.parameters[3]
    let hook = builder.load(module.pointer, builder.gep(context, bytes: 16), alignment: 8)
    let type = module.functionType([module.pointer, module.i64], returns: module.void)
    builder.callIndirect(type, hook, [context, builder.int(number, module.i64)])
  }

  /// Runs a kernel here, or hands its blocks to the context's threads.
  private func call(
    _ kernel: LLVMFunction, blocks: Int?, _ slots: LLVMValue, _ entry: LLVMFunction,
    _ builder: IRBuilder, _ module: LLVMModule
  ) {
    guard let blocks else {
      builder.call(
        kernel, [slots, builder.int(0, module.i64), builder.int(1, module.i64)])
      return
    }
    let context = entry.parameters[3]
    let share = builder.load(module.pointer, context, alignment: 8)
    let type = module.functionType(
      [module.pointer, module.pointer, module.pointer, module.i64], returns: module.void)
    builder.callIndirect(
      type, share, [context, kernel.value, slots, builder.int(blocks, module.i64)])
  }
}

extension Kernel {
  /// The blocks of the kernel's parallel loop; nil where it has none.
  package var blockCount: Int? {
    for node in body {
      if case .loop(let loop) = node, loop.schedule == .parallel {
        return variables[loop.variable.index].extent
      }
    }
    return nil
  }
}
