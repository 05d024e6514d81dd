import Adjoint
import ArgumentParser

/// `adjoint run`: runs a function, or its derivative, once.
struct RunCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a function, or its derivative, once.",
    discussion: """
      --grad gives the function's results, then one gradient per index; --vjp gives the results, \
      then the cotangents of those arguments; --jvp gives the results, then their tangents. \
      --expected compares with files and ends with status 1 where a result differs by more than the \
      tolerance, which is 1e-10 for f64, 1e-5 for f32, 0.02 for f16 and bf16, 0 for integers. \
      \(InputDrawing.rule)
      """)

  /// Which function.
  @OptionGroup var program: ProgramOptions
  /// How it is differentiated.
  @OptionGroup var transform: TransformOptions
  /// What a call may use, and the processor.
  @OptionGroup var call: CallOptions

  /// Files of the arguments.
  @Option(parsing: .upToNextOption, help: "One .npy file per argument.")
  var inputs: [String] = []

  /// Files for the results.
  @Option(parsing: .upToNextOption, help: "One .npy file to write per result.")
  var outputs: [String] = []

  /// Files of what the results should be.
  @Option(parsing: .upToNextOption, help: "One .npy file per result to compare with.")
  var expected: [String] = []

  /// How far results may be from what is expected.
  @Option(
    help: ArgumentHelp(
      "The largest difference, as a part of the largest expected element.", valueName: "T"))
  var tolerance: Double?

  /// Files of the cotangents.
  @Option(parsing: .upToNextOption, help: "One .npy file per result, for --vjp.")
  var cotangents: [String] = []

  /// Files of the tangents.
  @Option(parsing: .upToNextOption, help: "One .npy file per index, for --jvp.")
  var tangents: [String] = []

  /// What runs the function.
  @Option(help: "What runs the function.")
  var engine = EngineName.jit

  /// The seed of drawn inputs.
  @Option(help: "The seed of drawn inputs.")
  var seed: UInt64 = 0

  /// Refuses derivative inputs without their derivative, and the other way round.
  func validate() throws {
    if (transform.vjp != nil) != !cotangents.isEmpty {
      throw ValidationError("--vjp and --cotangents belong together")
    }
    if (transform.jvp != nil) != !tangents.isEmpty {
      throw ValidationError("--jvp and --tangents belong together")
    }
    if expected.isEmpty && tolerance != nil {
      throw ValidationError("--tolerance needs --expected")
    }
    if let tolerance, !(tolerance >= 0) {
      throw ValidationError("--tolerance must not be negative")
    }
  }

  /// Runs the function and prints or writes its results.
  func run() throws {
    call.startTimeLimit()
    let text = try program.read()
    let compiled = try text.compile(
      function: program.function, transform: transform.transform, engine: engine.engine,
      options: call.compileOptions)
    let types = compiled.parameterTypes
    let ownCount = try text.parameterTypes(of: program.function).count
    guard outputs.isEmpty || outputs.count == compiled.resultTypes.count else {
      throw AdjointError(
        .argument, "there are \(compiled.resultTypes.count) results, but \(outputs.count) --outputs"
      )
    }
    let own = try arguments(Array(types[..<ownCount]))
    let extra = try InputFiles(
      paths: cotangents + tangents, role: cotangents.isEmpty ? .tangent : .cotangent
    )
    .read(Array(types[ownCount...]))
    let results = try compiled.call(own + extra)
    for (result, path) in zip(results, outputs) { try result.write(npy: path) }
    let names = names(
      results.count, ownCount: try text.resultTypes(of: program.function).count)
    if !expected.isEmpty {
      try compare(results, named: names)
    } else if outputs.isEmpty {
      for (name, result) in zip(names, results) {
        print("\(name): \(result.summary)")
      }
    }
  }

  /// Prints how far each result is from its file, and fails where one is not what it should be.
  private func compare(_ results: [TensorData], named names: [String]) throws {
    let files = try InputFiles(paths: expected, role: .expected).read(results.map(\.type))
    var isExpected = true
    for (name, (result, file)) in zip(names, zip(results, files)) {
      let comparison = Comparison(result, file, tolerance: tolerance)
      isExpected = isExpected && comparison.agrees
      print("\(name): \(comparison)")
    }
    if !isExpected { throw CheckFailure() }
  }

  /// The function's own arguments, read or drawn.
  private func arguments(_ types: [TensorType]) throws -> [TensorData] {
    if inputs.isEmpty {
      var drawing = InputDrawing(seed: seed)
      return try drawing.draw(types)
    }
    return try InputFiles(paths: inputs, role: .argument).read(types)
  }

  /// What each of `count` results is called, of which the first `ownCount` are the function's.
  private func names(_ count: Int, ownCount: Int) -> [String] {
    let indices = transform.grad?.indices ?? transform.vjp?.indices ?? Array(0..<count)
    let word = transform.grad != nil ? "gradient" : transform.vjp != nil ? "cotangent" : "tangent"
    return (0..<count).map { position in
      position < ownCount ? "result \(position)" : "\(word) \(indices[position - ownCount])"
    }
  }
}
