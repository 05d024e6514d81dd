import Adjoint
import ArgumentParser

/// `adjoint demo`: trains a network on the bundled handwritten digits.
struct DemoCommand: ParsableCommand {
  /// Name and summary.
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Train a network on the bundled handwritten digits.")
}
