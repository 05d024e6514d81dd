import Adjoint
import ArgumentParser
import Foundation

/// Argument numbers separated by commas, such as `0,2`.
struct IndexList: ExpressibleByArgument {
  /// The numbers as written; one may be named twice.
  var indices: [Int]

  /// Parses the list; nil for anything but numbers from zero.
  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    indices = words.compactMap { Int($0) }
    guard indices.count == words.count, indices.allSatisfy({ $0 >= 0 }) else { return nil }
  }
}

/// What runs the function, as named on the command line.
enum EngineName: String, CaseIterable, ExpressibleByArgument {
  /// Machine code.
  case jit
  /// One operation after the other, slow and obvious.
  case interpreter

  /// The engine of that name.
  var engine: Engine {
    switch self {
    case .jit: .native
    case .interpreter: .interpreter
    }
  }
}

extension Stage: ExpressibleByArgument {}

extension CompilePolicy: ExpressibleByArgument {}

/// Which function of which file.
struct ProgramOptions: ParsableArguments {
  /// The path of the text.
  @Argument(help: "A file of StableHLO text.")
  var file: String

  /// The function's symbol.
  @Option(help: "The function to use, private ones too; main when not given.")
  var function: String?

  /// C functions that custom calls name.
  @Option(
    help: ArgumentHelp(
      "A C function that custom calls of the text name, such as f=libf.so:f:in0,out0,n0->void.",
      valueName: "NAME=LIBRARY:SYMBOL:SIGNATURE"))
  var foreign: [String] = []

  /// Reads the file.
  ///
  /// - Throws: `AdjointError` where the file or a foreign function's text is wrong.
  func read() throws -> Program {
    var functions: [String: String] = [:]
    for text in foreign {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw AdjointError(
          .argument, "--foreign takes NAME=LIBRARY:SYMBOL:SIGNATURE, not '\(text)'")
      }
      functions[parts[0]] = parts[1]
    }
    return try Program(contentsOf: file, foreign: functions)
  }
}

extension Processor: ExpressibleByArgument {}

extension ByteCount: ExpressibleByArgument {
  /// Parses a count with a unit; nil for anything else.
  public init?(argument: String) { self.init(argument) }
}

extension Rematerialization: ExpressibleByArgument {
  /// Parses a policy; nil for anything else.
  public init?(argument: String) {
    switch argument {
    case "automatic": self = .automatic
    case "save-all": self = .saveAll
    case "save-nothing": self = .saveNothing
    case "save-products": self = .saveProducts
    default:
      guard argument.hasPrefix("save:") else { return nil }
      let names = argument.dropFirst("save:".count).split(separator: ",").map(String.init)
      self = .save(named: Set(names))
    }
  }

  /// The text that is parsed as this policy.
  public var defaultValueDescription: String {
    switch self {
    case .automatic: "automatic"
    case .saveAll: "save-all"
    case .saveNothing: "save-nothing"
    case .saveProducts: "save-products"
    case .save(let names): "save:" + names.sorted().joined(separator: ",")
    }
  }
}

/// What a call may use, and the processor that code is made for.
struct CallOptions: ParsableArguments {
  /// The number of threads; nil for all cores.
  @Option(help: "Threads a call may use; as many as there are cores when not given.")
  var threads: Int?

  /// Arguments whose memory results may take over.
  @Option(
    help: ArgumentHelp(
      "Let results take over the memory of these arguments, besides those the text marks as donated.",
      valueName: "I,J"))
  var donate: IndexList?

  /// The processor.
  @Option(help: "The processor code is made for; all but dump need one whose code runs here.")
  var target = Processor.host

  /// The most temporary memory.
  @Option(
    help: ArgumentHelp(
      "The most temporary memory a call may need, such as 200MB or 64MiB.", valueName: "BYTES"))
  var memoryBudget: ByteCount?

  /// What is kept for the backward computation.
  @Option(
    help: ArgumentHelp(
      """
      What is kept for the backward computation: automatic, save-all, save-nothing, save-products, or \
      save:NAME,NAME for values of these names.
      """, valueName: "POLICY"))
  var remat = Rematerialization.automatic

  /// How good code is when it can first be called.
  @Option(
    help: ArgumentHelp(
      "How good code is at first: immediate, balanced (better after the first call), or best.",
      valueName: "POLICY"))
  var policy = CompilePolicy.preferred

  /// How long compiling may take, in milliseconds; nil for any time.
  @Option(
    help: ArgumentHelp(
      "Make code quickly where the best would take longer in all.", valueName: "MILLISECONDS"))
  var compileBudget: Double?

  /// How long the command may take, in seconds; nil for any time.
  @Option(help: ArgumentHelp("End with an error after so many seconds.", valueName: "SECONDS"))
  var timeout: Double?

  /// Refuses numbers below one, and times that are none.
  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
    if let compileBudget, !(compileBudget >= 0) {
      throw ValidationError("--compile-budget must be at least 0")
    }
    if let timeout, !(timeout > 0 && timeout < 1e9) {
      throw ValidationError("--timeout must be a time above 0")
    }
  }

  /// Lets the command end with an error when its time is over, whatever it does then.
  func startTimeLimit() {
    guard let timeout else { return }
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: timeout)
      AdjointCommand.fail("not done after \(timeout) s, the limit that --timeout sets")
    }
  }

  /// The compiler's options.
  var compileOptions: CompileOptions {
    CompileOptions(
      threads: threads, donated: Set(donate?.indices ?? []), processor: target,
      memoryBudget: memoryBudget, rematerialization: remat, policy: policy,
      compileMilliseconds: compileBudget)
  }
}

/// How the function is differentiated.
struct TransformOptions: ParsableArguments {
  /// Arguments to differentiate a scalar with respect to.
  @Option(help: ArgumentHelp("Append the gradient for these arguments.", valueName: "I,J"))
  var grad: IndexList?

  /// Arguments whose cotangents are wanted.
  @Option(help: ArgumentHelp("Append the cotangents of these arguments.", valueName: "I,J"))
  var vjp: IndexList?

  /// Arguments that have tangents.
  @Option(help: ArgumentHelp("Append tangents of the results.", valueName: "I,J"))
  var jvp: IndexList?

  /// Refuses more than one kind of derivative.
  func validate() throws {
    if [grad, vjp, jvp].count(where: { $0 != nil }) > 1 {
      throw ValidationError("only one of --grad, --vjp and --jvp can be given")
    }
  }

  /// The transformation asked for.
  var transform: Transform {
    if let grad { return .gradient(grad.indices) }
    if let vjp { return .vjp(vjp.indices) }
    if let jvp { return .jvp(jvp.indices) }
    return .none
  }
}
