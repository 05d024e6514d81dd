import TensorIR

/// The positions in memory of all elements of a tensor of `shape`, in row-major order, where
/// neighbours along axis `i` are `strides[i]` elements apart and the first element is at `start`.
func offsets(of shape: [Int], strides: [Int], from start: Int = 0) -> [Int] {
  var all = [start]
  for (extent, stride) in zip(shape, strides) {
    var next = [Int]()
    next.reserveCapacity(all.count * extent)
    for base in all {
      var offset = base
      for _ in 0..<extent {
        next.append(offset)
        offset += stride
      }
    }
    all = next
  }
  return all
}

extension Literal {
  /// The elements at `offsets` of this literal, in their order, as a tensor of `type`.
  func selecting(_ offsets: [Int], as type: TensorType) -> Literal {
    func select<Word: BitwiseCopyable>(_: Word.Type) -> Literal {
      let words = self.words(Word.self)
      return Literal(type, elements: offsets.map { words[$0] })
    }
    switch self.type.element.byteCount {
    case 1: return select(UInt8.self)
    case 2: return select(UInt16.self)
    case 4: return select(UInt32.self)
    case 16: return select(SIMD2<UInt64>.self)
    default: return select(UInt64.self)
    }
  }

  /// A copy of this literal with element `target[k]` replaced by element `source[k]` of `other`.
  func replacing(_ target: [Int], with other: Literal, at source: [Int]) -> Literal {
    func replace<Word: BitwiseCopyable>(_: Word.Type) -> Literal {
      var words = self.words(Word.self)
      let replacements = other.words(Word.self)
      for (place, origin) in zip(target, source) { words[place] = replacements[origin] }
      return Literal(type, elements: words)
    }
    switch type.element.byteCount {
    case 1: return replace(UInt8.self)
    case 2: return replace(UInt16.self)
    case 4: return replace(UInt32.self)
    case 16: return replace(SIMD2<UInt64>.self)
    default: return replace(UInt64.self)
    }
  }
}

extension Literal {
  /// All elements' bits.
  private func words<Word: BitwiseCopyable>(_: Word.Type) -> [Word] {
    guard isSplat else { return elements(of: Word.self) }
    return Array(repeating: single.elements(of: Word.self)[0], count: type.count)
  }
}
