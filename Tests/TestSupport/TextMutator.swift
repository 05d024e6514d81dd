/// Damages texts at random, to see that readers refuse them without trapping.
package struct TextMutator {
  /// Where randomness comes from.
  private var generator: SplitMix64

  /// Words that are hard on readers of programs.
  private static let awkward: [String] = [
    "-1", "0", "1", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "x", "",
    "4294967296", "tensor<0xf32>", "tensor<i1>", "tensor<9223372036854775807xi1>", "dense<>", "{}",
    "tensor<3037000500x3037000500xi1>", "dense<[]>", "dense<\"0x\">", "0x7F800000", "#", "%", "%0",
    "%0#1", "%0:2", "\"", "\\", "//", "loc(", "->", "<{", "}>", "({", "})", "^bb0:", "é", "\0",
    "\n",
    "stablehlo.return", "return", "call @main", "array<i64>", "[", "]", "{", "}", "<", ">", ",",
  ]

  /// A mutator whose damage follows from the seed.
  package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// The text with one to four mistakes in it.
  package mutating func mutated(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      mutate(&bytes)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Makes one mistake.
  private mutating func mutate(_ bytes: inout [UInt8]) {
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes.removeSubrange(range(at: place, in: bytes))
    case 2: bytes.insert(contentsOf: bytes[range(at: place, in: bytes)], at: place)
    case 3: swapTokens(&bytes)
    case 4:
      if Int.random(in: 0..<4, using: &generator) == 0 { bytes.removeSubrange(place...) }
    case 5: replaceToken(&bytes, isNumber: true)
    case 6: replaceToken(&bytes, isNumber: false)
    default:
      let word = TextMutator.awkward.randomElement(using: &generator) ?? ""
      bytes.insert(contentsOf: word.utf8, at: place)
    }
  }

  /// Some bytes from a place on, mostly few.
  private mutating func range(at place: Int, in bytes: [UInt8]) -> Range<Int> {
    let longest = Bool.random(using: &generator) ? 4 : 200
    let length = Int.random(in: 1...longest, using: &generator)
    return place..<min(bytes.count, place + length)
  }

  /// The extent of a word or number near a random place, or of one byte.
  private mutating func token(in bytes: [UInt8], isNumber: Bool) -> Range<Int> {
    func belongs(_ byte: UInt8) -> Bool {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      return isDigit || !isNumber && (isLetter || byte == UInt8(ascii: "_"))
    }
    var start = Int.random(in: 0..<bytes.count, using: &generator)
    for _ in 0..<50 where start + 1 < bytes.count && !belongs(bytes[start]) { start += 1 }
    while start > 0, belongs(bytes[start]), belongs(bytes[start - 1]) { start -= 1 }
    var end = start + 1
    while end < bytes.count, belongs(bytes[start]), belongs(bytes[end]) { end += 1 }
    return start..<end
  }

  /// Replaces a token by an awkward one, or by another token of the text.
  private mutating func replaceToken(_ bytes: inout [UInt8], isNumber: Bool) {
    let old = token(in: bytes, isNumber: isNumber)
    if Bool.random(using: &generator) {
      let new = Array(bytes[token(in: bytes, isNumber: isNumber)])
      bytes.replaceSubrange(old, with: new)
    } else {
      bytes.replaceSubrange(
        old, with: (TextMutator.awkward.randomElement(using: &generator) ?? "").utf8)
    }
  }

  /// Swaps two tokens that do not overlap.
  private mutating func swapTokens(_ bytes: inout [UInt8]) {
    let first = token(in: bytes, isNumber: false)
    let second = token(in: bytes, isNumber: false)
    let (left, right) = first.lowerBound < second.lowerBound ? (first, second) : (second, first)
    guard left.upperBound <= right.lowerBound else { return }
    let (leftBytes, rightBytes) = (Array(bytes[left]), Array(bytes[right]))
    bytes.replaceSubrange(right, with: leftBytes)
    bytes.replaceSubrange(left, with: rightBytes)
  }
}
