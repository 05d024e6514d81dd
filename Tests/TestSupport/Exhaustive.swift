import Foundation

/// Whether tests go through all that they can, also what is alike: `ADJOINT_EXHAUSTIVE=1`.
public let isExhaustive = ProcessInfo.processInfo.environment["ADJOINT_EXHAUSTIVE"] == "1"
