internal import LLVMBridge
import Synchronization
internal import Targets

/// Modules on their way to object code, one thread each.
final class ModuleCompilation: Sendable {
  /// The modules; each is touched by the one thread that compiles it.
  nonisolated(unsafe) private let modules: [LLVMModule]
  private let target: TargetDescription
  /// The object file of each module, or why there is none.
  private let outcomes: Mutex<[Result<[UInt8], LLVMError>?]>

  private init(_ modules: [LLVMModule], for target: TargetDescription) {
    self.modules = modules
    self.target = target
    outcomes = Mutex(.init(repeating: nil, count: modules.count))
  }

  /// The modules' object files, compiled on the threads of the compiling pool and the caller's.
  ///
  /// Level 1 keeps the accumulators of loops in registers, and costs less than level 2.
  static func objects(
    of modules: [LLVMModule], for target: TargetDescription
  ) throws(LLVMError) -> [[UInt8]] {
    let compilation = ModuleCompilation(modules, for: target)
    withExtendedLifetime(compilation) {
      WorkerPool.compiling.run(
        blocks: modules.count, threads: modules.count,
        body: { context, begin, end in
          guard let context else { return }
          let compilation = Unmanaged<ModuleCompilation>.fromOpaque(context).takeUnretainedValue()
          for module in begin..<end { compilation.compile(module) }
        }, context: Unmanaged.passUnretained(compilation).toOpaque())
    }
    var objects: [[UInt8]] = []
    for outcome in compilation.outcomes.withLock({ $0 }) {
      if let outcome { objects.append(try outcome.get()) }
    }
    return objects
  }

  private func compile(_ number: Int) {
    let outcome = Result { () throws(LLVMError) in
      try ObjectCompiler(target: target, level: 1).compile(modules[number])
    }
    outcomes.withLock { $0[number] = outcome }
  }
}
