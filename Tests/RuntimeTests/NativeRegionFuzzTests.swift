import Differentiation
import Foundation
import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Random programs with loops and branches in each other, as machine code.
///
/// `ADJOINT_FUZZ=n` runs n programs instead of the few of a normal run.
@Suite struct NativeRegionFuzzTests {
  /// How many programs are made.
  private static let count =
    ProcessInfo.processInfo.environment["ADJOINT_FUZZ"].flatMap(UInt64.init) ?? 24

  /// As written and simplified, for one thread and two.
  @Test(arguments: [ElementType.f32, .f64])
  func programsKeepTheirMeaning(_ element: ElementType) throws {
    // In 437 one way of a branch in a serial kernel does nothing.
    for seed in Array(0..<Self.count) + [437] { expectMeaning(seed, element) }
  }

  private func expectMeaning(_ seed: UInt64, _ element: ElementType) {
    #expect(throws: Never.self, "seed \(seed)") {
      let function = try randomFunction(
        seed: seed, element: element, operations: 4...16, regions: true)
      try function.verify()
      let arguments = randomArguments(for: function, seed: seed)
      let expected = try Interpreter().run(function, arguments)
      for version in [function, try function.simplified()] {
        let results = try runNatively(version, arguments, threads: 1)
        #expect(
          try runNatively(version, arguments, threads: 2, policy: .immediate) == results,
          "seed \(seed)")
        for (result, expected) in zip(results, expected) {
          expectClose(result, expected, relative: element == .f32 ? 1e-4 : 1e-11, "seed \(seed)")
        }
      }
    }
  }

  /// Gradients natively, interpreted, and as differences of the function.
  @Test func gradientsAreDifferences() throws {
    // In 451 a carry that nothing copies is read by slices.
    for seed in Array(0..<Self.count) + [451] { expectGradient(seed) }
  }

  private func expectGradient(_ seed: UInt64) {
    #expect(throws: Never.self, "seed \(seed)") {
      let function = try randomFunction(
        seed: seed, differentiable: true, operations: 4...14, regions: true)
      try function.verify()
      let all = Array(function.parameters.indices)
      let gradient = try function.simplified().withGradient(of: all)
      try gradient.verify()
      let arguments = randomArguments(for: function, seed: seed)
      let expected = try Interpreter().run(gradient, arguments)
      let results = try runNatively(gradient.simplified(), arguments)
      for (result, expected) in zip(results, expected) {
        expectClose(result, expected, relative: 1e-9, "seed \(seed)")
      }
      // Along one direction, by central differences.
      var random = SplitMix64(seed: seed &+ 99)
      let direction = function.parameterTypes.map {
        ArgumentValues.uniform(-1...1).literal($0, using: &random)
      }
      func value(_ step: Double) throws -> Double {
        let moved = zip(arguments, direction).map { argument, direction in
          Literal(
            argument.type,
            doubles: zip(argument.doubles, direction.doubles).map { $0 + step * $1 })
        }
        return try Interpreter().run(function, moved)[0].doubles[0]
      }
      let slope = try (value(1e-5) - value(-1e-5)) / 2e-5
      let product = zip(expected.dropFirst(), direction).reduce(0.0) { sum, pair in
        zip(pair.0.doubles, pair.1.doubles).reduce(sum) { $0 + $1.0 * $1.1 }
      }
      #expect(abs(slope - product) <= 1e-7 + 1e-5 * abs(slope), "seed \(seed): \(slope) \(product)")
    }
  }
}
