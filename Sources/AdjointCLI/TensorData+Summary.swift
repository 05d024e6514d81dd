import Adjoint

extension TensorData {
  /// The type and the first elements in a line.
  var summary: String {
    let shown = 6
    let words =
      type.element.isComplex ? complexWords(shown) : doubles.prefix(shown).map { number($0) }
    if type.isScalar { return "\(type) \(words.joined())" }
    let rest = type.count > shown ? ", … \(type.count - shown) more" : ""
    return "\(type) [\(words.joined(separator: ", "))\(rest)]"
  }

  /// The first complex numbers, such as `1.0-2.0i`.
  private func complexWords(_ count: Int) -> [String] {
    let parts = self.parts
    return (0..<min(count, type.count)).map { index in
      let imaginary = number(parts[2 * index + 1])
      let sign = imaginary.hasPrefix("-") ? "" : "+"
      return number(parts[2 * index]) + sign + imaginary + "i"
    }
  }

  /// One element, or one part of it, as its type writes it.
  private func number(_ value: Double) -> String {
    switch type.element.kind {
    case .float, .complex:
      type.element.byteCount / (type.element.isComplex ? 2 : 1) == 8
        ? "\(value)" : "\(Float(value))"
    case .signed: "\(Int64(exactly: value) ?? (value < 0 ? .min : .max))"
    case .unsigned: "\(UInt64(exactly: value) ?? .max)"
    case .boolean: value == 0 ? "false" : "true"
    }
  }
}
