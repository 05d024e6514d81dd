#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sine and cosine of arguments that emitted polynomials are no good for: functions of this process
/// that generated code calls by name.
///
/// A function `(arguments, results, count)` overwrites the results of huge arguments with what the C
/// library's function gives in double precision. They stand here and not in each object, since a
/// function takes LLVM as long as a hundred instructions do.
package enum HugeArguments {
  /// The two circular functions, by the C library's names.
  package enum Circular: String, CaseIterable, Sendable {
    case sin, cos

    /// What the C library gives.
    fileprivate func value(_ x: Double) -> Double {
      switch self {
      #if canImport(Glibc)
        case .sin: Glibc.sin(x)
        case .cos: Glibc.cos(x)
      #else
        case .sin: Darwin.sin(x)
        case .cos: Darwin.cos(x)
      #endif
      }
    }
  }

  /// Arguments of greater magnitude are huge.
  package static func limit(isDouble: Bool) -> Double { isDouble ? 1e7 : 1e5 }

  /// The name of the function for doubles or floats.
  package static func name(_ circular: Circular, isDouble: Bool) -> String {
    "adjoint.\(circular.rawValue).huge.\(isDouble ? "double" : "float")"
  }

  /// Where the functions are, by name.
  package static let addresses: [String: UInt] = [
    name(.sin, isDouble: true): address { overwrite(.sin, $0, $1, $2) },
    name(.cos, isDouble: true): address { overwrite(.cos, $0, $1, $2) },
    name(.sin, isDouble: false): floatAddress { overwrite(.sin, $0, $1, $2) },
    name(.cos, isDouble: false): floatAddress { overwrite(.cos, $0, $1, $2) },
  ]

  private typealias Doubles =
    @convention(c) (UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void
  private typealias Floats =
    @convention(c) (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  private static func address(_ function: Doubles) -> UInt {
    unsafeBitCast(function, to: UInt.self)
  }

  private static func floatAddress(_ function: Floats) -> UInt {
    unsafeBitCast(function, to: UInt.self)
  }

  private static func overwrite(
    _ circular: Circular, _ arguments: UnsafePointer<Double>,
    _ results: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for place in 0..<count where arguments[place].magnitude > limit(isDouble: true) {
      results[place] = circular.value(arguments[place])
    }
  }

  private static func overwrite(
    _ circular: Circular, _ arguments: UnsafePointer<Float>,
    _ results: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for place in 0..<count where arguments[place].magnitude > Float(limit(isDouble: false)) {
      results[place] = Float(circular.value(Double(arguments[place])))
    }
  }
}
