/// An enum of words that is hashed by the place of its case, which takes less time than hashing the word.
package protocol HashedByPlace: RawRepresentable, Hashable {}

extension HashedByPlace {
  /// Hashes the case.
  package func hash(into hasher: inout Hasher) { hasher.combine(place) }

  /// A number that tells the cases apart.
  package var place: UInt8 { casePlace(of: self) }
}

/// A number that tells the cases of an enum without payloads apart: its only byte.
func casePlace<Value>(of value: Value) -> UInt8 { withUnsafeBytes(of: value) { $0.first ?? 0 } }

extension UnaryOp: HashedByPlace {}
extension BinaryOp: HashedByPlace {}
extension Comparison.Direction: HashedByPlace {}
extension Reduction.Kind: HashedByPlace {}
