extension Int {
  /// A hash value of a small number, for identifiers that are places in a table.
  ///
  /// Sets and dictionaries of such are most of what planning looks up, and the keyed hash function of
  /// the standard library takes ten times as long. The multiplier is that of Fibonacci hashing, Knuth,
  /// "The Art of Computer Programming", volume 3, 6.4.
  @inlinable
  package func scattered(by seed: Int) -> Int {
    let product = UInt(bitPattern: self ^ seed) &* 0x9E37_79B9_7F4A_7C15
    return Int(bitPattern: product ^ (product >> 32))
  }

  /// The same for three small numbers.
  @inlinable
  package static func scattered(_ first: Int, _ second: Int, _ third: Int, by seed: Int) -> Int {
    let multiplier = 0x2545_F491_4F6C_DD1D
    return ((first &* multiplier &+ second) &* multiplier &+ third).scattered(by: seed)
  }
}
