internal import Codegen
internal import LLVMBridge
import Synchronization
internal import Targets

/// The entry and the kernels of a program on their way to object code, several at a time.
final class KernelCompilation: Sendable {
  /// An object file, and from how many instructions it was made.
  private typealias Outcome = Result<CodeCache.Kernel, LLVMError>

  private let emitter: ProgramEmitter
  private let target: TargetDescription
  private let cache: CodeCache?
  /// The objects to make, those that take longest first: 0 is the entry, then the codes.
  private let jobs: [Int]
  /// The next job.
  private let next = Atomic<Int>(0)
  /// What became of each object.
  private let outcomes: Mutex<[Outcome?]>

  /// Compiles a program, on the threads of the compiling pool and the caller's; gives the entry's
  /// object and those of the codes, in order.
  static func objects(
    of emitter: ProgramEmitter, for target: TargetDescription, cache: CodeCache?
  ) throws(LLVMError) -> [CodeCache.Kernel] {
    let compilation = KernelCompilation(emitter, target, cache)
    let threads = compilation.weight > dividedWeight ? WorkerPool.availableThreads : 1
    withExtendedLifetime(compilation) {
      WorkerPool.compiling.run(
        blocks: threads, threads: threads,
        body: { context, begin, end in
          guard let context else { return }
          let compilation = Unmanaged<KernelCompilation>.fromOpaque(context).takeUnretainedValue()
          compilation.work()
        }, context: Unmanaged.passUnretained(compilation).toOpaque())
    }
    var objects: [CodeCache.Kernel] = []
    for outcome in compilation.outcomes.withLock({ $0 }) {
      guard let outcome else { throw LLVMError("a kernel was not compiled") }
      objects.append(try outcome.get())
    }
    return objects
  }

  /// Programs of less weight compile faster than another thread wakes up.
  private static let dividedWeight = 400
  /// What a kernel weighs in the entry.
  private static let callWeight = 10

  /// What the jobs weigh together.
  private let weight: Int

  private init(_ emitter: ProgramEmitter, _ target: TargetDescription, _ cache: CodeCache?) {
    self.emitter = emitter
    self.target = target
    self.cache = cache
    let known = emitter.codes.map { code in
      cache?.kernel(CodeCache.KernelKey(code: code, target: target))
    }
    outcomes = Mutex([nil] + known.map { kernel in kernel.map { .success($0) } })
    cache?.count { $0.knownKernels += known.count { $0 != nil } }
    let weights =
      [emitter.program.kernels.count * Self.callWeight] + emitter.codes.map(\.weight)
    let open = [0] + known.indices.filter { known[$0] == nil }.map { $0 + 1 }
    jobs = open.sorted { (weights[$1], $0) < (weights[$0], $1) }
    weight = open.reduce(0) { $0 + weights[$1] }
  }

  /// Does jobs as long as there are any.
  private func work() {
    while true {
      let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard place < jobs.count else { return }
      let number = jobs[place]
      let outcome = Outcome { () throws(LLVMError) -> CodeCache.Kernel in
        if number == 0 { return try compile(emitter.emittedEntry(), level: emitter.entryLevel) }
        return try kernel(number - 1)
      }
      outcomes.withLock { $0[number] = outcome }
    }
  }

  /// The object of a code, from disk or from LLVM.
  private func kernel(_ number: Int) throws(LLVMError) -> CodeCache.Kernel {
    let module = emitter.emittedCode(number)
    let level = emitter.codes[number].codegenLevel
    var kernel = try stored(module, level: level)
    if kernel == nil { kernel = try compile(module, level: level) }
    guard let kernel else { throw LLVMError("a kernel was not compiled") }
    cache?.keep(
      kernel, for: CodeCache.KernelKey(code: emitter.codes[number], target: target))
    return kernel
  }

  /// The object of a module whose code may be on disk, which it is afterwards; nil without a disk.
  private func stored(
    _ module: LLVMModule, level: Int
  ) throws(LLVMError) -> CodeCache.Kernel? {
    guard let cache, let disk = cache.disk else { return nil }
    // The module tells the whole kernel, the processor too; what else decides the object is LLVM.
    let key = Digest(
      Array(
        "adjoint kernel 1, LLVM \(llvmVersion), level \(level), \(ObjectCompiler.options)\n".utf8)
        + module.bitcode)
    let instructionCount = module.instructionCount
    if let object = disk.contents(.kernel, key) {
      cache.count { $0.loadedKernels += 1 }
      return CodeCache.Kernel(object: object, instructionCount: instructionCount)
    }
    let kernel = try compile(module, level: level)
    disk.keep(kernel.object, .kernel, key)
    return kernel
  }

  private func compile(
    _ module: LLVMModule, level: Int
  ) throws(LLVMError) -> CodeCache.Kernel {
    #if DEBUG
      try module.verify()
    #endif
    let instructionCount = module.instructionCount
    let object = try ObjectCompiler(target: target, level: level).compile(module)
    cache?.count { $0.compiledKernels += 1 }
    return CodeCache.Kernel(object: object, instructionCount: instructionCount)
  }
}
