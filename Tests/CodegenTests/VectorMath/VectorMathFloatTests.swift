import Foundation
import LLVMBridge
import Targets
import TestSupport
import Testing

@testable import Codegen

/// Floats against the C library's functions of doubles, whose own error does not show.
@Suite struct VectorMathFloatTests {
  /// The distance between tested bit patterns: `ADJOINT_EXHAUSTIVE=1` tests all.
  static let stride =
    ProcessInfo.processInfo.environment["ADJOINT_EXHAUSTIVE"] == "1" ? 1 : 16411

  /// The error of `y` in units of the last place of `exact`; infinite for a wrong special value.
  static func error(_ y: Float, _ exact: Double) -> Double {
    let nearest = Float(exact)
    if nearest == y, y == 0 || y.isInfinite {
      return nearest.sign == y.sign ? 0 : .infinity
    }
    if nearest.isNaN { return y.isNaN ? 0 : .infinity }
    if y.isNaN { return .infinity }
    // An overflow at the wrong place counts from the largest number on.
    let limit = 0x1p128
    let value = y.isInfinite ? (y > 0 ? limit : -limit) : Double(y)
    let bounded = min(max(exact, -limit), limit)
    let place = max(bounded == 0 ? -149 : Int(bounded.exponent) - 23, -149)
    return abs(value - bounded) / Double(sign: .plus, exponent: place, significand: 1)
  }

  /// The largest error seen, and where.
  struct Worst {
    var error = 0.0
    var argument: Float = 0
    var value: Float = 0

    /// Takes the error of a value into account.
    mutating func note(_ value: Float, of argument: Float, exact: Double) {
      // A correctly rounded value is off by half a unit at most; zeros may have the wrong sign.
      if Float(exact) == value && value != 0 && error >= 0.5 { return }
      let error = VectorMathFloatTests.error(value, exact)
      if error > self.error { self = Worst(error: error, argument: argument, value: value) }
    }
  }

  /// Each case takes a thread: with all bit patterns, a minute or two on a release build.
  @Test(arguments: VectorFunction.allCases)
  func sampledBitPatterns(function: VectorFunction) throws {
    let kernels = try TargetDescription.runnable.map {
      try MapKernel(function, isDouble: false, width: 16, target: $0)
    }
    var worst = [Worst](repeating: Worst(), count: kernels.count)
    let chunk = 4096 * Self.stride
    for start in Swift.stride(from: 0, to: 1 << 32, by: chunk) {
      let end = min(start + chunk, 1 << 32)
      let inputs = Swift.stride(from: start, to: end, by: Self.stride).map {
        Float(bitPattern: UInt32($0))
      }
      let exact = inputs.map { function.reference(Double($0)) }
      for (number, kernel) in kernels.enumerated() {
        let values = kernel.map(inputs)
        for index in inputs.indices {
          worst[number].note(values[index], of: inputs[index], exact: exact[index])
        }
      }
    }
    for (worst, target) in zip(worst, TargetDescription.runnable) {
      let found = "\(function)(\(worst.argument)) = \(worst.value) is \(worst.error) units off"
      if Self.stride == 1 { print("\(target.cpu): \(found)") }
      #expect(worst.error <= function.allowedError, "\(target.cpu): \(found)")
    }
  }

  /// Bit patterns with many special values and every exponent.
  private static let mixed: [Float] = {
    let special: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, 1, -1, .leastNonzeroMagnitude, -0x1p-133,
      .greatestFiniteMagnitude, 1e5, 1.0001e5, -3e9, 88.72, 88.73, -87.4, -103.9, -104,
    ]
    return special
      + Swift.stride(from: UInt64(77), to: 1 << 32, by: 9_699_691).map {
        Float(bitPattern: UInt32($0))
      }
  }()

  /// Reciprocal roots differ from processor to processor, but on each not with the width: two lanes are
  /// less than a register.
  @Test func reciprocalRootsDoNotDependOnTheVectorWidth() throws {
    for target in TargetDescription.runnable {
      let expected = try MapKernel(.rsqrt, isDouble: false, width: 16, target: target)
        .map(Self.mixed)
      for width in [1, 2, 4, 8, 48] {
        let values = try MapKernel(.rsqrt, isDouble: false, width: width, target: target)
          .map(Self.mixed)
        let isSame = zip(values, expected).allSatisfy {
          $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
        }
        #expect(isSame, "width \(width) on \(target.cpu)")
      }
    }
  }

  @Test(arguments: VectorFunction.allCases.filter { $0 != .rsqrt })
  func resultsDoNotDependOnTheVectorWidthOrProcessor(function: VectorFunction) throws {
    let expected = try MapKernel(function, isDouble: false, width: 16).map(Self.mixed)
    for target in TargetDescription.runnable {
      for width in [1, 2, 4, 8, 48, 64] {
        let values = try MapKernel(function, isDouble: false, width: width, target: target)
          .map(Self.mixed)
        let isSame = zip(values, expected).allSatisfy {
          $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
        }
        #expect(isSame, "width \(width) on \(target.cpu)")
      }
    }
  }

  @Test func sineAndCosineTogetherAreTheSame() throws {
    let both = try MapKernel(isDouble: false, width: 16) { math, x, _ in
      let (sin, cos) = math.sinCos(x)
      return math.builder.fadd(sin, cos)
    }.map(Self.mixed)
    let sum = try MapKernel(isDouble: false, width: 16) { math, x, _ in
      math.builder.fadd(math.sin(x), math.cos(x))
    }.map(Self.mixed)
    #expect(zip(both, sum).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
  }

  @Test(arguments: TargetDescription.runnable)
  func powersOfFloats(target: TargetDescription) throws {
    let kernel = try MapKernel(isDouble: false, width: 16, target: target, hasTwoInputs: true) {
      $0.pow($1, $2)
    }
    let special: [Float] = [
      0, -0.0, 1, -1, 2, -2, 0.5, 3, -3, -0.5, .infinity, -.infinity, .nan, 0x1p-133, -0x1p-133,
      3e38,
      16_777_215, -16_777_215, 1.5, 0.99999994, 1.0000001,
    ]
    var pairs = special.flatMap { x in special.map { (x, $0) } }
    var generator = SplitMix64(seed: 42)
    for _ in 0..<20_000 {
      let x = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()) & 0x7fff_ffff)
      let log = Foundation.log(Double(x))
      let y = Float((Double(generator.next() >> 11) * 0x1p-52 - 1) * 104 / log)
      pairs.append((x, y))
    }
    let values = kernel.map(pairs.map { $0.0 }, pairs.map { $0.1 })
    for ((x, y), value) in zip(pairs, values) {
      let error = Self.error(value, Foundation.pow(Double(x), Double(y)))
      #expect(error <= 1, "pow(\(x), \(y)) = \(value)")
    }
  }
}
