/// A constant tensor: its type and its elements' bytes, little-endian, in row-major order.
///
/// A tensor whose elements are all the same bits keeps one of them (`isSplat`), so equal constants
/// are equal values however they were written.
package struct Literal: Hashable, Sendable {
  /// Shape and element type.
  package let type: TensorType
  /// The bytes of every element, or of one element when `isSplat`.
  package let bytes: [UInt8]
  /// Whether `bytes` holds one element that stands for all.
  package let isSplat: Bool

  /// Creates a literal from all its elements' bytes.
  ///
  /// - Requires: `bytes.count == type.byteCount`.
  package init(_ type: TensorType, bytes: [UInt8]) {
    precondition(bytes.count == type.byteCount, "a literal needs exactly its type's bytes")
    self.type = type
    let width = type.element.byteCount
    let repeats =
      bytes.count > width
      && bytes.withUnsafeBytes { raw in
        raw.dropFirst(width).elementsEqual(raw.dropLast(width))
      }
    isSplat = bytes.count == width || repeats
    self.bytes = repeats ? Array(bytes.prefix(width)) : bytes
  }

  /// Creates a literal whose elements are all the element in `element`.
  ///
  /// - Requires: `element.count == type.element.byteCount`.
  package init(_ type: TensorType, splat element: [UInt8]) {
    precondition(element.count == type.element.byteCount, "a splat needs one element's bytes")
    self.type = type
    isSplat = type.count > 0
    bytes = type.count > 0 ? element : []
  }

  /// The bytes of all elements, splats written out.
  package var denseBytes: [UInt8] {
    guard isSplat, type.count > 1 else { return bytes }
    var all = [UInt8]()
    all.reserveCapacity(type.byteCount)
    for _ in 0..<type.count { all += bytes }
    return all
  }

  /// The same elements seen in another shape of equal count.
  package func reshaped(to shape: [Int]) -> Literal {
    let type = TensorType(shape, self.type.element)
    precondition(type.count == self.type.count, "a reshape keeps the number of elements")
    return isSplat ? Literal(type, splat: bytes) : Literal(type, bytes: bytes)
  }
}

// MARK: - Numbers in and out

extension Literal {
  /// A literal of the given numbers, rounded to the element type; booleans are "not zero".
  package init(_ type: TensorType, doubles: [Double]) {
    self.init(type, bytes: doubles.flatMap { Literal.bytes(of: $0, as: type.element) })
  }

  /// A literal of the given integers, wrapped or rounded to the element type.
  package init(_ type: TensorType, integers: [Int64]) {
    self.init(type, bytes: integers.flatMap { Literal.bytes(of: $0, as: type.element) })
  }

  /// A literal whose every element is `value`, rounded to the element type.
  package init(_ type: TensorType, filledWith value: Double) {
    self.init(type, splat: Literal.bytes(of: value, as: type.element))
  }

  /// All elements as doubles; 64-bit integers are rounded, and of complex numbers it is the real parts.
  package var doubles: [Double] {
    let element = type.element
    switch element.kind {
    case .float:
      return switch element {
      case .f64: elements(of: Double.self)
      case .f32: elements(of: Float.self).map(Double.init)
      default: shortFloats(of: element)
      }
    case .boolean, .signed, .unsigned: return integers.map { element.double($0) }
    case .complex: return realParts
    }
  }

  /// All elements as indices, at the highest one where they are beyond; none where they are no integers.
  package var indices: [Int] {
    guard type.element.isInteger else { return [] }
    let isUnsigned = type.element.kind == .unsigned
    return integers.map { isUnsigned && $0 < 0 ? .max : Int(clamping: $0) }
  }

  /// All elements as integers: an element of u64 as the i64 of the same bits, floats truncated towards
  /// zero and held at the ends.
  package var integers: [Int64] {
    switch (type.element.kind, type.element.byteCount) {
    case (.boolean, _): denseBytes.map { $0 == 0 ? 0 : 1 }
    case (.signed, 1): elements(of: Int8.self).map(Int64.init)
    case (.signed, 2): elements(of: Int16.self).map(Int64.init)
    case (.signed, 4): elements(of: Int32.self).map(Int64.init)
    case (.unsigned, 1): elements(of: UInt8.self).map(Int64.init)
    case (.unsigned, 2): elements(of: UInt16.self).map(Int64.init)
    case (.unsigned, 4): elements(of: UInt32.self).map(Int64.init)
    case (.signed, _), (.unsigned, _): elements(of: Int64.self)
    case (.float, _), (.complex, _): doubles.map { Int64(saturating: $0) }
    }
  }

  /// The elements of a float type of 16 bits.
  private func shortFloats(of element: ElementType) -> [Double] {
    guard let format = element.floatFormat else { preconditionFailure("floats have a format") }
    return elements(of: UInt16.self).map { format.value(of: UInt64($0)) }
  }

  /// The common value of a float or integer splat, as a double; of a complex one where it is real.
  package var splatValue: Double? {
    guard isSplat else { return nil }
    let single = Literal(TensorType([], type.element), bytes: bytes)
    if type.element.isComplex, single.imaginaryParts[0] != 0 { return nil }
    return single.doubles[0]
  }

  /// The parts of complex elements, or the elements of another type, one after the other: complex
  /// numbers are seen as pairs along one more axis.
  package var parts: Literal {
    guard type.element.isComplex else { return self }
    return Literal(TensorType(type.shape + [2], type.element.partType), bytes: denseBytes)
  }

  /// The real parts of complex elements.
  package var realParts: [Double] { everySecondPart(from: 0) }

  /// The imaginary parts of complex elements.
  package var imaginaryParts: [Double] { everySecondPart(from: 1) }

  /// Every second number of the parts.
  private func everySecondPart(from first: Int) -> [Double] {
    let all = parts.doubles
    return stride(from: first, to: all.count, by: 2).map { all[$0] }
  }

  /// All elements reinterpreted as `Element`, which must have the element type's size.
  package func elements<Element: BitwiseCopyable>(of _: Element.Type) -> [Element] {
    precondition(MemoryLayout<Element>.size == type.element.byteCount, "element sizes differ")
    let all = denseBytes
    return [Element](unsafeUninitializedCapacity: type.count) { buffer, initialized in
      all.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = type.count
    }
  }

  /// The bytes of one number rounded to `element`: floats to nearest, integers towards zero and held
  /// at the ends of the widest of their kind.
  package static func bytes(of value: Double, as element: ElementType) -> [UInt8] {
    switch element.kind {
    case .float: bytes(ofBits: element.floatFormat?.bits(of: value) ?? 0, element)
    case .signed: bytes(of: Int64(saturating: value), as: element)
    case .unsigned:
      bytes(
        of: value < 0 ? Int64(saturating: value) : Int64(bitPattern: UInt64(saturating: value)),
        as: element)
    case .boolean: [value == 0 ? 0 : 1]
    case .complex:
      bytes(of: value, as: element.partType) + bytes(of: 0.0, as: element.partType)
    }
  }

  /// A literal of complex numbers, given by real and imaginary parts.
  package init(_ type: TensorType, real: [Double], imaginary: [Double]) {
    let part = type.element.partType
    self.init(
      type,
      bytes: zip(real, imaginary).flatMap {
        Literal.bytes(of: $0, as: part) + Literal.bytes(of: $1, as: part)
      })
  }

  /// The bytes of one integer wrapped or rounded to `element`.
  package static func bytes(of value: Int64, as element: ElementType) -> [UInt8] {
    if element.isComplex {
      return bytes(of: value, as: element.partType) + bytes(of: 0.0, as: element.partType)
    }
    if element.isFloat {
      return bytes(of: ElementType.i64.rounded(value, to: element), as: element)
    }
    return bytes(ofBits: UInt64(bitPattern: element.wrapped(value)), element)
  }

  /// The low bytes of an element's bits.
  private static func bytes(ofBits bits: UInt64, _ element: ElementType) -> [UInt8] {
    (0..<element.byteCount).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
  }
}
