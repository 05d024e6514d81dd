internal import CLLVM
import Foundation
import Synchronization
package import Targets

/// Turns modules into object code for one target at one level of effort.
///
/// A target machine is expensive to make (0.2 ms) and not thread-safe: a compiler is used by one
/// thread at a time, and its machine goes back to a pool when it is done.
package final class ObjectCompiler {
  /// The processor that code is made for.
  package let target: TargetDescription
  /// The effort, from 0 (fast) to 3: loops with vector accumulators need at least 1.
  package let level: Int
  /// LLVM's target machine.
  private let machine: OpaquePointer

  /// Creates a compiler, with a pooled machine if there is one.
  package init(target: TargetDescription = .host, level: Int = 1) throws(LLVMError) {
    precondition((0...3).contains(level), "codegen levels are 0 to 3")
    self.target = target
    self.level = level
    machine = try MachinePool.shared.take(MachineKey(target: target, level: level))
  }

  deinit { MachinePool.shared.give(machine, MachineKey(target: target, level: level)) }

  /// The object file of `module`, position independent and in the small code model.
  ///
  /// Code generation rewrites the module, which must not be compiled again.
  package func compile(_ module: LLVMModule) throws(LLVMError) -> [UInt8] {
    try emit(module, module.ref, LLVMObjectFile)
  }

  /// The assembly of `module`, which stays as it is.
  package func assembly(_ module: LLVMModule) throws(LLVMError) -> String {
    guard let clone = LLVMCloneModule(module.ref) else { throw LLVMError("cannot copy the module") }
    defer { LLVMDisposeModule(clone) }
    return String(decoding: try emit(module, clone, LLVMAssemblyFile), as: UTF8.self)
  }

  /// Runs a pass pipeline on `module`, such as `early-cse`.
  ///
  /// Never `default<O2>`: its SLP vectorizer takes minutes on long straight-line code.
  /// See <https://llvm.org/docs/NewPassManager.html#invoking-opt>.
  package func optimize(_ module: LLVMModule, passes: String) throws(LLVMError) {
    let options = LLVMCreatePassBuilderOptions()
    defer { LLVMDisposePassBuilderOptions(options) }
    setDataLayout(module.ref)
    if let error = LLVMRunPasses(module.ref, passes, machine, options) {
      throw LLVMError(takeError(error))
    }
  }

  /// Emits `ref`, the module or a copy of it, in memory.
  private func emit(
    _ module: LLVMModule, _ ref: OpaquePointer, _ kind: LLVMCodeGenFileType
  ) throws(LLVMError) -> [UInt8] {
    setDataLayout(ref)
    var message: UnsafeMutablePointer<CChar>?
    var buffer: OpaquePointer?
    let status = CodegenOptions.withOptions(for: target) {
      LLVMTargetMachineEmitToMemoryBuffer(machine, ref, kind, &message, &buffer)
    }
    if status != 0 {
      throw LLVMError(takeMessage(message))
    }
    guard let buffer else { throw LLVMError("LLVM made no code") }
    defer { LLVMDisposeMemoryBuffer(buffer) }
    if let error = module.diagnostics.errors.first { throw LLVMError(error) }
    let bytes = UnsafeRawBufferPointer(
      start: LLVMGetBufferStart(buffer), count: LLVMGetBufferSize(buffer))
    return [UInt8](bytes)
  }

  /// Gives a module the sizes and alignments of the target.
  private func setDataLayout(_ ref: OpaquePointer) {
    let layout = LLVMCreateTargetDataLayout(machine)
    defer { LLVMDisposeTargetData(layout) }
    LLVMSetModuleDataLayout(ref, layout)
  }
}

/// What distinguishes target machines.
private struct MachineKey: Hashable, Sendable {
  /// The processor.
  let target: TargetDescription
  /// The codegen level.
  let level: Int
}

/// An idle target machine; only one thread has it at a time.
private struct IdleMachine: @unchecked Sendable {
  /// LLVM's handle.
  let ref: OpaquePointer
}

/// Target machines that no compiler uses at the moment.
private final class MachinePool: Sendable {
  /// The pool of the process.
  static let shared = MachinePool()
  /// The idle machines.
  private let idle = Mutex<[MachineKey: [IdleMachine]]>([:])

  /// Registers the host's code generator, once.
  private static let nativeTarget: Bool = {
    LLVMInitializeNativeTarget() == 0 && LLVMInitializeNativeAsmPrinter() == 0
      && LLVMInitializeNativeAsmParser() == 0
  }()

  /// Registers all code generators of this LLVM, once.
  private static let allTargets: Bool = {
    LLVMInitializeAllTargetInfos()
    LLVMInitializeAllTargets()
    LLVMInitializeAllTargetMCs()
    LLVMInitializeAllAsmPrinters()
    return true
  }()

  /// A machine for `key`, idle or new.
  func take(_ key: MachineKey) throws(LLVMError) -> OpaquePointer {
    try LLVMLibrary.load()
    if let machine = idle.withLock({ $0[key]?.popLast() }) { return machine.ref }
    let isNative = key.target.triple == TargetDescription.host.triple
    guard isNative ? Self.nativeTarget : Self.allTargets else {
      throw LLVMError("this LLVM cannot make code for this machine")
    }
    var target: OpaquePointer?
    var message: UnsafeMutablePointer<CChar>?
    if LLVMGetTargetFromTriple(key.target.triple, &target, &message) != 0 {
      throw LLVMError(takeMessage(message))
    }
    let levels = [
      LLVMCodeGenLevelNone, LLVMCodeGenLevelLess, LLVMCodeGenLevelDefault,
      LLVMCodeGenLevelAggressive,
    ]
    guard
      let machine = LLVMCreateTargetMachine(
        target, key.target.triple, key.target.cpu, key.target.features, levels[key.level],
        LLVMRelocPIC, LLVMCodeModelSmall)
    else { throw LLVMError("no target machine for \(key.target.triple)") }
    return machine
  }

  /// Takes back a machine.
  func give(_ machine: OpaquePointer, _ key: MachineKey) {
    let entry = IdleMachine(ref: machine)
    idle.withLock { $0[key, default: []].append(entry) }
  }
}
