/// The type of one element of a tensor; the raw value is its spelling in text.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
  case i1, i32, i64, f32, f64

  /// Bytes one element takes in memory; a boolean takes one byte, 0 or 1.
  public var byteCount: Int {
    switch self {
    case .i1: 1
    case .i32, .f32: 4
    case .i64, .f64: 8
    }
  }

  /// Whether elements are IEEE 754 numbers; only these can be differentiated.
  public var isFloat: Bool { self == .f32 || self == .f64 }

  /// Whether elements are two's-complement integers of more than one bit.
  public var isInteger: Bool { self == .i32 || self == .i64 }
}
