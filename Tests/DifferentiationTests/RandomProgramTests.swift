import Differentiation
import Foundation
import TensorIR
import TestSupport
import Testing

/// Random programs against differences and against themselves; the seed is the test's argument.
///
/// `ADJOINT_FUZZ=n` runs n programs instead of the few of a normal run.
@Suite struct RandomProgramTests {
  /// How many programs are made.
  static let count = ProcessInfo.processInfo.environment["ADJOINT_FUZZ"].flatMap(UInt64.init) ?? 150

  @Test(arguments: 0..<count) func derivatives(_ seed: UInt64) throws {
    let function = try RandomProgram.function(seed: seed)
    var random = SplitMix64(seed: seed &+ 1)
    let arguments = function.parameterTypes.map { randomLiteral($0, &random) }
    let check = DerivativeCheck(function, arguments, seed: seed &+ 2)
    try check.expectFirstOrder(differences: 1e-5, "seed \(seed)")
    try check.expectSecondOrder(differences: 1e-4, "seed \(seed)")
  }

  @Test(arguments: 0..<count) func reverseModeEmitsNothingDead(_ seed: UInt64) throws {
    let function = try RandomProgram.function(seed: seed)
    let derived = try function.withVJP(of: Array(function.parameters.indices))
    var isLive = [Bool](repeating: false, count: derived.types.count)
    for result in derived.results { isLive[result.index] = true }
    for (position, operation) in derived.operations.enumerated().reversed() {
      if isLive[operation.result.index] {
        for operand in operation.operands { isLive[operand.index] = true }
      } else {
        // Only what is dead in the function itself may be.
        #expect(position < function.operations.count, "seed \(seed): \(operation.op.mnemonic)")
      }
    }
  }
}
