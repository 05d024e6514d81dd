internal import Targets
package import TensorIR

/// What a compiled program is found by on disk: all that decides its code.
package struct ProgramKey: Hashable, Sendable {
  /// The digest of it.
  let digest: Digest

  /// The key of a function without calls that goes through `transform`, which words describe; nil
  /// where there is no cache on disk, the build that runs is not known, or foreign functions are
  /// called, whose text does not say what they are differentiated by.
  ///
  /// - Parameter origin: What compiles it.
  package init?(
    _ function: Function, transform: @autoclosure () -> String, options: CodeOptions,
    origin: CodeOrigin? = .current
  ) {
    guard CodeCache.current?.disk != nil, !options.isProfiled, let origin,
      !function.callsForeignFunctions
    else { return nil }
    let target = options.target
    let lines = [
      "adjoint program 4", origin.keyText, target.triple, target.cpu, target.features,
      options.donated.sorted().map(String.init).joined(separator: ","), transform(),
      options.memory.keyText, function.trailText,
      Module(functions: [function]).description,
    ]
    digest = Digest(lines.joined(separator: "\n"))
  }
}

extension MemoryOptions {
  /// The options as text, equal for equal ones.
  fileprivate var keyText: String {
    var policy = "\(self.policy)"
    if case .save(let names) = self.policy { policy = "save \(names.sorted())" }
    return "\(budget.map { "\($0)" } ?? "") \(policy)"
  }
}

extension Function {
  /// Whether a foreign function is called, in whichever region.
  fileprivate var callsForeignFunctions: Bool {
    var calls = false
    forEachOperation { operation in
      if case .foreign = operation.op { calls = true }
    }
    return calls
  }

  /// What the memory plan goes by and text does not say: what is backward, and in which scopes.
  fileprivate var trailText: String {
    operations.enumerated().compactMap { position, operation in
      let trail = operation.location.trail
      guard trail.isBackward || !trail.scopes.isEmpty else { return nil }
      return "\(position)\(trail.isBackward ? "b" : "")\(trail.scopes)"
    }
    .joined(separator: " ")
  }
}
