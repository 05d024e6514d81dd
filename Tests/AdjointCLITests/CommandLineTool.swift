import Foundation

/// The program `adjoint`, run as its users do.
struct CommandLineTool {
  /// What a run came to.
  struct Outcome: Equatable {
    /// The exit status; negative where a signal ended the program.
    var status: Int32
    /// What it wrote to standard output.
    var output: String
    /// What it wrote to standard error.
    var error: String

    /// The lines of standard output.
    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  /// The folder it runs in; relative paths start there.
  var folder: URL

  /// The built program, beside the tests.
  private static let program: URL = {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
    let beside = (bundle?.bundleURL ?? Bundle.main.executableURL)?.deletingLastPathComponent()
    return (beside ?? URL(filePath: ".build/debug")).appending(path: "adjoint")
  }()

  /// Runs the program with arguments and an environment with some additions.
  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    try start(arguments, environment: environment).outcome()
  }

  /// A run that has begun.
  struct Run {
    fileprivate var process: Process
    /// The files of standard output and standard error.
    fileprivate var files: [URL]

    /// Waits for the end, and says what came of it.
    func outcome() throws -> Outcome {
      process.waitUntilExit()
      defer { for file in files { try? FileManager.default.removeItem(at: file) } }
      let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
      let status = process.terminationStatus
      return Outcome(
        status: process.terminationReason == .exit ? status : -status, output: texts[0],
        error: texts[1])
    }
  }

  /// Begins a run with arguments and an environment with some additions.
  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Run {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let names = (0..<2).map { _ in
      FileManager.default.temporaryDirectory.appending(path: "adjoint-\(UUID().uuidString)")
    }
    for name in names { try Data().write(to: name) }
    process.standardOutput = try FileHandle(forWritingTo: names[0])
    process.standardError = try FileHandle(forWritingTo: names[1])
    try process.run()
    return Run(process: process, files: names)
  }

  /// The folder of the example programs.
  static let programs = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Programs")
}

/// Calls `body` with the program in a new folder that holds the given files.
func withTool<Result>(
  files: [String: String] = [:], _ body: (CommandLineTool) throws -> Result
) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "adjoint-cli-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, text) in files {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }
  return try body(CommandLineTool(folder: folder))
}
