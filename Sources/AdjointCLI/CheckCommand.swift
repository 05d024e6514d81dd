import Adjoint
import ArgumentParser

/// `adjoint check`: tests what the compiler makes of a function.
struct CheckCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check machine code and derivatives of a function.",
    discussion: """
      engines: machine code gives what the interpreter gives, within \(EngineCheck.bounds). \
      gradient (with --grad): the gradient agrees with central differences, transpose: <Jv, w> = <v, J'w>, \
      and second: the gradient of the gradient along a direction agrees with central differences, all \
      with every f32 of the program widened to f64. Where a derivative is wrong, the operation is named whose \
      rule gives it. \(InputDrawing.rule)
      """)

  /// Which function.
  @OptionGroup var program: ProgramOptions
  /// What a call may use, and the processor.
  @OptionGroup var call: CallOptions

  /// Arguments to differentiate with respect to.
  @Option(help: ArgumentHelp("Check the gradient for these arguments.", valueName: "I,J"))
  var grad: IndexList?

  /// Files of the arguments.
  @Option(parsing: .upToNextOption, help: "One .npy file per argument.")
  var inputs: [String] = []

  /// The seed of inputs and directions.
  @Option(help: "The seed of inputs and directions.")
  var seed: UInt64 = 0

  /// Runs the checks and prints a line for each.
  func run() throws {
    call.startTimeLimit()
    let text = try program.read()
    let given =
      try inputs.isEmpty
      ? nil
      : InputFiles(paths: inputs, role: .argument).read(
        text.parameterTypes(of: program.function))
    let report = try text.verification(
      of: program.function, differentiating: grad?.indices, at: given, seed: seed,
      options: call.compileOptions)
    print(report)
    if !report.isPassed { throw CheckFailure() }
  }
}
