import TensorIR

/// Traces of one closure at several sizes that do the same operations, and what differs between them.
final class TraceAlignment {
  /// The traces, that at the bucket's size last.
  let functions: [Function]
  /// Their outlines.
  let outlines: [FunctionOutline]
  /// For each number of a trace its class; -1 where all traces agree.
  private(set) var classes: [Int32] = []
  /// The numbers of each class.
  private(set) var numbers: [TracedNumber] = []
  /// The constants, by position, that must be parameters.
  let varied: Set<Int>
  /// What numbers must fulfil, as far as it is known.
  var bounds: Set<PaddingBound> = []
  /// The constants that became parameters.
  var lifted: Set<Int> = []
  /// The axes that are products.
  private(set) var products: Set<PaddingProduct> = []
  /// The extents that are never greater than at the bucket's size.
  private var checkedExtents: Set<TracedNumber> = []
  /// How many constants the walk over the functions has met.
  var literalCount = 0
  /// The class of each number that varies.
  private var classByNumber: [TracedNumber: Int] = [:]
  /// How numbers that are no class are made of one.
  private var expressions: [TracedNumber: PaddedExtent] = [:]

  /// Aligns traces.
  ///
  /// - Parameter varied: constants, by position, that are known to depend on the size.
  /// - Throws: `PaddingRefusal` where they do not do the same operations.
  init(_ functions: [Function], varied: Set<Int>) throws {
    self.functions = functions
    let outlines = functions.map(FunctionOutline.init)
    let last = outlines[outlines.count - 1]
    self.outlines = outlines
    guard outlines.allSatisfy({ $0.skeleton == last.skeleton }) else {
      throw PaddingRefusal("other operations are traced at other sizes")
    }
    self.varied = varied.union(
      last.literals.indices.filter { position in
        outlines.contains {
          let (literal, other) = ($0.literals[position], last.literals[position])
          return literal != other && !literal.isBroadcast(of: other)
        }
      })
    for position in last.numbers.indices {
      let number = TracedNumber(outlines.map { $0.numbers[position] })
      classes.append(number.isFixed ? -1 : Int32(index(of: number)))
    }
  }

  /// How many traces there are.
  var count: Int { functions.count }

  /// A number that does not depend on the size.
  func fixed(_ value: Int) -> TracedNumber { TracedNumber(value, count: count) }

  /// The class of a number, which may be a new one.
  private func index(of number: TracedNumber) -> Int {
    if let index = classByNumber[number] { return index }
    classByNumber[number] = numbers.count
    numbers.append(number)
    return numbers.count - 1
  }

  /// A number in terms of a class.
  ///
  /// - Throws: `PaddingRefusal` where it is no multiple or part of one.
  func expression(of number: TracedNumber) throws -> PaddedExtent {
    if number.isFixed { return PaddedExtent(index: nil, padded: number.padded) }
    if let index = classByNumber[number] {
      return PaddedExtent(index: index, padded: number.padded)
    }
    if let known = expressions[number] { return known }
    for (index, other) in numbers.enumerated() {
      let (multiplier, divisor) = (number.padded, other.padded)
      guard divisor > 0,
        zip(number.values, other.values).allSatisfy({ $0 * divisor == $1 * multiplier })
      else { continue }
      let common = greatestCommonDivisor(multiplier, divisor)
      let found = PaddedExtent(
        index: index, multiplier: multiplier / common, divisor: divisor / common,
        padded: number.padded)
      expressions[number] = found
      return found
    }
    throw PaddingRefusal("an extent is no multiple of another one")
  }

  private func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    right == 0 ? max(left, 1) : greatestCommonDivisor(right, left % right)
  }

  /// Requires that a sum of numbers is never greater than `limit`.
  ///
  /// - Throws: `PaddingRefusal` where it is in some trace, or where a number is none of the traces'.
  func require(_ terms: [TracedNumber], atMost limit: Int, _ what: String) throws {
    let fixed = terms.filter(\.isFixed).reduce(0) { $0 + $1.padded }
    let varied = terms.filter { !$0.isFixed }
    let classes = try varied.map { term -> Int in
      guard let index = classByNumber[term] else { throw PaddingRefusal(what) }
      return index
    }
    for trace in 0..<count {
      let sum = varied.reduce(fixed) { $0 + $1.values[trace] }
      guard sum <= limit else { throw PaddingRefusal(what) }
    }
    if !classes.isEmpty { bounds.insert(PaddingBound(classes: classes, limit: limit - fixed)) }
  }

  /// For each class the first one that it always has the same ratio to.
  var ratios: [PaddingRatio] {
    var leaders: [[Double]: Int] = [:]
    var ratios: [PaddingRatio] = []
    for (index, number) in numbers.enumerated() where number.padded != 0 {
      let key = number.values.map { Double($0) / Double(number.padded) }
      guard let leader = leaders[key] else {
        leaders[key] = index
        continue
      }
      let other = numbers[leader]
      let isExact = zip(number.values, other.values).allSatisfy {
        $0 * other.padded == $1 * number.padded
      }
      guard isExact else { continue }
      ratios.append(
        PaddingRatio(
          index: index, leader: leader, multiplier: number.padded, divisor: other.padded))
    }
    return ratios
  }

  /// Requires that an axis is the product of its factors at every size.
  func requireProduct(_ axis: AxisForm) throws {
    guard !axis.isPrefix else { return }
    products.insert(
      PaddingProduct(
        extent: try expression(of: axis.extent), factors: try axis.factors.map(expression)))
  }

  /// Requires that an extent is never greater than at the bucket's size.
  func requireExtent(_ extent: TracedNumber) throws {
    guard checkedExtents.insert(extent).inserted else { return }
    let what = "has an extent that is largest at another size than the bucket's"
    guard extent.values.allSatisfy({ (0...extent.padded).contains($0) }) else {
      throw PaddingRefusal(what)
    }
    // Multiples and parts of numbers keep their order.
    if let index = try expression(of: extent).index {
      try require([numbers[index]], atMost: numbers[index].padded, what)
    }
  }
}
