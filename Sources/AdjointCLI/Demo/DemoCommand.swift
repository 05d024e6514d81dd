import Adjoint
import ArgumentParser
import Foundation

/// `adjoint demo`: trains a network on the bundled handwritten digits.
struct DemoCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Train a network on the bundled handwritten digits.",
    discussion: """
      Checks worked examples of derivatives first. Fails when one does not hold or when the final \
      test accuracy is below 97 %.
      """)

  /// The accuracy that the network must reach on digits it has not seen.
  private static let leastAccuracy = 0.97
  /// The seed of the split, of the first weights and of the order of digits.
  private static let seed: UInt64 = 1
  /// Units of the hidden layer.
  private static let hiddenCount = 128

  /// Where dumps go.
  @Option(help: "The folder for the dumps of each stage; a temporary one when not given.")
  var dumps: String?

  /// Runs the whole demonstration.
  func run() throws {
    let holds = try checkExamples()
    let digits = try Digits(splitSeed: Self.seed)
    var trainer = Trainer(digits: digits, hiddenCount: Self.hiddenCount, seed: Self.seed)
    say(
      "\nTraining a \(Digits.pixelCount)-\(Self.hiddenCount)-\(Digits.classCount) perceptron on "
        + "\(digits.training.labels.count) handwritten digits, testing on "
        + "\(digits.test.labels.count)")
    let stepsPerSecond = try train(&trainer)
    let accuracy = try trainer.accuracy(on: digits.test)
    say("Final test accuracy: \((accuracy * 100).fixed(2)) %\n")
    try report(trainer, stepsPerSecond: stepsPerSecond)
    guard holds, accuracy >= Self.leastAccuracy else {
      say("FAILED: " + (holds ? "the test accuracy is below 97 %" : "a worked example is wrong"))
      throw CheckFailure()
    }
  }

  /// Prints a line at once, also into a pipe.
  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  /// Prints the worked examples; true when all hold.
  private func checkExamples() throws -> Bool {
    say("Worked examples")
    let examples = try WorkedExample.all()
    for example in examples {
      let numbers = example.computed.map(\.short).joined(separator: ", ")
      say("  \(example.holds ? "ok    " : "FAILED")  \(example.name) = \(numbers)")
    }
    return examples.allSatisfy(\.holds)
  }

  /// Trains, printing as it goes, and returns the steps per second without data preparation.
  private func train(_ trainer: inout Trainer) throws -> Double {
    var microseconds = 0.0
    var timedSteps = 0
    for epoch in 1...Trainer.epochCount {
      let batches = trainer.prepareEpoch()
      let start = ContinuousClock.now
      let loss = try trainer.run(batches)
      if epoch > 1 {  // The first pass compiles.
        microseconds += (ContinuousClock.now - start).microseconds
        timedSteps += batches.count
      }
      guard epoch == 1 || epoch % 3 == 0 else { continue }
      let accuracy = try trainer.accuracy(on: trainer.digits.test)
      say(
        "  epoch \(String(epoch).leftPadded(to: 2))   loss \(Double(loss).fixed(4))"
          + "   test accuracy \((accuracy * 100).fixed(2)) %")
    }
    return Double(timedSteps) / max(microseconds, 1) * 1e6
  }

  /// Prints times, sizes and where the dumps are.
  private func report(_ trainer: Trainer, stepsPerSecond: Double) throws {
    let folder = try writeDumps(of: trainer.step)
    guard let compile = trainer.step.report else { return }
    let rows = [
      ("trace", compile.parseMilliseconds.fixed(2) + " ms"),
      ("transform", compile.transformMilliseconds.fixed(2) + " ms"),
      ("plan", compile.planMilliseconds.fixed(2) + " ms"),
      ("code generation", compile.codegenMilliseconds.fixed(2) + " ms"),
      ("link", compile.linkMilliseconds.fixed(2) + " ms"),
      ("kernels", "\(compile.kernelCount), \(compile.functionCount) functions"),
      ("arena", "\(compile.arenaByteCount) bytes"),
      ("steps per second", "\(Int(stepsPerSecond))"),
      ("dumps", folder.path),
    ]
    say("The training step")
    for (name, value) in rows { say("  \(name.padded(to: 18))\(value)") }
  }

  /// Writes a file for each stage and returns their folder.
  private func writeDumps(of step: Trainer.Step) throws -> URL {
    let folder =
      dumps.map { URL(fileURLWithPath: $0, isDirectory: true) }
      ?? FileManager.default.temporaryDirectory.appending(path: "adjoint-demo-\(getpid())")
    let texts = try Stage.allCases.map { (stage: $0, text: try step.dump(stage: $0)) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (stage, text) in texts {
        let file = folder.appending(path: "\(stage.rawValue).\(stage.fileExtension)")
        try Data(text.utf8).write(to: file)
      }
    } catch {
      throw AdjointError(
        .file, "the dumps cannot be written", at: SourceLocation(file: folder.path, line: 0))
    }
    return folder
  }
}

extension Stage {
  /// What the name of a file with the stage's text ends in.
  fileprivate var fileExtension: String {
    switch self {
    case .traced, .simplified, .adjoint, .planned: "mlir"
    case .loops, .schedule: "txt"
    case .llvm, .llvmOptimized: "ll"
    case .assembly: "s"
    }
  }
}
