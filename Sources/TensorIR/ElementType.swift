/// The type of one element of a tensor: a kind of number and its width; the raw value is its
/// spelling in text.
///
/// Rules ask for properties, such as `kind`, rather than for cases. Where an element stands in memory
/// and where it is computed with are two things: `byteCount` is memory, `registerType` the type of
/// arithmetic.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
  case i1, i4, i8, i16, i32, i64
  case u4 = "ui4"
  case u8 = "ui8"
  case u16 = "ui16"
  case u32 = "ui32"
  case u64 = "ui64"
  case f16, bf16, f32, f64
  case c64 = "complex<f32>"
  case c128 = "complex<f64>"

  /// What kind of number an element is.
  public enum Kind: Hashable, Sendable {
    /// A truth value.
    case boolean
    /// A two's-complement integer.
    case signed
    /// An integer that is never negative.
    case unsigned
    /// A floating-point number.
    case float
    /// A real and an imaginary part, both floating-point numbers.
    case complex
  }

  /// What kind of number an element is.
  public var kind: Kind {
    switch self {
    case .i1: .boolean
    case .i4, .i8, .i16, .i32, .i64: .signed
    case .u4, .u8, .u16, .u32, .u64: .unsigned
    case .f16, .bf16, .f32, .f64: .float
    case .c64, .c128: .complex
    }
  }

  /// Hashes the case, which takes less time than hashing its word.
  public func hash(into hasher: inout Hasher) { hasher.combine(casePlace(of: self)) }

  /// The bits that tell elements apart.
  public var width: Int {
    switch self {
    case .i1: 1
    case .i4, .u4: 4
    case .i8, .u8: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .i64, .u64, .f64, .c64: 64
    case .c128: 128
    }
  }

  /// Bytes one element takes in memory: a boolean one, 0 or 1, and a 4-bit integer one.
  public var byteCount: Int { (width + 7) / 8 }

  /// Whether elements are floating-point numbers.
  public var isFloat: Bool { kind == .float }

  /// Whether elements are complex numbers.
  public var isComplex: Bool { kind == .complex }

  /// Whether elements are floating-point or complex numbers; only these can be differentiated.
  public var isInexact: Bool { isFloat || isComplex }

  /// The type of the real and the imaginary part of a complex number; of others the type itself.
  package var partType: ElementType {
    switch self {
    case .c64: .f32
    case .c128: .f64
    case .i1, .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64, .f16, .bf16, .f32, .f64: self
    }
  }

  /// The complex type whose parts are of this type; nil where there is none.
  package var complexType: ElementType? {
    switch self {
    case .f32: .c64
    case .f64: .c128
    case .i1, .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64, .f16, .bf16, .c64, .c128: nil
    }
  }

  /// Whether elements are integers of more than one bit.
  public var isInteger: Bool { kind == .signed || kind == .unsigned }

  /// Whether elements are integers that are never negative; booleans are.
  package var isUnsigned: Bool { kind == .unsigned || kind == .boolean }

  /// The type arithmetic is done in: f32 for shorter floats, eight bits for shorter integers. Each
  /// op's result is rounded or wrapped to the element type.
  package var registerType: ElementType {
    switch self {
    case .f16, .bf16: .f32
    case .i4: .i8
    case .u4: .u8
    case .i1, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .f32, .f64, .c64, .c128: self
    }
  }

  /// Whether arithmetic is done in a wider type than elements have in memory.
  package var isNarrow: Bool { registerType != self }

  /// The type sums and products of many elements are made in before they are rounded once.
  package var sumType: ElementType { isFloat ? registerType : self }
}

// MARK: - Ranges

extension ElementType {
  /// The layout of a float's bits; nil for other kinds.
  package var floatFormat: FloatFormat? {
    switch self {
    case .f16: FloatFormat(exponentBits: 5, fractionBits: 10)
    case .bf16: FloatFormat(exponentBits: 8, fractionBits: 7)
    case .f32: FloatFormat(exponentBits: 8, fractionBits: 23)
    case .f64: FloatFormat(exponentBits: 11, fractionBits: 52)
    case .i1, .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64, .c64, .c128: nil
    }
  }

  /// The least integer of the type, zero for booleans; nil for floats.
  package var leastInteger: Int64? {
    switch kind {
    case .boolean, .unsigned: 0
    case .signed: -1 << Int64(width - 1)
    case .float, .complex: nil
    }
  }

  /// The greatest integer of the type, or of i64 where that is less; nil for floats.
  package var greatestInteger: Int64? {
    switch kind {
    case .boolean, .unsigned: width == 64 ? .max : 1 << Int64(width) - 1
    case .signed: width == 64 ? .max : 1 << Int64(width - 1) - 1
    case .float, .complex: nil
    }
  }

  /// The integers that have an element of their own, all of them between two; nil for floats, and for
  /// u64, which has more than fit.
  package var integerRange: ClosedRange<Int64>? {
    guard self != .u64, let least = leastInteger, let greatest = greatestInteger else { return nil }
    return least...greatest
  }

  /// Whether every value of this type has an equal one in the other type.
  package func isExact(in other: ElementType) -> Bool {
    if self == other { return true }
    switch (kind, other.kind) {
    case (.boolean, _): return true
    case (_, .boolean), (.float, .signed), (.float, .unsigned), (.signed, .unsigned),
      (.complex, .signed), (.complex, .unsigned), (.complex, .float):
      return false
    case (.complex, .complex): return width <= other.width
    case (.signed, .complex), (.unsigned, .complex), (.float, .complex):
      return isExact(in: other.partType)
    case (.signed, .signed), (.unsigned, .unsigned): return width <= other.width
    case (.unsigned, .signed): return width < other.width
    case (.signed, .float), (.unsigned, .float):
      guard let format = other.floatFormat else { return false }
      // The least signed integer is a power of two.
      return width <= format.fractionBits + 1 && width <= format.greatestExponent
    case (.float, .float):
      guard let format = floatFormat, let wider = other.floatFormat else { return false }
      return format.exponentBits <= wider.exponentBits && format.fractionBits <= wider.fractionBits
    }
  }

  /// Whether every whole number from zero to `count` is an element.
  package func holds(count: Int) -> Bool {
    if let format = partType.floatFormat {
      let digits = min(format.fractionBits + 1, format.greatestExponent)
      return count <= 1 << digits
    }
    return greatestInteger.map { Int64(count) <= $0 } ?? false
  }
}
