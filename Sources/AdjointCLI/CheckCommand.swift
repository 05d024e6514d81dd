import Adjoint
import ArgumentParser

/// `adjoint check`: tests what the compiler makes of a function.
struct CheckCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check machine code and derivatives of a function.",
    discussion: """
      engines: machine code gives what the interpreter gives, within \(EngineCheck.bounds). \
      gradient (with --grad): the gradient agrees with central differences, and transpose: \
      <Jv, w> = <v, J'w>, both with every f32 of the program widened to f64. \(InputDrawing.rule)
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
    let text = try Program(contentsOf: program.file)
    let given =
      try inputs.isEmpty
      ? nil
      : InputFiles(paths: inputs, role: .argument).read(
        text.parameterTypes(of: program.function))
    let subject = CheckSubject(
      program: text, function: program.function, options: call.compileOptions, seed: seed,
      given: given)
    var lines = [try EngineCheck(subject, grad: grad?.indices).line]
    if let grad {
      let wide = CheckSubject(
        program: try text.widened(), function: program.function, options: call.compileOptions,
        seed: seed, given: given)
      lines.append(try GradientCheck(wide, indices: grad.indices).line)
      lines.append(try TransposeCheck(wide, indices: grad.indices).line)
    }
    for line in lines { print(line) }
    if lines.contains(where: { $0.outcome == .failed }) { throw CheckFailure() }
  }
}

/// One line of a report.
struct CheckLine: CustomStringConvertible {
  /// What a check found.
  enum Outcome: String, Comparable {
    case ok
    /// The check says nothing about this function.
    case unsure
    case failed = "FAILED"

    /// Worse outcomes are greater.
    static func < (left: Outcome, right: Outcome) -> Bool {
      let order: [Outcome] = [.ok, .unsure, .failed]
      return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
  }

  /// What was checked.
  var name: String
  /// What was found.
  var outcome: Outcome
  /// The numbers behind it.
  var detail: String

  /// The line as printed.
  var description: String { "\(name.padded(to: 11))\(outcome.rawValue.padded(to: 6))  \(detail)" }
}

/// The function that checks are about.
struct CheckSubject {
  /// The program.
  var program: Program
  /// The function's name; nil for the one that runs when none is named.
  var function: String?
  /// How it is compiled.
  var options: CompileOptions
  /// The seed of its inputs.
  var seed: UInt64
  /// The arguments to check at; nil draws them.
  var given: [TensorData]?

  /// The function or a derivative, ready to be called.
  func compile(_ transform: Transform, _ engine: Engine = .native) throws -> CompiledProgram {
    try program.compile(function: function, transform: transform, engine: engine, options: options)
  }

  /// The arguments given, in the types of the program, or ones drawn from the seed.
  func arguments() throws -> [TensorData] {
    let types = try program.parameterTypes(of: function)
    guard let given else {
      var drawing = InputDrawing(seed: seed)
      return try drawing.draw(types)
    }
    return try zip(given, types).map { tensor, type in
      tensor.type == type ? tensor : try TensorData(type, doubles: tensor.doubles)
    }
  }
}
