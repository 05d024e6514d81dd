import Interpreter
import TensorIR
import TestSupport
import Testing

/// Sorting of rows that are too long for comparing every element with every other one.
@Suite struct NativeSortTests {
  private static let count = 1100

  /// Two keys, whole numbers that fall and floats that rise, and their places, which tell stability.
  @Test func rowsAreSortedByTwoKeys() throws {
    let count = Self.count
    let text = """
      func.func @main(%k: tensor<2x\(count)xi32>, %x: tensor<2x\(count)xf32>) -> (tensor<2x\(count)xi32>, tensor<2x\(count)xf32>, tensor<2x\(count)xi32>) {
        %p = stablehlo.iota dim = 1 : tensor<2x\(count)xi32>
        %0:3 = "stablehlo.sort"(%k, %x, %p) <{dimension = 1 : i64, is_stable = true}> ({
        ^bb0(%a: tensor<i32>, %b: tensor<i32>, %c: tensor<f32>, %d: tensor<f32>, %e: tensor<i32>, %f: tensor<i32>):
          %1 = stablehlo.compare GT, %a, %b, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
          %2 = stablehlo.compare EQ, %a, %b, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
          %3 = stablehlo.compare LT, %c, %d, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %4 = stablehlo.and %2, %3 : tensor<i1>
          %5 = stablehlo.or %1, %4 : tensor<i1>
          stablehlo.return %5 : tensor<i1>
        }) : (tensor<2x\(count)xi32>, tensor<2x\(count)xf32>, tensor<2x\(count)xi32>) -> (tensor<2x\(count)xi32>, tensor<2x\(count)xf32>, tensor<2x\(count)xi32>)
        return %0#0, %0#1, %0#2 : tensor<2x\(count)xi32>, tensor<2x\(count)xf32>, tensor<2x\(count)xi32>
      }
      """
    let function = try #require(try Module(parsing: text, file: "sort.mlir").entry)
    var random = SplitMix64(seed: 5)
    let keys = (0..<2 * count).map { _ in Int64(random.int(in: -3...3)) }
    let values = (0..<2 * count).map { _ -> Double in
      random.oneIn(40) ? .nan : random.oneIn(20) ? -0.0 : Double(random.int(in: -9...9)) / 4
    }
    let arguments = [
      Literal(TensorType([2, count], .i32), integers: keys),
      Literal(TensorType([2, count], .f32), doubles: values),
    ]
    let order = (0..<2).flatMap { row in
      (0..<count).sorted { left, right in
        let (a, b) = (row * count + left, row * count + right)
        if keys[a] != keys[b] { return keys[a] > keys[b] }
        let (x, y) = (Float(values[a]), Float(values[b]))
        if x.isTotallyOrdered(belowOrEqualTo: y) && y.isTotallyOrdered(belowOrEqualTo: x) {
          return left < right
        }
        return x.isTotallyOrdered(belowOrEqualTo: y)
      }
    }
    let places = order.enumerated().map { $0.offset / count * count + $0.element }
    let results = try runNatively(function, arguments)
    #expect(results[0].integers == places.map { keys[$0] })
    #expect(results[2].integers == order.map(Int64.init))
    #expect(try Interpreter().run(function, arguments) == results)
  }

  /// The greatest of long rows, in order.
  @Test func greatestAreFirst() throws {
    let text = """
      func.func @main(%x: tensor<3x\(Self.count)xf64>) -> (tensor<3x5xf64>, tensor<3x5xi32>) {
        %v, %i = chlo.top_k(%x, k = 5) : tensor<3x\(Self.count)xf64> -> (tensor<3x5xf64>, tensor<3x5xi32>)
        return %v, %i : tensor<3x5xf64>, tensor<3x5xi32>
      }
      """
    let function = try #require(try Module(parsing: text, file: "top.mlir").entry)
    let argument = randomArguments(for: function, seed: 3)[0]
    let results = try runNatively(function, [argument])
    let elements = argument.doubles
    for row in 0..<3 {
      let own = Array(elements[(row * Self.count)..<((row + 1) * Self.count)])
      let best = own.indices.sorted { own[$0] > own[$1] }.prefix(5)
      #expect(Array(results[1].integers[(5 * row)..<(5 * row + 5)]) == best.map(Int64.init))
      #expect(Array(results[0].doubles[(5 * row)..<(5 * row + 5)]) == best.map { own[$0] })
    }
  }
}

/// Orders as the routine makes them, in each of its ways.
@Suite struct NativeOrderTests {
  /// Rows that one thread sorts, rows that all threads share, and selections from both, by one key, by
  /// two, and by keys of 64 bits.
  @Test(arguments: [
    (rows: 3, extent: 40, count: 40), (2, 500, 500), (70, 130, 130), (1, 40_000, 40_000),
    (2, 33_000, 33_000), (2, 500, 7), (1, 40_000, 9), (1, 40_000, 39_000),
  ])
  func ordersAreStable(rows: Int, extent: Int, count: Int) throws {
    for (element, isDescending) in [
      (ElementType.f32, [false]), (.i64, [true]), (.u8, [false, true]), (.bf16, [true]),
    ] {
      var builder = FunctionBuilder(name: "main")
      let keys = isDescending.map { _ in builder.parameter(TensorType([rows, extent], element)) }
      let order = try builder.emit(
        .order(Ordering(isDescending: isDescending, count: count)), keys)
      let function = builder.finish(returning: [order])
      var random = SplitMix64(seed: 9)
      let arguments = function.parameterTypes.map { type in
        let values = (0..<type.count).map { _ in Double(random.int(in: -90...90)) }
        return element.isFloat
          ? Literal(type, doubles: values.map { $0 == 90 ? -0.0 : $0 / 8 })
          : Literal(type, integers: values.map { Int64($0) << (element == .i64 ? 40 : 0) })
      }
      #expect(
        try runNatively(function, arguments) == Interpreter().run(function, arguments),
        "\(element) \(isDescending)")
    }
  }

  /// All keys equal, and keys that differ in one digit alone.
  @Test func digitsThatAllShareAreSkipped() throws {
    for shift in [0, 8, 24] {
      var builder = FunctionBuilder(name: "main")
      let key = builder.parameter(TensorType([35_000], .u32))
      let order = try builder.emit(
        .order(Ordering(isDescending: [false], count: 35_000)), [key])
      let function = builder.finish(returning: [order])
      for step in [0, 1] {
        let keys = (0..<35_000).map { Int64(($0 * step * 37) % 200) << shift }
        let argument = Literal(TensorType([35_000], .u32), integers: keys)
        #expect(try runNatively(function, [argument]) == Interpreter().run(function, [argument]))
      }
    }
  }
}

/// Sorts of elements by themselves, which are sorts of words where each element is what its word says.
@Suite struct NativeWordSortTests {
  /// Long rows, which threads share, short ones, an axis in front; two zeros and NaNs of several bits, which
  /// stay in their order, and elements without any, which words tell.
  @Test(
    arguments: [
      ([40_000], 0), ([2, 33_000], 1), ([70, 130], 1), ([300, 20], 0), ([3, 1100, 2], 1),
    ] as [([Int], Int)])
  func agreeWithTheInterpreter(shape: [Int], axis: Int) throws {
    // The interpreter takes its time over long rows.
    let isLong = shape.reduce(1, *) > 20_000
    for element in isLong ? [.f32, .i16] : [ElementType.f32, .bf16, .f16, .i32, .u8, .i16] {
      for (direction, kind) in [("LT", ""), ("GT", ""), ("LT", "TOTALORDER")]
      where kind.isEmpty || element.isFloat {
        if isLong, !isExhaustive, element == .i16, direction == "LT" { continue }
        let function = try Self.sort(element, shape, along: axis, direction, kind)
        for isPlain in isLong && !isExhaustive ? [false] : [true, false] {
          let argument = Self.elements(function.parameterTypes[0], isPlain: isPlain)
          #expect(
            try runNatively(function, [argument]) == Interpreter().run(function, [argument]),
            "\(element) \(shape) \(direction) \(kind) \(isPlain)")
        }
      }
    }
  }

  /// Rising and falling rows, equal words, few different ones, and words in the order that a sample of
  /// evenly spaced places tells least about.
  @Test func everyPatternIsSorted() throws {
    let count = 40_000
    let function = try Self.sort(.u32, [count], along: 0, "LT", "")
    let patterns: [(Int) -> Int] = [
      { $0 }, { -$0 & 0xFFFF_FFFF }, { _ in 7 }, { $0 % 3 }, { $0 % 39 == 19 ? 0 : $0 },
      { $0 * 2_654_435_761 & 0xFFFF_FFFF }, { $0 % 2 == 0 ? 0xFFFF_FFFF : 0 },
    ]
    for pattern in patterns {
      let words = (0..<count).map { Int64(pattern($0)) }
      let argument = Literal(TensorType([count], .u32), integers: words)
      let expected = words.map { UInt32(truncatingIfNeeded: $0) }.sorted()
      let results = try runNatively(function, [argument])
      #expect(results[0].integers.map { UInt32(truncatingIfNeeded: $0) } == expected)
    }
  }

  /// A sort of one operand by a comparison of its elements.
  private static func sort(
    _ element: ElementType, _ shape: [Int], along axis: Int, _ direction: String, _ kind: String
  ) throws -> Function {
    let (type, scalar) = (TensorType(shape, element), TensorType([], element))
    let text = """
      func.func @main(%x: \(type)) -> \(type) {
        %0 = "stablehlo.sort"(%x) <{dimension = \(axis) : i64, is_stable = true}> ({
        ^bb0(%a: \(scalar), %b: \(scalar)):
          %1 = stablehlo.compare \(direction), %a, %b\(kind.isEmpty ? "" : ", \(kind)") : (\(scalar), \(scalar)) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
        }) : (\(type)) -> \(type)
        return %0 : \(type)
      }
      """
    return try #require(try Module(parsing: text, file: "sort.mlir").entry)
  }

  /// Whole numbers in no order, some of them equal; not plain ones have both zeros and NaN.
  private static func elements(_ type: TensorType, isPlain: Bool) -> Literal {
    var random = SplitMix64(seed: 11)
    let values = (0..<type.count).map { _ in Double(random.int(in: -99...99)) }
    guard type.element.isFloat else {
      return Literal(type, integers: values.map { Int64($0) })
    }
    return Literal(
      type,
      doubles: values.map {
        isPlain ? $0 / 4 : $0 == 99 ? .nan : $0 == -99 ? -.nan : $0 == 98 ? -0.0 : $0 / 4
      })
  }
}
