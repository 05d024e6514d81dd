import Adjoint
import ArgumentParser
import Foundation

/// `adjoint dump`: prints a stage of compilation.
struct DumpCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Print a stage of compilation.")

  /// Which function.
  @OptionGroup var program: ProgramOptions
  /// How it is differentiated.
  @OptionGroup var transform: TransformOptions
  /// What a call may use, and the processor.
  @OptionGroup var call: CallOptions

  /// What to print.
  @Option(help: "The stage to print.")
  var stage: Stage?

  /// Where to draw the memory plan.
  @Option(
    help: ArgumentHelp(
      "Draw the bytes in use over the execution, with the budget and without.",
      valueName: "FILE.svg"))
  var memory: String?

  /// Whether scans are printed as plain loops.
  @Flag(help: "Print scans as while loops, for other tools that read StableHLO.")
  var stablehlo = false

  /// Refuses to print and draw nothing.
  func validate() throws {
    if stage == nil, memory == nil { throw ValidationError("--stage or --memory is needed") }
  }

  /// Compiles as far as the stage and prints it, and draws.
  func run() throws {
    call.startTimeLimit()
    if let memory { try draw(to: memory) }
    guard let stage else { return }
    let text = try program.read().dump(
      stage: stage, function: program.function, transform: transform.transform,
      options: call.compileOptions, stablehlo: stablehlo)
    print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
  }

  /// Writes the drawing of the memory plan.
  private func draw(to path: String) throws {
    let drawing = try Program(contentsOf: program.file).memoryDrawing(
      function: program.function, transform: transform.transform, options: call.compileOptions)
    do {
      try Data(drawing.utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw AdjointError(
        .file, "the file cannot be written", at: SourceLocation(file: path, line: 0))
    }
  }
}
