import Adjoint
import ArgumentParser
import Foundation

/// The command line: runs, checks, prints and times programs in StableHLO text, and demonstrates.
@main
struct AdjointCommand: ParsableCommand {
  /// Name and subcommands.
  static let configuration = CommandConfiguration(
    commandName: "adjoint",
    abstract: "Runs, differentiates, checks and times programs in StableHLO text.",
    discussion: """
      Exit status: 0 on success, 1 when a check fails, 2 on bad usage or bad input.
      """,
    subcommands: [
      RunCommand.self, CheckCommand.self, DumpCommand.self, BenchCommand.self, DemoCommand.self,
    ])

  /// Runs a subcommand and ends the process with the status the command line promises.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
      endBackgroundCompilation()
    } catch let error as AdjointError {
      fail(error.description)
    } catch is CheckFailure {
      endBackgroundCompilation()
      Foundation.exit(1)
    } catch  where exitCode(for: error) == .success {
      print(fullMessage(for: error))
    } catch  where fullMessage(for: error).contains("Usage:") {
      fail(message(for: error))
    } catch {
      fail(error.localizedDescription)
    }
  }

  /// Says in one line what is wrong and ends the process.
  static func fail(_ message: String) -> Never {
    let words = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    FileHandle.standardError.write(Data("adjoint: \(words)\n".utf8))
    endBackgroundCompilation()
    Foundation.exit(2)
  }
}

/// Thrown when everything ran but a check did not hold; the report is already printed.
struct CheckFailure: Error {}
