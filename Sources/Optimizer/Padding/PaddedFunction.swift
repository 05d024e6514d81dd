import TensorIR

/// One function for a range of sizes: the trace at the largest of them, in which whatever mixes elements is
/// shown the valid ones only.
///
/// It takes the parameters of the traced functions in their types at the bucket's size, then scalars: the
/// numbers of the call's own size, then the constants that depend on it. Elements of parameters beyond the
/// size of a call must be zero; those of results are undefined.
package struct PaddedFunction: Sendable {
  /// The function.
  package let function: Function
  /// The trace at the bucket's size.
  let outline: FunctionOutline
  /// For each number of a trace the class of numbers that always are equal to it; -1 where it is fixed.
  let classes: [Int32]
  /// For each class its number at the bucket's size.
  let largest: [Int]
  /// The classes whose numbers are parameters.
  let scalars: [Int]
  /// The constants, by position, that are parameters, behind the scalars.
  let liftedLiterals: [Int]
  /// What numbers of a size must fulfil.
  let bounds: [PaddingBound]
  /// Which classes are always in proportion.
  let ratios: [PaddingRatio]
  /// Which numbers are products.
  let products: [PaddingProduct]
  /// For each result the extents of the valid part and those at the bucket's size, with the axes of which
  /// only some products are valid taken apart.
  let results: [[PaddedExtent]]

  /// The constants, by position, that are known to depend on the size.
  package var variedLiterals: [Int] { liftedLiterals }

  /// What a call of one size needs.
  package struct Inputs: Sendable {
    /// The values of the parameters behind the traced functions' own.
    package var scalars: [Literal]
    /// For each result the extents of its valid part, outermost first, within those it has.
    package var results: [[(valid: Int, padded: Int)]]
  }

  /// What a trace at another size has that the function does not allow for.
  package enum Mismatch: Error, Sendable {
    /// Other operations.
    case operations
    /// Another number where numbers do not depend on the size, as far as traces told.
    case number
    /// Another constant where constants do not depend on the size; its position.
    case literal(Int)
  }

  /// What the function needs to compute what a trace at another size does.
  ///
  /// - Throws: `Mismatch` where the function computes something else.
  package func inputs(for trace: Function) throws -> Inputs {
    let other = FunctionOutline(try trace.preparedForPadding())
    guard other.skeleton == outline.skeleton, other.numbers.count == classes.count else {
      throw Mismatch.operations
    }
    var values = [Int?](repeating: nil, count: largest.count)
    for (position, number) in other.numbers.enumerated() {
      let index = Int(classes[position])
      let expected = index < 0 ? outline.numbers[position] : values[index] ?? number
      guard number == expected else { throw Mismatch.number }
      if index >= 0 { values[index] = number }
    }
    let numbers = zip(values, largest).map { $0 ?? $1 }
    guard bounds.allSatisfy({ $0.holds(for: numbers) }),
      ratios.allSatisfy({ $0.holds(for: numbers) }),
      products.allSatisfy({ $0.holds(for: numbers) })
    else { throw Mismatch.number }
    var lifted = liftedLiterals[...]
    for (position, literal) in other.literals.enumerated() {
      if lifted.first == position {
        lifted.removeFirst()
      } else if literal != outline.literals[position],
        !literal.isBroadcast(of: outline.literals[position])
      {
        throw Mismatch.literal(position)
      }
    }
    return Inputs(
      scalars: scalars.map { Literal(TensorType([], .i32), integers: [Int64(numbers[$0])]) }
        + liftedLiterals.map {
          other.literals[$0].zeroPadded(to: outline.literals[$0].type.shape)
        },
      results: results.map { extents in
        extents.map { ($0.number(from: numbers), $0.padded) }
      })
  }
}

/// An extent in terms of the numbers of traces.
struct PaddedExtent: Hashable, Sendable {
  /// The class of the numbers it is made of; nil where it is fixed.
  var index: Int?
  /// What the class's numbers are multiplied by.
  var multiplier = 1
  /// What the product is divided by.
  var divisor = 1
  /// The extent at the bucket's size.
  var padded: Int

  /// The extent for the numbers of a size.
  func number(from numbers: [Int]) -> Int {
    index.map { numbers[$0] * multiplier / divisor } ?? padded
  }
}

/// A sum of numbers that must not be greater than another number.
struct PaddingBound: Hashable, Sendable {
  /// The classes of the numbers that are added up.
  var classes: [Int]
  /// What is not exceeded.
  var limit: Int

  /// Whether it holds.
  func holds(for numbers: [Int]) -> Bool {
    classes.reduce(0) { $0 + numbers[$1] } <= limit
  }
}

/// Two numbers in proportion at every size.
struct PaddingRatio: Hashable, Sendable {
  /// The class of the one number.
  var index: Int
  /// The class of the other one.
  var leader: Int
  /// What the one number is at the bucket's size.
  var multiplier: Int
  /// What the other number is at the bucket's size.
  var divisor: Int

  /// Whether they are in proportion.
  func holds(for numbers: [Int]) -> Bool {
    numbers[index] * divisor == numbers[leader] * multiplier
  }
}

/// A number that is the product of others at every size.
struct PaddingProduct: Hashable, Sendable {
  /// The product.
  var extent: PaddedExtent
  /// What is multiplied.
  var factors: [PaddedExtent]

  /// Whether it is.
  func holds(for numbers: [Int]) -> Bool {
    factors.reduce(1) { $0 * $1.number(from: numbers) } == extent.number(from: numbers)
  }
}

/// Why there is no padded function, in words.
package struct PaddingRefusal: Error, Sendable {
  /// What is not possible, and where.
  package private(set) var reason: String
  /// Whether the reason names an operation.
  private var isPlaced = false

  package init(_ reason: String) { self.reason = reason }

  /// The same with the operation that it is about, unless it names one.
  func placed(at operation: Operation) -> PaddingRefusal {
    guard !isPlaced else { return self }
    var refusal = self
    let place = operation.location.resolved
    refusal.reason =
      "\(operation.op.mnemonic)" + (place.isKnown ? " at \(place)" : "") + " \(reason)"
    refusal.isPlaced = true
    return refusal
  }
}

extension Literal {
  /// Whether this is one element repeated, the same as in another literal.
  func isBroadcast(of other: Literal) -> Bool {
    isSplat && other.isSplat && bytes == other.bytes && type.element == other.type.element
      && type.rank == other.type.rank
  }

  /// The elements at the start of each axis of a larger shape, the others being zero.
  func zeroPadded(to shape: [Int]) -> Literal {
    guard shape != type.shape else { return self }
    let larger = TensorType(shape, type.element)
    var bytes = [UInt8](repeating: 0, count: larger.byteCount)
    let own = denseBytes
    bytes.withUnsafeMutableBytes { target in
      own.withUnsafeBytes { source in
        copyBox(
          from: source, target, extents: type.shape, sourceExtents: type.shape,
          targetExtents: shape, elementSize: type.element.byteCount)
      }
    }
    return Literal(larger, bytes: bytes)
  }
}

/// Copies a box of elements that starts at the first one between two row-major tensors.
package func copyBox(
  from source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, extents: [Int],
  sourceExtents: [Int], targetExtents: [Int], elementSize: Int
) {
  guard !extents.contains(0) else { return }
  // Axes that are whole on both sides are one row with the axis before them.
  var axis = extents.count
  var rowSize = elementSize
  while axis > 0, extents[axis - 1] == sourceExtents[axis - 1],
    extents[axis - 1] == targetExtents[axis - 1]
  {
    axis -= 1
    rowSize *= extents[axis]
  }
  let length = (axis > 0 ? extents[axis - 1] : 1) * rowSize
  let outer = max(axis - 1, 0)
  let sourceStrides = sourceExtents.rowMajorStrides
  let targetStrides = targetExtents.rowMajorStrides
  var index = [Int](repeating: 0, count: outer)
  while true {
    var (from, to) = (0, 0)
    for axis in 0..<outer {
      from += index[axis] * sourceStrides[axis]
      to += index[axis] * targetStrides[axis]
    }
    let row = source[(from * elementSize)..<(from * elementSize + length)]
    UnsafeMutableRawBufferPointer(rebasing: target[(to * elementSize)...])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: row))
    var next = outer - 1
    while next >= 0 {
      index[next] += 1
      if index[next] < extents[next] { break }
      index[next] = 0
      next -= 1
    }
    if next < 0 { return }
  }
}
