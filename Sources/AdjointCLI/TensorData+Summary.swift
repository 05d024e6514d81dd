import Adjoint

extension TensorData {
  /// The type and the first elements in a line.
  var summary: String {
    let shown = 6
    let words = doubles.prefix(shown).map { number($0) }
    if type.isScalar { return "\(type) \(words.joined())" }
    let rest = type.count > shown ? ", … \(type.count - shown) more" : ""
    return "\(type) [\(words.joined(separator: ", "))\(rest)]"
  }

  /// One element as its type writes it.
  private func number(_ value: Double) -> String {
    switch type.element.kind {
    case .float: type.element == .f64 ? "\(value)" : "\(Float(value))"
    case .signed: "\(Int64(exactly: value) ?? (value < 0 ? .min : .max))"
    case .unsigned: "\(UInt64(exactly: value) ?? .max)"
    case .boolean: value == 0 ? "false" : "true"
    }
  }
}
