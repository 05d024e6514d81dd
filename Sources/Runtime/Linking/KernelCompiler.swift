internal import Codegen
internal import LLVMBridge
internal import Targets

/// The way from a kernel's code to its object file.
struct KernelCompiler: Sendable {
  let target: TargetDescription
  let cache: CodeCache?

  /// A kernel's object, of which no cache knows yet.
  struct Made: Sendable {
    var kernel: CodeCache.Kernel
    /// Whether it was on disk.
    var isLoaded = false
    /// What it may be kept under on disk; nil where it is there, or there is no disk.
    var digest: Digest?
  }

  /// The object of a code that this process made at a level, or at a better one.
  func known(_ code: KernelCode, level: Int) -> CodeCache.Kernel? {
    for level in Set([code.codegenLevel, level]).sorted(by: >) {
      let key = CodeCache.KernelKey(code: code, target: target, level: level)
      if let kernel = cache?.kernel(key) { return kernel }
    }
    return nil
  }

  /// The object of a code, from disk or from LLVM.
  ///
  /// - Parameter best: The level of the best code that the program has use for, which alone is kept on disk.
  func kernel(_ code: KernelCode, level: Int, best: Int) throws(LLVMError) -> CodeCache.Kernel {
    adopted(try made(code, level: level, best: best), code, best: best)
  }

  /// The object of a code, from disk or from LLVM; nothing is counted or kept.
  ///
  /// - Parameter best: The level at which it is looked for on disk.
  func made(_ code: KernelCode, level: Int, best: Int) throws(LLVMError) -> Made {
    let module = ProgramEmitter.module(of: code, for: target)
    var digest: Digest?
    if let disk = cache?.disk {
      // The module tells the whole kernel, the processor too; what else decides the object is LLVM.
      let bitcode = module.bitcode
      func key(_ level: Int) -> Digest {
        Digest(
          Array(
            "adjoint kernel 1, LLVM \(LLVMLibrary.identity), level \(level), \(CodegenOptions.words)\n"
              .utf8)
            + bitcode)
      }
      let instructionCount = module.instructionCount
      if let object = disk.contents(.kernel, key(best)) {
        return Made(
          kernel: CodeCache.Kernel(
            object: object, instructionCount: instructionCount, level: best), isLoaded: true)
      }
      digest = key(level)
    }
    return Made(kernel: try compiled(module, level: level), digest: digest)
  }

  /// The kernel of a program that uses it: counted, and kept for others, on disk where its level is the best
  /// that the program has use for.
  func adopted(_ made: Made, _ code: KernelCode, best: Int) -> CodeCache.Kernel {
    cache?.count {
      if made.isLoaded { $0.loadedKernels += 1 } else { $0.compiledKernels += 1 }
    }
    if let digest = made.digest, made.kernel.level >= best {
      cache?.disk?.keep(made.kernel.object, .kernel, digest)
    }
    cache?.keep(
      made.kernel, for: CodeCache.KernelKey(code: code, target: target, level: made.kernel.level))
    return made.kernel
  }

  /// What LLVM makes of a module.
  func compiled(_ module: LLVMModule, level: Int) throws(LLVMError) -> CodeCache.Kernel {
    #if DEBUG
      try module.verify()
    #endif
    let instructionCount = module.instructionCount
    let object = try ObjectCompiler(target: target, level: level).compile(module)
    return CodeCache.Kernel(object: object, instructionCount: instructionCount, level: level)
  }

  /// About how long LLVM takes for a module of this weight.
  static func nanoseconds(weight: Int, level: Int) -> Double {
    costs[level].module + costs[level].weight * Double(weight)
  }

  /// Nanoseconds that LLVM takes for a module at each level, and for what weighs one.
  private static let costs: [(module: Double, weight: Double)] = [
    (250_000, 3_000), (700_000, 11_000),
  ]
}
