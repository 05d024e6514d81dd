import Adjoint
import Foundation
import Testing

private typealias Vector = Tensor<Double>

/// The functions that are made of others: values as NumPy gives them.
struct VocabularyTests {
  private let x: Vector = [[1, 2, 3], [4, 5, 6]]

  @Test func literals() throws {
    let matrix: Tensor<Float> = [[1, 2], [3, 4]]
    #expect(matrix.shape == [2, 2])
    #expect(try [[Float]](matrix) == [[1, 2], [3, 4]])
    let empty: Tensor<Float> = []
    #expect(empty.shape == [0])
    let flags: Tensor<Bool> = [true, false]
    #expect(try [Bool](flags) == [true, false])
    let rows: Tensor<Double> = [x[0], x[1] + 1]
    #expect(try [[Double]](rows) == [[1, 2, 3], [5, 6, 7]])
    let ragged: Tensor<Float> = [[1, 2], [3]]
    #expect(throws: AdjointError.self) { try ragged.scalars() }
    #expect(Vector([[[1, 2]], [[3, 4]]]).shape == [2, 1, 2])
    #expect(Vector([[[[1], [2]]]]).shape == [1, 1, 2, 1])
    #expect(try [[[Double]]](Vector([[[1, 2]], [[3, 4]]])) == [[[1, 2]], [[3, 4]]])
    #expect(throws: AdjointError.self) { try [Double](x) }
    #expect(Tensor([1, 2, 3]).type.element == .i64)
    #expect(Tensor([1.5]).type.element == .f64)
    let double = jit { (x: Vector) in x * [[1, 10, 100], [2, 20, 200]] }
    #expect(try [[Double]](double(x)) == [[1, 20, 300], [8, 100, 1200]])
  }

  @Test func ranges() throws {
    #expect(try [Float](Tensor<Float>(1...3)) == [1, 2, 3])
    #expect(try [Int32](Tensor<Int32>(-1..<2)) == [-1, 0, 1])
    #expect(try [Double](Vector(stride(from: 0, to: 1, by: 0.25))) == [0, 0.25, 0.5, 0.75])
    #expect(try [[Int32]](Tensor<Int32>.identity(2)) == [[1, 0], [0, 1]])
    #expect(throws: AdjointError.self) { try Tensor<Float>(0 ... .max).scalars() }
  }

  @Test func codable() throws {
    let data = try JSONEncoder().encode(x)
    let copy = try JSONDecoder().decode(Vector.self, from: data)
    #expect(try [[Double]](copy) == [[1, 2, 3], [4, 5, 6]])
    let wrong = Data(#"{"shape": [3], "scalars": [1]}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Vector.self, from: wrong) }
  }

  @Test(arguments: [-20.5, -2, -1, -0.3, -1e-9, 0, 1e-9, 0.3, 1, 1.7, 20.5, 700.0])
  func hyperbolicFunctions(_ number: Double) throws {
    let x = Vector(number)
    /// Whether two numbers agree to a few roundings.
    func agree(_ tensor: Vector, _ expected: Double) throws -> Bool {
      try tensor.isApproximatelyEqual(to: Vector(expected), relativeTolerance: 1e-15)
    }
    #expect(try agree(sinh(x), Foundation.sinh(number)))
    #expect(try agree(cosh(x), Foundation.cosh(number)))
    #expect(try agree(asinh(x), Foundation.asinh(number)))
    let above = Swift.abs(number) + 1
    #expect(try agree(acosh(Vector(above)), Foundation.acosh(above)))
    let inside = number / 701
    #expect(try agree(atanh(Vector(inside)), Foundation.atanh(inside)))
    let slope = try gradient(of: { (x: Vector) in sinh(x) + asinh(x) })(x).item()
    let expected = Foundation.cosh(number) + 1 / (1 + number * number).squareRoot()
    #expect(Swift.abs(slope - expected) <= 1e-14 * expected)
  }

  @Test func functionsAtTheEnds() throws {
    let ends: Vector = [.init(Double.infinity), .init(-Double.infinity), .init(Double.nan)]
    #expect("\(sinh(ends))" == "[inf, -inf, nan]")
    #expect("\(cosh(ends))" == "[inf, inf, nan]")
    #expect("\(asinh(ends))" == "[inf, -inf, nan]")
    #expect("\(hypot(ends, 1))" == "[inf, inf, nan]")
    #expect("\(softplus(ends))" == "[inf, 0.0, nan]")
    #expect("\(ends.isNaN())" == "[false, false, true]")
    #expect("\(ends.logSumExp())" == "nan")
    #expect("\(ends[1...1].logSumExp())" == "-inf")
    #expect("\(ends[0..<2].logSumExp())" == "inf")
    #expect(try hypot(Vector(3e300), 4e300).item() == 5e300)
    #expect(try gradient(of: { (x: Vector) in hypot(x, 0) })(0).item() == 0)
    #expect(try log2(Vector([1, 8])).scalars() == [0, 3])
    #expect(try log10(Vector([1, 100])).scalars() == [0, 2])
  }

  @Test func secondDerivativesAtZero() throws {
    /// The second derivative at a point.
    func second(
      at x: Double, _ function: @escaping @Sendable (Vector) -> Vector
    ) throws -> Double {
      let slope = { @Sendable (x: Vector) in try gradient(of: function)(x) }
      return try gradient(of: slope)(Vector(x)).item()
    }
    #expect(try second(at: 0) { cosh($0) } == 1)
    #expect(try second(at: 0) { softplus($0) } == 0.25)
    #expect(try second(at: 0) { sinh($0) } == 0)
    #expect(try second(at: 0) { hypot($0, 2) } == 0.5)
    #expect(try Swift.abs(second(at: 2) { hypot($0, 2) } - 0.125 * 2.0.squareRoot()) < 1e-15)
  }

  @Test func activations() throws {
    let x: Vector = [-2, 0, 2]
    /// The numbers rounded to six digits.
    func rounded(_ tensor: Vector) throws -> [Double] {
      try tensor.scalars().map { ($0 * 1e6).rounded() / 1e6 }
    }
    #expect(try rounded(softplus(x)) == [0.126928, 0.693147, 2.126928])
    #expect(try rounded(gelu(x)) == [-0.0455, 0, 1.9545])
    #expect(try rounded(silu(x)) == [-0.238406, 0, 1.761594])
    #expect(try rounded(elu(x)) == [-0.864665, 0, 2])
    #expect(try rounded(leakyRelu(x)) == [-0.02, 0, 2])
    #expect(try rounded(logSigmoid(x)) == [-2.126928, -0.693147, -0.126928])
    #expect(try x.clamped(to: -1...1).scalars() == [-1, 0, 1])
    let slopes = try gradient(of: { (x: Vector) in (softplus(x) + elu(x)).sum() })(x)
    #expect(try rounded(slopes) == [0.254538, 1.5, 1.880797])
  }

  @Test func statistics() throws {
    #expect(try x.variance().item() == 17.5 / 6)
    #expect(try x.variance(axis: 1, correction: 1).scalars() == [1, 1])
    #expect(try x.standardDeviation([0]).scalars() == [1.5, 1.5, 1.5])
    #expect(try x.norm(axis: 0).scalars() == [17, 29, 45].map { Double($0).squareRoot() })
    #expect(try x.sum(axis: -1).scalars() == [6, 15])
    #expect(x.mean(axis: 0, keepingDims: true).shape == [1, 3])
    #expect(try x.logSumExp(axis: 0).isApproximatelyEqual(to: x[1] + 0.048587351573742))
    #expect(x.logSumExp([0], keepingDims: true).shape == [1, 3])
    #expect(try (x .> 2).trueCount().item() == 4)
    #expect(try (x .> 2).trueCount(axis: 1).scalars() == [1, 3])
    #expect(try (x .> 2).any(axis: 1).scalars() == [true, true])
    #expect(throws: AdjointError.self) { try x.variance([2]).scalars() }
  }

  @Test func placesOfExtremes() throws {
    let x: Vector = [[3, 1, 3], [1, .init(Double.nan), 0]]
    #expect(try x.argmax().scalars() == [0, 1])
    #expect(try x.argmin().scalars() == [1, 1])
    #expect(try x.argmax(axis: 0, keepingDims: true).scalars() == [0, 1, 0])
    #expect(try Tensor<Int32>([[1, 5], [7, 2]]).argmax(axis: 1).scalars() == [1, 0])
    #expect(throws: AdjointError.self) { try Vector.zeros([2, 0]).argmax().scalars() }
    #expect(throws: AdjointError.self) { try x.argmax(axis: 2).scalars() }
  }

  @Test func runningReductions() throws {
    let numbers = Vector(1...5)
    #expect(try numbers.cumulativeSum().scalars() == [1, 3, 6, 10, 15])
    #expect(try numbers.cumulativeProduct().scalars() == [1, 2, 6, 24, 120])
    #expect(try x.cumulativeSum(axis: 1).scalars() == [1, 3, 6, 4, 9, 15])
    #expect(try Vector([2, 1, 3, 0]).cumulativeMax().scalars() == [2, 2, 3, 3])
    #expect(try Vector([2, 1, 3, 0]).cumulativeMin().scalars() == [2, 1, 1, 0])
    let slope = try gradient(of: { (x: Vector) in x.cumulativeProduct().sum() })([2, 0, 3])
    #expect(try slope.scalars() == [1, 8, 0])
  }

  /// Rows that are long enough for scans, with slopes, of many at once, and without elements.
  @Test func longRunningReductions() throws {
    let values: [Float] = (0..<100).map { Float($0 * 37 % 11) - 5 }
    var sums: [Float] = [values[0]]
    var extremes: [Float] = [values[0]]
    for value in values.dropFirst() {
      sums.append(sums[sums.count - 1] + value)
      extremes.append(max(extremes[extremes.count - 1], value))
    }
    let x = Tensor<Float>(values)
    #expect(try x.cumulativeSum().scalars() == sums)
    #expect(try x.cumulativeMax().scalars() == extremes)
    let negated = -x
    #expect(try (-negated.cumulativeMin()).scalars() == extremes)
    let long = try vmap { (x: Tensor<Float>) in x.cumulativeSum() }(x.reshaped(to: [1, 100]))
    #expect(try long.scalars() == sums)
    #expect(try Tensor<Float>.zeros([0, 40]).cumulativeSum(axis: 1).scalars() == [])
  }

  /// From a zero on, products are zero; its slope is the sum of the products without it.
  @Test func longRunningReductionsHaveSlopes() throws {
    let weights: [Float] = (0..<100).map { Float($0 % 3) }
    let weighted = { @Sendable (x: Tensor<Float>) in
      (x.cumulativeSum() * Tensor<Float>(weights)).sum()
    }
    let slope = try gradient(of: weighted)(Tensor<Float>(weights))
    var behind: [Float] = []
    for start in 0..<100 { behind.append(weights[start...].reduce(0, +)) }
    #expect(try slope.scalars() == behind)
    var factors: [Float] = []
    for place in 0..<100 { factors.append(place == 40 ? 0 : place % 2 == 0 ? 2 : 0.5) }
    let products = try gradient(of: { (x: Tensor<Float>) in x.cumulativeProduct().sum() })(
      Tensor<Float>(factors)
    ).scalars()
    // Without the zero they are 1, 0.5, 1, 0.5, … from its place to the end.
    #expect(products[40] == 45)
    #expect(products[41...].allSatisfy { $0 == 0 })
  }

  @Test func rearrangements() throws {
    #expect(x.swappingAxes(0, 1).shape == [3, 2])
    #expect(try x.split(count: 3, axis: 1).map { try $0.scalars() } == [[1, 4], [2, 5], [3, 6]])
    #expect(try x.split(sizes: [1, 2], axis: -1)[1].scalars() == [2, 3, 5, 6])
    #expect(try x.unstacked().map { try $0.scalars() } == [[1, 2, 3], [4, 5, 6]])
    #expect(try x.unstacked(axis: 1)[2].scalars() == [3, 6])
    #expect(try Vector([1, 2]).tiled([2, 2]).scalars() == [1, 2, 1, 2, 1, 2, 1, 2])
    #expect(x.tiled([2]).shape == [2, 6])
    #expect(try Vector([1, 2]).repeated(2).scalars() == [1, 1, 2, 2])
    #expect(try x.repeated(2, axis: 1).scalars() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    #expect(try x.rolled(by: 1, axis: 1).scalars() == [3, 1, 2, 6, 4, 5])
    #expect(try Vector(0..<4).rolled(by: -1).scalars() == [1, 2, 3, 0])
    #expect(throws: AdjointError.self) { try x.split(count: 4)[3].scalars() }
    #expect(throws: AdjointError.self) { try x.split(sizes: [1, 3])[0].scalars() }
    #expect(throws: AdjointError.self) { try x.unstacked(axis: 2)[0].scalars() }
  }

  @Test func diagonalsAndTriangles() throws {
    #expect(try x.diagonal().scalars() == [1, 5])
    #expect(try x.diagonal(offset: 1).scalars() == [2, 6])
    #expect(try x.diagonal(offset: -1).scalars() == [4])
    #expect(try x.diagonal(offset: 3).scalars() == [])
    #expect(try x.trace().item() == 6)
    #expect(try [[Double]](Vector(diagonal: [1, 2])) == [[1, 0], [0, 2]])
    #expect(try [[Double]](x.lowerTriangle()) == [[1, 0, 0], [4, 5, 0]])
    #expect(try [[Double]](x.lowerTriangle(offset: 1)) == [[1, 2, 0], [4, 5, 6]])
    #expect(try [[Double]](x.upperTriangle()) == [[1, 2, 3], [0, 5, 6]])
    #expect(try [[Double]](x.upperTriangle(offset: 1)) == [[0, 2, 3], [0, 0, 6]])
    let grid = meshgrid(Vector([1, 2, 3]), [4, 5])
    #expect(try [[Double]](grid[0]) == [[1, 2, 3], [1, 2, 3]])
    #expect(try [[Double]](grid[1]) == [[4, 4, 4], [5, 5, 5]])
    #expect(throws: AdjointError.self) { try Vector([1]).trace().item() }
  }

  @Test func products() throws {
    #expect(try dot(x[0], x[1]).item() == 32)
    #expect(try [[Double]](outer(x[0, 0..<2], x[1])) == [[4, 5, 6], [8, 10, 12]])
    #expect(
      try [[Double]](kron(Vector([[1, 2]]), Vector([[1], [10]]))) == [[1, 2], [10, 20]])
    #expect(try tensordot(x, x, axes: 2).item() == 91)
    #expect(tensordot(x, x, axes: ([0], [0])).shape == [3, 3])
    #expect(throws: AdjointError.self) { try dot(x, x).item() }
    #expect(throws: AdjointError.self) { try tensordot(x, x, axes: 3).item() }
  }

  @Test func losses() throws {
    #expect(try meanSquaredError(x, x + 2).item() == 4)
    #expect(try huberLoss(Vector([0, 0]), [0.5, 3]).scalars() == [0.125, 2.5])
    let logits: Vector = [[1, 2, 3], [1000, 0, 0]]
    let classes = Tensor<Int32>([2, 1])
    let entropy = softmaxCrossEntropy(logits: logits, classes: classes)
    #expect(try entropy.isApproximatelyEqual(to: [0.40760596444438, 1000]))
    let soft = softmaxCrossEntropy(
      logits: logits, probabilities: Vector(oneHot: classes, depth: 3))
    #expect(try soft.isApproximatelyEqual(to: entropy))
    let slope = try gradient(of: { (logits: Vector) in
      softmaxCrossEntropy(logits: logits, classes: classes).sum()
    })(logits)
    let expected = logits.softmax() - Vector(oneHot: classes, depth: 3)
    #expect(try slope.isApproximatelyEqual(to: expected, absoluteTolerance: 1e-15))
    #expect(
      try sigmoidCrossEntropy(logits: Vector([0, 1000]), labels: [1, 0])
        .isApproximatelyEqual(to: [0.69314718055995, 1000]))
    #expect(throws: AdjointError.self) {
      try softmaxCrossEntropy(logits: logits, classes: classes[0]).scalars()
    }
  }

  @Test func lookups() throws {
    #expect(
      try x.gatheringAlong(Tensor<Int32>([[0], [2]]), axis: 1).scalars() == [1, 6])
    #expect(
      try [[Double]](
        Vector([[1, 2], [3, 4], [5, 6]]).segmentSum(Tensor<Int>([1, 1, 0]), count: 3))
        == [[5, 6], [4, 6], [0, 0]])
    #expect(throws: AdjointError.self) {
      try x.gatheringAlong(Tensor<Int32>([0]), axis: 1).scalars()
    }
  }

  @Test func placesOfMistakesAreTheCallers() {
    let line = #line + 1
    let failed = [x.split(sizes: [3])[0], x.trace().diagonal(), kron(x.norm([5]), x), x[0, 7, 1]]
    for tensor in failed {
      let error = #expect(throws: AdjointError.self) { try tensor.scalars() }
      #expect(error?.location == SourceLocation(file: #fileID, line: line))
    }
  }

  @Test func longTensorsAreWrappedAndShortened() {
    #expect("\(Tensor<Int32>(0..<4))" == "[0, 1, 2, 3]")
    #expect(
      "\(Tensor<Int32>.iota([2, 20], axis: 1))" == """
        [[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
          18, 19],
         [ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
          18, 19]]
        """)
    #expect("\(Tensor<Int32>(0..<2000))" == "[0, 1, 2, ..., 1997, 1998, 1999]")
    #expect(
      "\(Tensor<Float>(0..<10000).reshaped(to: [100, 100]))" == """
        [[   0.0,    1.0,    2.0, ...,   97.0,   98.0,   99.0],
         [ 100.0,  101.0,  102.0, ...,  197.0,  198.0,  199.0],
         [ 200.0,  201.0,  202.0, ...,  297.0,  298.0,  299.0],
         ...,
         [9700.0, 9701.0, 9702.0, ..., 9797.0, 9798.0, 9799.0],
         [9800.0, 9801.0, 9802.0, ..., 9897.0, 9898.0, 9899.0],
         [9900.0, 9901.0, 9902.0, ..., 9997.0, 9998.0, 9999.0]]
        """)
  }
}
