import Adjoint
import ArgumentParser

/// `adjoint bench`: times compiling and running a function.
struct BenchCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time compiling and running a function.",
    discussion: InputDrawing.rule)

  /// Which function.
  @OptionGroup var program: ProgramOptions
  /// What a call may use, and the processor.
  @OptionGroup var call: CallOptions

  /// Arguments to differentiate with respect to.
  @Option(help: ArgumentHelp("Append the gradient for these arguments.", valueName: "I,J"))
  var grad: IndexList?

  /// Files of the arguments.
  @Option(parsing: .upToNextOption, help: "One .npy file per argument.")
  var inputs: [String] = []

  /// The seed of drawn inputs.
  @Option(help: "The seed of drawn inputs.")
  var seed: UInt64 = 0

  /// Whether the report is one JSON object.
  @Flag(help: "Print one JSON object.")
  var json = false

  /// Whether the report lists the kernels.
  @Flag(help: "Add each kernel's time, bytes, operations and fraction of the machine's roofline.")
  var profile = false

  /// Whether code that was compiled before may be used.
  @Flag(help: "Use the cache of code on disk, and keep what is compiled there.")
  var cache = false

  /// Whether only compiling is timed.
  @Flag(help: "Time compiling alone: anew, with the kernels of this process, and from disk.")
  var compile = false

  /// How often compiling is timed.
  @Option(help: "How often each way of compiling is timed; the fastest counts.")
  var repeats = 5

  /// Refuses counts below one.
  func validate() throws {
    if repeats < 1 { throw ValidationError("--repeats must be at least 1") }
  }

  /// Compiles the function, calls it again and again, and reports.
  func run() throws {
    call.startTimeLimit()
    let parsed = try program.read()
    try loadCodeGenerator()
    if compile {
      let times = try CompileTimes(
        of: parsed, function: program.function,
        transform: grad.map { .gradient($0.indices) } ?? .none, options: call.compileOptions,
        repeats: repeats)
      return print(json ? times.json : times.table)
    }
    let compiled = try withCodeCache(cache ? .standard : .none) {
      try parsed.compile(
        function: program.function, transform: grad.map { .gradient($0.indices) } ?? .none,
        options: call.compileOptions)
    }
    if call.policy != .immediate { compiled.improve() }
    let arguments: [TensorData]
    if inputs.isEmpty {
      var drawing = InputDrawing(seed: seed)
      arguments = try drawing.draw(compiled.parameterTypes)
    } else {
      arguments = try InputFiles(paths: inputs, role: .argument).read(compiled.parameterTypes)
    }
    let times = try CallTimes(measuring: compiled, arguments: arguments, seconds: 1)
    let kernels =
      profile
      ? try ProfileReport(compiled, arguments: arguments, microseconds: times.minimum) : nil
    print(report(compiled.report, times, kernels))
  }

  /// The report as JSON or as lines.
  private func report(_ compile: CompileReport, _ times: CallTimes, _ kernels: ProfileReport?)
    -> String
  {
    var rows: [(name: String, value: String)] = [
      ("parse_ms", compile.parseMilliseconds.fixed(4)),
      ("transform_ms", compile.transformMilliseconds.fixed(4)),
      ("plan_ms", compile.planMilliseconds.fixed(4)),
      ("verify_ms", compile.verifyMilliseconds.fixed(4)),
      ("codegen_ms", compile.codegenMilliseconds.fixed(4)),
      ("link_ms", compile.linkMilliseconds.fixed(4)),
      ("compile_ms", compile.compileMilliseconds.fixed(4)),
      ("run_us_min", times.minimum.fixed(4)),
      ("run_us_median", times.median.fixed(4)),
      ("arena_bytes", "\(compile.arenaByteCount)"),
      ("save_all_bytes", "\(compile.saveAllByteCount)"),
      ("saved_bytes", "\(compile.savedByteCount)"),
      ("recomputed_bytes", "\(compile.recomputedByteCount)"),
      ("added_flops", "\(compile.addedFlops)"),
      ("argument_bytes", "\(compile.argumentByteCount)"),
      ("kernels", "\(compile.kernelCount)"),
      ("functions", "\(compile.functionCount)"),
      ("threads", "\(compile.threads)"),
      ("cached", compile.source == .disk ? "1" : "0"),
    ]
    if let growth = times.residentGrowth { rows.append(("resident_bytes", "\(growth)")) }
    if json {
      let fields =
        rows.map { "\"\($0.name)\": \($0.value)" }
        + (kernels.map { ["\"profile\": " + $0.json] } ?? [])
      return "{" + fields.joined(separator: ", ") + "}"
    }
    let width = rows.map(\.name.count).max() ?? 0
    let lines = rows.map { $0.name.padded(to: width + 2) + $0.value }
    return (lines + (kernels.map { ["", $0.table] } ?? [])).joined(separator: "\n")
  }
}
