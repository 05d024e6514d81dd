internal import Differentiation
internal import Optimizer
internal import Runtime
internal import TensorIR

/// The way from a function of the IR to one that can be called.
enum Compiler {
  /// Compiles a function and its derivative.
  ///
  /// - Throws: `AdjointError` where it cannot be differentiated, has no native code, or code for
  ///   the processor does not run here.
  static func compile(
    _ function: Function, in module: Module = Module(), transform: Transform = .none,
    engine: Engine, options: CompileOptions = CompileOptions(), parseMilliseconds: Double = 0
  ) throws -> CompiledProgram {
    var report = CompileReport()
    report.parseMilliseconds = parseMilliseconds
    let start = ContinuousClock.now
    let traced = try module.inlined(function)
    let codeOptions = try options.codeOptions(for: function)
    let key = engine == .native ? options.key(of: traced, transform, codeOptions) : nil
    if let key, let executable = Executable.cached(under: key, options: codeOptions) {
      report.source = .disk
      report.note(executable, codeOptions, since: start)
      let body = ProgramBody(executable, report) {
        try options.withSnapshotBudget {
          try lower(traced, transform: transform, to: .planned)
        }
      }
      return CompiledProgram(body: body)
    }
    let planned = try options.withSnapshotBudget {
      try lower(traced, transform: transform, to: .planned)
    }
    report.transformMilliseconds = start.duration(to: .now).milliseconds
    guard engine == .native else {
      report.argumentByteCount = planned.parameterTypes.map(\.byteCount).reduce(0, +)
      report.compileMilliseconds = start.duration(to: .now).milliseconds
      return CompiledProgram(body: ProgramBody(planned, report))
    }
    let (executable, function) = try options.withFewerSnapshots(planned) {
      try lower(traced, transform: transform, to: .planned)
    } body: {
      try Executable($0, options: codeOptions, key: key)
    }
    report.note(executable, codeOptions, since: start)
    return CompiledProgram(body: ProgramBody(executable, report) { function })
  }

  /// Takes a function through the stages of TensorIR, up to and including `stage`.
  static func lower(
    _ function: Function, in module: Module = Module(), transform: Transform, to stage: Stage
  ) throws -> Function {
    let traced = try module.inlined(function)
    if stage == .traced { return traced }
    let simplified = try traced.simplified()
    if stage == .simplified { return simplified }
    let adjoint = try simplified.differentiated(by: transform)
    if stage == .adjoint { return adjoint }
    let planned = try adjoint.droppingCustomDerivatives().simplified(
      SimplificationOptions(dropsStopGradients: true))
    try planned.verify()
    return planned
  }

  /// The function that the memory plan makes of another, and what the plan says; nothing where there is
  /// no native code for it.
  ///
  /// - Throws: `AdjointError` where no plan fits the memory budget.
  private static func planned(
    _ function: Function, _ options: CompileOptions
  ) throws -> (Function, comments: String) {
    do {
      let planned = try Executable.planned(function, options: options.codeOptions(for: function))
      return (planned.function, planned.memory.comments)
    } catch let error as AdjointError where error.kind != .memory {
      return (function, "")
    }
  }

  /// A drawing of a function's memory plan, as SVG.
  ///
  /// - Throws: `AdjointError` where there is no native code for it or no plan fits the memory budget.
  static func memoryDrawing(
    _ function: Function, in module: Module, transform: Transform, options: CompileOptions
  ) throws -> String {
    let planned = try options.withSnapshotBudget {
      try lower(function, in: module, transform: transform, to: .planned)
    }
    let report = try options.withFewerSnapshots(planned) {
      try lower(function, in: module, transform: transform, to: .planned)
    } body: {
      try Executable.planned($0, options: options.codeOptions(for: $0))
    }.0.memory
    let budget = options.memoryBudget.map { ", budget \($0)" } ?? ""
    return report.svg(title: "@\(planned.name): \(report.arenaByteCount) bytes\(budget)")
  }

  /// The text of a stage of compilation.
  static func dump(
    _ function: Function, in module: Module, transform: Transform, stage: Stage,
    options: CompileOptions, stablehlo: Bool = false
  ) throws -> String {
    func lowered() throws -> Function {
      try lower(function, in: module, transform: transform, to: stage)
    }
    let first = try options.withSnapshotBudget { try lowered() }
    return try options.withFewerSnapshots(first, lower: lowered) {
      try text(of: $0, stage, options, stablehlo: stablehlo)
    }.0
  }

  /// The text of a lowered function at a stage.
  private static func text(
    of lowered: Function, _ stage: Stage, _ options: CompileOptions, stablehlo: Bool
  ) throws -> String {
    switch stage {
    case .traced, .simplified, .adjoint:
      return try Module(functions: [stablehlo ? lowered.legalizedScans() : lowered]).description
    case .planned:
      let (planned, comments) = try planned(lowered, options)
      return try Module(functions: [stablehlo ? planned.legalizedScans() : planned]).description
        + comments
    case .loops, .schedule, .llvm, .llvmOptimized, .assembly:
      return try Executable.dump(
        lowered, stage: stage.rawValue, options: options.codeOptions(for: lowered))
    }
  }
}

extension Function {
  /// The function with its derivative.
  ///
  /// - Throws: `AdjointError` where a number does not name an argument of float elements, or there
  ///   is no derivative.
  func differentiated(by transform: Transform) throws -> Function {
    switch transform {
    case .none: return self
    case .gradient(let arguments): return try withGradient(of: arguments)
    case .vjp(let arguments): return try withVJP(of: arguments)
    case .jvp(let arguments): return try withJVP(of: arguments)
    }
  }
}

extension CompileOptions {
  /// What the program of a function and its derivative is found by on disk.
  fileprivate func key(
    of function: Function, _ transform: Transform, _ codeOptions: CodeOptions
  ) -> ProgramKey? {
    // How many snapshots loops of unknown length get is decided where they are differentiated.
    let snapshots = (memoryBudget?.bytes ?? SnapshotBudget.byteCount).map { "\($0)" } ?? "any"
    return ProgramKey(
      function, transform: "\(transform), snapshots in \(snapshots)", options: codeOptions)
  }

  /// Runs `body`, in which loops of unknown length are differentiated within the memory budget.
  fileprivate func withSnapshotBudget<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let memoryBudget else { return try body() }
    return try SnapshotBudget.$byteCount.withValue(memoryBudget.bytes) { try body() }
  }

  /// What `body` makes of a function; where that does not fit the memory budget, of the function with the fewest
  /// snapshots of loops of unknown length, if it is another one.
  ///
  /// - Throws: `AdjointError` of the smaller function, which names the least bytes that are enough.
  fileprivate func withFewerSnapshots<Result>(
    _ function: Function, lower: () throws -> Function, body: (Function) throws -> Result
  ) throws -> (Result, Function) {
    do {
      return (try body(function), function)
    } catch let error as AdjointError where error.kind == .memory && memoryBudget != nil {
      let smaller = try SnapshotBudget.$byteCount.withValue(0) { try lower() }
      guard smaller != function else { throw error }
      return (try body(smaller), smaller)
    }
  }

  /// The same choices in the back end's words.
  ///
  /// - Throws: `AdjointError` where a donated argument is not one of the function's.
  fileprivate func codeOptions(for function: Function) throws -> CodeOptions {
    var options = CodeOptions()
    if let threads { options.threads = max(1, threads) }
    let count = function.parameters.count
    if let missing = donated.filter({ !(0..<count).contains($0) }).min() {
      throw AdjointError(
        .argument, "there is no argument \(missing) to donate, @\(function.name) has \(count)",
        at: function.location)
    }
    options.donated = donated.union(function.donatedParameters)
    options.target = processor.target
    options.policy = policy.policy
    options.budgetMilliseconds = compileMilliseconds
    options.memory = MemoryOptions(budget: memoryBudget?.bytes, policy: rematerialization)
    return options
  }
}

extension CompileReport {
  /// Adds what the back end says.
  fileprivate mutating func note(
    _ executable: Executable, _ options: CodeOptions, since start: ContinuousClock.Instant
  ) {
    let native = executable.report
    planMilliseconds = native.planMilliseconds
    verifyMilliseconds = native.verifyMilliseconds
    codegenMilliseconds = native.codegenMilliseconds
    linkMilliseconds = native.linkMilliseconds
    arenaByteCount = native.arenaByteCount
    saveAllByteCount = native.memory.saveAllByteCount
    savedByteCount = native.memory.savedByteCount
    recomputedByteCount = native.memory.recomputedByteCount
    addedFlops = native.memory.addedFlops
    kernelCount = native.kernelCount
    functionCount = native.functionCount
    threads = options.threads
    notes = CodeCache.current?.disk?.takeNotes() ?? []
    argumentByteCount = executable.parameterTypes.map(\.byteCount).reduce(0, +)
    compileMilliseconds = start.duration(to: .now).milliseconds
  }
}

extension Duration {
  /// The duration in milliseconds.
  var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
  }
}

extension Engine {
  /// The engine of `jit`, of transforms and of deferred operations on this task: `native` unless
  /// the environment variable `ADJOINT_ENGINE` says `interpreter`.
  @TaskLocal package static var preferred =
    environmentValue("ADJOINT_ENGINE").flatMap(Engine.init(rawValue:)) ?? .native
}
