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

  /// The seed of inputs and directions.
  @Option(help: "The seed of inputs and directions.")
  var seed: UInt64 = 0

  /// Runs the checks and prints a line for each.
  func run() throws {
    let text = try Program(contentsOf: program.file)
    let subject = CheckSubject(
      program: text, function: program.function, options: call.compileOptions, seed: seed)
    var lines = [try EngineCheck(subject, grad: grad?.indices).line]
    if let grad {
      let wide = CheckSubject(
        program: try text.widened(), function: program.function, options: call.compileOptions,
        seed: seed)
      lines.append(try GradientCheck(wide, indices: grad.indices).line)
      lines.append(try TransposeCheck(wide, indices: grad.indices).line)
    }
    for line in lines { print(line) }
    if !lines.allSatisfy(\.holds) { throw CheckFailure() }
  }
}

/// One line of a report.
struct CheckLine: CustomStringConvertible {
  /// What was checked.
  var name: String
  /// Whether it holds.
  var holds: Bool
  /// The numbers behind it.
  var detail: String

  /// The line as printed.
  var description: String { "\(name.padded(to: 11))\(holds ? "ok    " : "FAILED")  \(detail)" }
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

  /// The function or a derivative, ready to be called.
  func compile(_ transform: Transform, _ engine: Engine = .native) throws -> CompiledProgram {
    try program.compile(function: function, transform: transform, engine: engine, options: options)
  }

  /// Arguments drawn from the seed.
  func arguments() throws -> [TensorData] {
    var drawing = InputDrawing(seed: seed)
    return try drawing.draw(program.parameterTypes(of: function))
  }
}
