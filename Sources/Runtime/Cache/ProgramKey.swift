internal import Targets
package import TensorIR

/// What a compiled program is found by on disk: all that decides its code.
package struct ProgramKey: Hashable, Sendable {
  /// The digest of it.
  let digest: Digest

  /// The key of a function without calls that goes through `transform`, which words describe; nil
  /// where there is no cache on disk, or the build that runs is not known.
  package init?(_ function: Function, transform: String, options: CodeOptions) {
    guard CodeCache.current?.disk != nil, !options.isProfiled, let build = BuildIdentity.name else {
      return nil
    }
    let target = options.target
    let lines = [
      "adjoint program 1", build, target.triple, target.cpu, target.features,
      options.donated.sorted().map(String.init).joined(separator: ","), transform,
      Module(functions: [function]).description,
    ]
    digest = Digest(lines.joined(separator: "\n"))
  }
}
