/// A small, fast, reproducible source of random bits.
///
/// The sequence is that of Steele, Lea and Flood, "Fast splittable pseudorandom number generators"
/// (OOPSLA 2014).
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts the sequence that `seed` stands for.
  package init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number drawn evenly from a range.
  ///
  /// As `Double.random(in:using:)`, whose generic code takes most of a test's time where it is not
  /// optimized.
  package mutating func double(in range: ClosedRange<Double>) -> Double {
    let steps = UInt64(1) << 53
    let step = below(steps + 1)
    if step == steps { return range.upperBound }
    let width = range.upperBound - range.lowerBound
    return width * (Double(step) * (Double.ulpOfOne / 2)) + range.lowerBound
  }

  /// An integer drawn evenly from a range that is not the whole type's, as `Int.random(in:using:)`.
  package mutating func int(in range: ClosedRange<Int>) -> Int {
    let width = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    return range.lowerBound &+ Int(truncatingIfNeeded: below(width + 1))
  }

  /// A number below `bound`, drawn evenly: the high half of a product with random bits, drawn again where
  /// the low half says that it is one of the numbers that would come more often (Lemire, "Fast random
  /// integer generation in an interval", 2019).
  private mutating func below(_ bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let least = (0 &- bound) % bound
      while product.low < least { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// Whether an event that happens once in `count` times happens now.
  package mutating func oneIn(_ count: Int) -> Bool { int(in: 1...count) == 1 }

  /// One of the elements of `choices`.
  ///
  /// - Requires: `choices` is not empty.
  package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[int(in: 0...(choices.count - 1))]
  }
}
