internal import TensorIR

/// A floating-point number of 16 bits with the exponents of `Float` and eight binary digits, the
/// `bfloat16` of other frameworks. Computing is done in `Float` and rounded.
public struct BFloat16: BitwiseCopyable, Hashable, Sendable, CustomStringConvertible {
  /// The sign, eight bits of exponent and seven of fraction.
  public var bitPattern: UInt16

  /// The number with the given bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest number, ties to even.
  public init(_ value: Double) {
    bitPattern = UInt16(truncatingIfNeeded: FloatFormat.bfloat16.bits(of: value))
  }

  /// The nearest number, ties to even.
  public init(_ value: Float) { self.init(Double(value)) }

  /// The number as text.
  public var description: String { Float(self).description }

  /// Whether both are one number: zeros are equal, NaN equals nothing.
  public static func == (left: BFloat16, right: BFloat16) -> Bool { Float(left) == Float(right) }

  /// Hashes the number.
  public func hash(into hasher: inout Hasher) { hasher.combine(Float(self)) }
}

extension FloatFormat {
  /// The layout of `BFloat16`.
  fileprivate static let bfloat16 = FloatFormat(exponentBits: 8, fractionBits: 7)
}

extension Float {
  /// The same number.
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
