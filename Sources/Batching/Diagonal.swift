import TensorIR

/// Where the elements of a value belong that is zero in all examples but one, element by element: of
/// the element at index s, the example is `offset` + Σ `strides`[j]·s[j].
///
/// The tangents of a Jacobian begin like that, each with a one in a place of its own, and stay like that
/// through elementwise functions and whatever only moves elements. Sums and products over axes with a
/// stride need no sum then: of all examples that meet there, each has one element that is not zero.
struct Diagonal: Equatable {
  /// The example of the first element.
  var offset = 0
  /// How many examples lie between neighbours along each axis; zero along axes of extent one.
  var strides: [Int]

  /// The diagonal of a seed: examples count its elements, the last axis fastest.
  init(_ shape: [Int]) {
    strides = Array(repeating: 0, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      if shape[axis] != 1 { strides[axis] = stride }
      stride *= shape[axis]
    }
  }

  /// The diagonal of elements with strides; axes of extent one get none.
  init(offset: Int, strides: [Int], shape: [Int]) {
    self.offset = offset
    self.strides = zip(strides, shape).map { $1 == 1 ? 0 : $0 }
  }

  /// The diagonal of part of a value.
  func sliced(starts: [Int], steps: [Int], to shape: [Int]) -> Diagonal {
    Diagonal(
      offset: offset + zip(strides, starts).reduce(0) { $0 + $1.0 * $1.1 },
      strides: zip(strides, steps).map(*), shape: shape)
  }

  /// The diagonal of a value with zeros around and between its elements; nil where no stride fits.
  func padded(low: [Int], interior: [Int]) -> Diagonal? {
    var moved = self
    for axis in strides.indices {
      guard strides[axis] % (interior[axis] + 1) == 0 else { return nil }
      moved.strides[axis] /= interior[axis] + 1
      moved.offset -= moved.strides[axis] * low[axis]
    }
    return moved
  }

  /// The diagonal of a value in another shape; nil where axes that come together do not count on.
  func reshaped(from old: [Int], to new: [Int]) -> Diagonal? {
    guard !old.contains(0) else { return nil }
    let sources = old.indices.filter { old[$0] != 1 }
    let targets = new.indices.filter { new[$0] != 1 }
    var result = Diagonal(
      offset: offset, strides: Array(repeating: 0, count: new.count), shape: new)
    var (source, target) = (0, 0)
    while source < sources.count, target < targets.count {
      var (oldCount, newCount) = (old[sources[source]], new[targets[target]])
      let first = target
      while oldCount != newCount {
        if oldCount < newCount {
          source += 1
          let axis = sources[source]
          guard strides[sources[source - 1]] == strides[axis] * old[axis] else { return nil }
          oldCount *= old[axis]
        } else {
          target += 1
          newCount *= new[targets[target]]
        }
      }
      var stride = strides[sources[source]]
      for axis in targets[first...target].reversed() {
        result.strides[axis] = stride
        stride *= new[axis]
      }
      (source, target) = (source + 1, target + 1)
    }
    return result
  }

  /// The axes with strides, the longest first, if they count examples one by one; else nil.
  static func countingAxes(_ strides: [Int], _ shape: [Int]) -> [Int]? {
    let axes = strides.indices.filter { strides[$0] != 0 }.sorted { strides[$0] > strides[$1] }
    var stride = 1
    for axis in axes.reversed() {
      guard strides[axis] == stride else { return nil }
      stride *= shape[axis]
    }
    return axes
  }
}

// MARK: - What diagonal values become

extension BatchingPass {
  /// A diagonal value with the axis of examples and its zeros; any other value as it is.
  mutating func spelledOut(_ value: Value) throws -> Value {
    guard let diagonal = value.diagonal else { return value }
    let type = builder[value.id]
    let whole = TensorType([size] + type.shape, .i64)
    var place = try builder.splat(Double(diagonal.offset), whole)
    for (axis, stride) in diagonal.strides.enumerated() where stride != 0 {
      var index = try builder.emit(.iota(whole, dimension: axis + 1), [])
      if stride != 1 {
        index = try builder.multiply(index, try builder.splat(Double(stride), whole))
      }
      place = try builder.add(place, index)
    }
    let example = try builder.emit(.iota(whole, dimension: 0), [])
    let isOwn = try builder.compare(.equal, example, place)
    let elements = try builder.broadcast(
      value.id, to: whole.shape, dimensions: type.shape.indices.map { $0 + 1 })
    return Value(id: try chosen(isOwn, elements), isBatched: true)
  }

  /// The elements where a predicate holds, and zeros elsewhere.
  private mutating func chosen(_ predicate: ValueID, _ elements: ValueID) throws -> ValueID {
    let zero = try builder.splat(0, builder[elements])
    return try builder.select(predicate, elements, zero)
  }

  /// The sum of all examples' elements over the first `count` axes of a diagonal value, which have
  /// strides.
  ///
  /// - Requires: the axes with strides count examples one by one (`Diagonal.countingAxes`).
  mutating func summed(
    _ value: ValueID, _ diagonal: Diagonal, _ counting: [Int], over count: Int
  ) throws -> Value {
    let shape = builder[value].shape
    let kept = Array(shape.indices.dropFirst(count))
    let others = kept.filter { diagonal.strides[$0] == 0 }
    let rows = try builder.transpose(value, permutation: counting + others)
    let elements = try placed(rows, counting.map { shape[$0] }, diagonal.offset, filling: 0)
    guard counting.count > count else { return Value(id: elements, isBatched: true) }
    // Axes that keep their stride stand twice in the result: as part of the example and as themselves.
    let target = [size] + kept.map { shape[$0] }
    let spread = try builder.broadcast(
      elements, to: target, dimensions: [0] + others.map { $0 - count + 1 })
    var isOwn: ValueID?
    for (position, axis) in counting.enumerated() where axis >= count {
      let extents = counting.map { shape[$0] }
      let index = try builder.emit(
        .iota(TensorType(extents, .i64), dimension: position), [])
      let ofExample = try builder.broadcast(
        try placed(index, extents, diagonal.offset, filling: -1), to: target, dimensions: [0])
      let own = try builder.emit(
        .iota(TensorType(target, .i64), dimension: axis - count + 1), [])
      let isEqual = try builder.compare(.equal, ofExample, own)
      isOwn = try isOwn.map { try builder.binary(.and, $0, isEqual) } ?? isEqual
    }
    guard let isOwn else { return Value(id: spread, isBatched: true) }
    return Value(id: try chosen(isOwn, spread), isBatched: true)
  }

  /// A value whose first axes, of these extents, count examples from `offset` on: with the axis of all
  /// examples in their place.
  private mutating func placed(
    _ value: ValueID, _ extents: [Int], _ offset: Int, filling: Double
  ) throws -> ValueID {
    let type = builder[value]
    let count = extents.reduce(1, *)
    let others = Array(type.shape.dropFirst(extents.count))
    let rows = try builder.reshape(value, to: [count] + others)
    guard offset != 0 || count != size else { return rows }
    let zeros = Array(repeating: 0, count: others.count)
    let filler = try builder.splat(filling, TensorType([], type.element))
    return try builder.emit(
      .shape(
        .pad(
          low: [offset] + zeros, high: [size - offset - count] + zeros, interior: [0] + zeros)),
      [rows, filler])
  }
}
