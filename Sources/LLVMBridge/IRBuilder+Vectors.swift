internal import CLLVM

/// Vector operations. Every one also takes width 1, which is the scalar itself.
///
/// See <https://llvm.org/docs/LangRef.html#vector-operations>.
extension IRBuilder {
  /// The vector with `scalar` in every lane.
  package func splat(_ scalar: LLVMValue, _ width: Int) -> LLVMValue {
    if width == 1 { return scalar }
    let type = scalar.type.withWidth(width)
    return once(.splat, scalar.ref, type.ref) {
      let first = insertElement(poison(type), scalar, int(0, module.i32))
      return LLVMBuildShuffleVector(
        ref, first.ref, poison(type).ref, zero(module.i32.withWidth(width)).ref, "")
    }
  }

  /// The vector with one lane replaced.
  package func insertElement(
    _ vector: LLVMValue, _ scalar: LLVMValue, _ lane: LLVMValue
  ) -> LLVMValue {
    if !vector.type.isVector { return scalar }
    return LLVMValue(LLVMBuildInsertElement(ref, vector.ref, scalar.ref, lane.ref, ""))
  }

  /// One lane.
  package func extractElement(_ vector: LLVMValue, _ lane: LLVMValue) -> LLVMValue {
    if !vector.type.isVector { return vector }
    return LLVMValue(LLVMBuildExtractElement(ref, vector.ref, lane.ref, ""))
  }

  /// Lane number `lane`.
  package func extractElement(_ vector: LLVMValue, _ lane: Int) -> LLVMValue {
    extractElement(vector, int(lane, module.i32))
  }

  /// The lanes of `a` followed by those of `b`, picked by number; a negative number is any value.
  package func shuffle(_ a: LLVMValue, _ b: LLVMValue, _ lanes: [Int]) -> LLVMValue {
    precondition(a.type.isVector && a.type == b.type, "shuffled values are vectors of one type")
    if lanes.count == 1 {
      let width = a.type.vectorWidth
      return lanes[0] < width ? extractElement(a, lanes[0]) : extractElement(b, lanes[0] - width)
    }
    let mask = constantVector(
      lanes.map { $0 < 0 ? poison(module.i32) : int($0, module.i32) })
    return LLVMValue(LLVMBuildShuffleVector(ref, a.ref, b.ref, mask.ref, ""))
  }

  /// The lanes of `a` picked by number.
  package func shuffle(_ a: LLVMValue, _ lanes: [Int]) -> LLVMValue {
    shuffle(a, poison(a.type), lanes)
  }

  /// The lanes of vectors of one type, one after the other, as one vector; two scalars make one too.
  package func concatenated(_ vectors: [LLVMValue]) -> LLVMValue {
    if vectors.count == 1 { return vectors[0] }
    let half = vectors.count / 2
    var low = concatenated(Array(vectors[..<half]))
    let high = concatenated(Array(vectors[half...]))
    if !low.type.isVector, !high.type.isVector {
      let first = insertElement(poison(low.type.withWidth(2)), low, int(0, module.i32))
      return insertElement(first, high, int(1, module.i32))
    }
    let (lowWidth, highWidth) = (low.type.vectorWidth, high.type.vectorWidth)
    if lowWidth < highWidth {
      // A shuffle takes vectors of one length.
      low = shuffle(low, Array(0..<lowWidth) + [Int](repeating: -1, count: highWidth - lowWidth))
    }
    return shuffle(low, high, Array(0..<lowWidth) + (0..<highWidth).map { $0 + highWidth })
  }

  /// The constant `<0, 1, 2, …>` of integers; for width 1, zero.
  package func stepVector(_ element: LLVMType, _ width: Int) -> LLVMValue {
    constantVector((0..<width).map { int($0, element) })
  }

  /// Combines the lanes in a tree fixed by the width: halves onto each other, a last odd lane kept
  /// for the end.
  package func reduceTree(
    _ vector: LLVMValue, _ combine: (LLVMValue, LLVMValue) -> LLVMValue
  ) -> LLVMValue {
    var value = vector
    var odd: [LLVMValue] = []
    var width = value.type.vectorWidth
    while width > 1 {
      let half = width / 2
      if width % 2 == 1 { odd.append(extractElement(value, width - 1)) }
      value = combine(shuffle(value, Array(0..<half)), shuffle(value, Array(half..<2 * half)))
      width = half
    }
    return odd.reversed().reduce(value, combine)
  }

  /// The sum of the lanes, in a fixed tree.
  package func reduceAdd(_ vector: LLVMValue) -> LLVMValue {
    reduceTree(vector) { vector.type.isInteger ? self.add($0, $1) : self.fadd($0, $1) }
  }

  /// The product of the lanes, in a fixed tree.
  package func reduceMul(_ vector: LLVMValue) -> LLVMValue {
    reduceTree(vector) { vector.type.isInteger ? self.mul($0, $1) : self.fmul($0, $1) }
  }

  /// The largest lane; integers are signed, NaN wins and −0 is below +0.
  package func reduceMax(_ vector: LLVMValue) -> LLVMValue {
    reduceTree(vector) { vector.type.isInteger ? self.smax($0, $1) : self.maximum($0, $1) }
  }

  /// The smallest lane; integers are signed, NaN wins and −0 is below +0.
  package func reduceMin(_ vector: LLVMValue) -> LLVMValue {
    reduceTree(vector) { vector.type.isInteger ? self.smin($0, $1) : self.minimum($0, $1) }
  }

  /// The bits set in every lane; of a mask, whether all lanes hold.
  package func reduceAnd(_ vector: LLVMValue) -> LLVMValue {
    vector.type.isVector ? intrinsic(.reduceAnd, [vector.type], [vector]) : vector
  }

  /// The bits set in any lane; of a mask, whether any lane holds.
  package func reduceOr(_ vector: LLVMValue) -> LLVMValue {
    vector.type.isVector ? intrinsic(.reduceOr, [vector.type], [vector]) : vector
  }
}
