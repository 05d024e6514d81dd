import Adjoint
import ArgumentParser

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
  var stage: Stage

  /// Whether scans are printed as plain loops.
  @Flag(help: "Print scans as while loops, for other tools that read StableHLO.")
  var stablehlo = false

  /// Compiles as far as the stage and prints it.
  func run() throws {
    call.startTimeLimit()
    let text = try Program(contentsOf: program.file).dump(
      stage: stage, function: program.function, transform: transform.transform,
      options: call.compileOptions, stablehlo: stablehlo)
    print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
  }
}
