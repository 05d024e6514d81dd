internal import Differentiation
internal import Interpreter
internal import Optimizer
internal import Runtime
internal import TensorIR

/// The way from a function of the IR to one that can be called.
enum Compiler {
  /// Compiles a function and its derivative.
  ///
  /// - Throws: `AdjointError` where it cannot be differentiated or has no native code.
  static func compile(
    _ function: Function, in module: Module = Module(), transform: Transform = .none,
    engine: Engine, options: CompileOptions = CompileOptions(), parseMilliseconds: Double = 0
  ) throws -> CompiledProgram {
    var report = CompileReport()
    report.parseMilliseconds = parseMilliseconds
    let start = ContinuousClock.now
    let planned = try lower(function, in: module, transform: transform, to: .planned)
    report.transformMilliseconds = start.duration(to: .now).milliseconds
    let body = try CompiledProgram.Body(planned, engine, options, &report)
    report.compileMilliseconds = start.duration(to: .now).milliseconds
    report.argumentByteCount = planned.parameterTypes.map(\.byteCount).reduce(0, +)
    return CompiledProgram(planned, body, report)
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
    let planned = try adjoint.simplified()
    try planned.verify()
    return planned
  }

  /// The text of a stage of compilation.
  static func dump(
    _ function: Function, in module: Module, transform: Transform, stage: Stage,
    options: CompileOptions
  ) throws -> String {
    let lowered = try lower(function, in: module, transform: transform, to: stage)
    switch stage {
    case .traced, .simplified, .adjoint, .planned:
      return Module(functions: [lowered]).description
    case .loops, .llvm, .llvmOptimized, .assembly:
      return try Executable.dump(lowered, stage: stage.rawValue, options: options.codeOptions)
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
  /// The same choices in the back end's words.
  fileprivate var codeOptions: CodeOptions {
    var options = CodeOptions()
    if let threads { options.threads = max(1, threads) }
    return options
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

// MARK: - What runs

extension CompiledProgram {
  /// A planned function in the form its engine runs.
  enum Body: Sendable {
    case native(Executable)
    case interpreted(Interpreter, Function)

    /// Brings a planned function into the engine's form and notes times and sizes.
    fileprivate init(
      _ function: Function, _ engine: Engine, _ options: CompileOptions,
      _ report: inout CompileReport
    ) throws {
      switch engine {
      case .interpreter:
        self = .interpreted(Interpreter(module: Module(functions: [function])), function)
      case .native:
        let executable = try Executable(function, options: options.codeOptions)
        report.planMilliseconds = executable.report.planMilliseconds
        report.codegenMilliseconds = executable.report.codegenMilliseconds
        report.linkMilliseconds = executable.report.linkMilliseconds
        report.arenaByteCount = executable.report.arenaByteCount
        report.kernelCount = executable.report.kernelCount
        report.uniqueKernelCount = executable.report.uniqueKernelCount
        report.threads = options.codeOptions.threads
        self = .native(executable)
      }
    }

    /// Runs on raw memory, as `CompiledProgram.call(arguments:results:)` says.
    func call(
      arguments: UnsafePointer<UnsafeRawPointer>,
      results: UnsafePointer<UnsafeMutableRawPointer>
    ) throws {
      switch self {
      case .native(let executable):
        try executable.call(arguments: arguments, results: results)
      case .interpreted(let interpreter, let function):
        let literals = function.parameterTypes.enumerated().map { index, type in
          Literal(
            type,
            bytes: Array(UnsafeRawBufferPointer(start: arguments[index], count: type.byteCount)))
        }
        for (index, literal) in try interpreter.run(function, literals).enumerated() {
          literal.denseBytes.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(start: results[index], count: bytes.count)
              .copyMemory(from: bytes)
          }
        }
      }
    }
  }
}
