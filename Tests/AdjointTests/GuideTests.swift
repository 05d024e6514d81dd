import Adjoint
import Foundation
import TestSupport
import Testing

// The examples of the guide in the order of its articles; a test compares them with the articles' text.

/// The examples of `Arrays.md`.
struct ArraysGuideTests {
  @Test func examples() throws {
    let x: Tensor<Float> = [[1, 2, 3], [4, 5, 6]]
    let zeros = Tensor<Float>.zeros([2, 3])
    let grid = Tensor<Double>.linspace(from: 0, to: 1, count: 5)
    let rows = Tensor<Int32>.iota(4)
    let eye = Tensor<Double>.identity(3)

    let centred = x - x.mean(axis: 0)
    let scaled = 2 * centred + 1
    let product = matmul(x, x.transposed())
    let largest = max(scaled, 0)

    let isLarge = x .> 2.5
    let clipped = select(isLarge, 2.5, x)

    let first = x[0]
    let lastColumn = x[.all, -1]
    let twoRows = x[0..<2, 1...]
    let chosen = x[[1, 0]]
    var changed = x
    changed[0, 1] = 20

    let tall = concatenated([x, x])
    let pair = stacked([x, 2 * x])
    let halves = tall.split(count: 2)

    let total = x.sum()
    let means = x.mean(axis: 1, keepingDims: true)
    let best = x.argmax(axis: 1)
    let weights = x.softmax(axis: -1)

    let gram = einsum("ik,jk->ij", x, x)

    let numbers = try product.scalars()
    let one = try total.item()

    #expect(try zeros.sum().item() == 0)
    #expect(try grid.scalars() == [0, 0.25, 0.5, 0.75, 1])
    #expect(try rows.scalars() == [0, 1, 2, 3])
    #expect(try eye.sum().item() == 3)
    #expect(try scaled.scalars() == [-2, -2, -2, 4, 4, 4])
    #expect(try largest.scalars() == [0, 0, 0, 4, 4, 4])
    #expect(try clipped.scalars() == [1, 2, 2.5, 2.5, 2.5, 2.5])
    #expect(try first.scalars() == [1, 2, 3])
    #expect(try lastColumn.scalars() == [3, 6])
    #expect(try twoRows.scalars() == [2, 3, 5, 6])
    #expect(try chosen.scalars() == [4, 5, 6, 1, 2, 3])
    #expect(try changed.scalars() == [1, 20, 3, 4, 5, 6])
    #expect(tall.shape == [4, 3] && pair.shape == [2, 2, 3])
    #expect(try halves[1].scalars() == x.scalars())
    #expect(try means.shape == [2, 1])
    #expect(try best.scalars() == [2, 2])
    #expect(abs(try weights.sum().item() - 2) < 1e-6)
    #expect(try gram.scalars() == [14, 32, 32, 77])
    #expect(numbers == [14, 32, 32, 77])
    #expect(one == 21)
  }
}

/// The examples of `Randomness.md`.
struct RandomnessGuideTests {
  @Test func examples() throws {
    let key = RandomKey(seed: 42)
    let keys = key.split()
    let noise = keys[0].normal([2, 3], of: Float.self)
    let coins = keys[1].bernoulli([4], probability: 0.25)

    let dropout = jit { (x: Tensor<Float>, key: RandomKey) in
      let isKept = key.bernoulli(x.shape, probability: 0.9)
      return select(isKept, x / 0.9, 0)
    }
    let dropped = try dropout(noise, keys[1])

    let weights = Tensor<Float>.randomNormal([3, 2], seed: 1)

    #expect(try noise.scalars() == key.split()[0].normal([2, 3], of: Float.self).scalars())
    #expect(coins.shape == [4])
    #expect(try dropped.scalars() == dropout(noise, keys[1]).scalars())
    #expect(weights.shape == [3, 2])
  }
}

/// The examples of `DifferentiatingFunctions.md`.
struct DifferentiatingFunctionsGuideTests {
  @Test func examples() throws {
    let loss = { @Sendable (w: Tensor<Double>, b: Tensor<Double>) in
      square(w * 3 + b - 5).sum()
    }
    let (dw, db) = try gradient(of: loss)(1, 1)
    let (value, slopes) = try valueWithGradient(at: 1, 1, of: loss)

    struct Layer: TensorVector {
      var weight: Tensor<Float>
      var bias: Tensor<Float>

      mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
        try visitor.visit(&weight)
        try visitor.visit(&bias)
      }

      func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { tanh(matmul(x, weight) + bias) }
    }

    let layer = Layer(weight: .randomNormal([2, 2], seed: 1), bias: .zeros([2]))
    let input: Tensor<Float> = [[1, 2]]
    let slope = try gradient(at: layer) { layer in layer(input).sum() }
    let next = layer - 0.1 * slope

    let cubes = { @Sendable (x: Tensor<Double>) in x * x * x }
    let x: Tensor<Double> = [1, 2]
    let tangent = try differential(at: x, of: cubes)([1, 1])
    let cotangent = try pullback(at: x, of: cubes)([1, 0])
    let matrix = try jacobian(at: x, of: cubes)
    let curvature = try hessian(at: x) { x in cubes(x).sum() }

    let perExample = vmap(gradient { (x: Tensor<Double>) in cubes(x).sum() })
    let slopesOfRows = try perExample([[1, 2], [3, 4]])

    try verify(at: x, of: cubes)

    let clippedIdentity = customDerivative(valueWithPullback: { (x: Tensor<Double>) in
      (value: x, pullback: { $0.clamped(to: -1...1) })
    })
    let clippedSlope = try gradient(at: 2) { (x: Tensor<Double>) in try clippedIdentity(x) * 10 }

    let cubeRoot = { @Sendable (a: Tensor<Double>) in
      try root(at: a, near: Tensor<Double>(1)) { a, x in x * x * x - a }
    }
    let slopeOfRoot = try gradient(at: 8, of: cubeRoot)

    #expect(try [dw.item(), db.item()] == [-6, -2])
    #expect(try [value.item(), slopes.0.item()] == [1, -6])
    #expect(try next.bias.scalars() == (layer.bias - 0.1 * slope.bias).scalars())
    #expect(try tangent.scalars() == [3, 12])
    #expect(try cotangent.scalars() == [3, 0])
    #expect(try matrix.scalars() == [3, 0, 0, 12])
    #expect(try curvature.scalars() == [6, 0, 0, 12])
    #expect(try slopesOfRows.scalars() == [3, 12, 27, 48])
    #expect(abs(try slopeOfRoot.item() - 1.0 / 12) < 1e-14)
    #expect(try clippedSlope.item() == 1)
  }
}

/// The examples of `ControlFlow.md`.
struct ControlFlowGuideTests {
  @Test func examples() throws {
    let (sum, partial) = try scan(Tensor<Double>(0), over: [1, 2, 3] as Tensor<Double>) { sum, x in
      (sum + x, sum + x)
    }
    let power = try forLoop(10, Tensor<Double>(1)) { _, x in x * 2 }
    let root = try whileLoop(
      Tensor<Double>(2), while: { (x: Tensor<Double>) in abs(x * x - 2) .> 1e-12 }
    ) { x in 0.5 * (x + 2 / x) }
    let choice = try cond(sum .> 5, { exp(sum) }, { sum })
    let (position, speed) = try forLoop(100, (Tensor<Double>(1), Tensor<Double>(0))) { _, state in
      let (x, v) = state
      return (x + 0.01 * v, v - 0.01 * x)
    }

    #expect(try partial.scalars() == [1, 3, 6])
    #expect(try power.item() == 1024)
    #expect(abs(try root.item() - 1.4142135623730951) < 1e-12)
    #expect(abs(try choice.item() - 403.4287934927351) < 1e-9)
    // Each step turns by atan(0.01) and grows by √1.0001.
    #expect(abs(try position.item() - 0.5430386343) < 1e-9)
    #expect(abs(try speed.item() + 0.8456705645) < 1e-9)
  }
}

/// The examples of `Speed.md`.
struct SpeedGuideTests {
  @Test func examples() throws {
    let norm = jit { (x: Tensor<Float>) in sqrt(square(x).sum()) }
    _ = try norm([3, 4])
    _ = try norm([3, 4, 12])
    let reasons = norm.explain()
    let count = norm.compilationCount

    let loss = jit(buckets: .powersOfTwo.arguments(1)) { (w: Tensor<Float>, x: Tensor<Float>) in
      square(matmul(x, w)).mean()
    }
    let losses = try [5, 8, 6].map { try loss(.ones([2, 1]), .ones([$0, 2])).item() }

    let descend = jitInPlace { (w: inout Tensor<Float>, rate: Tensor<Float>) in
      let (value, slope) = try valueWithGradient(at: w) { w in square(w - 1).sum() }
      w = w - rate * slope
      return value
    }
    var w = Tensor<Float>.zeros([3])
    for _ in 0..<50 { _ = try descend(&w, 0.25) }
    let single = try withThreads(atMost: 1) { try norm(w).item() }

    #expect(reasons.contains("[2]") || reasons.contains("2xf32"))
    #expect(count == 2)
    #expect(losses == [4, 4, 4] && loss.compilationCount == 1)
    #expect(abs(single - 1.7320508) < 1e-5)
  }
}

/// The examples of `Mistakes.md`.
struct MistakesGuideTests {
  @Test func examples() throws {
    let wide = Tensor<Float>.zeros([2, 3])
    let tall = Tensor<Float>.zeros([4])
    do {
      _ = try (wide + tall).scalars()
    } catch let error as AdjointError {
      print(error)
    }

    let strict = withStrictBroadcasting { wide + tall[0..<3] }

    #expect(throws: AdjointError.self) { try strict.scalars() }
  }
}

/// The examples of `Models.md`.
struct ModelsGuideTests {
  struct Regression: TensorVector {
    var weight: Tensor<Double>
    var bias: Tensor<Double> = 0

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&weight)
      try visitor.visit(&bias)
    }

    func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { matmul(x, weight) + bias }
  }

  struct Momentum<Model: TensorVector>: TensorTree {
    var velocity: Model

    init(for model: Model) { velocity = model.zeroed() }

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&velocity)
    }

    mutating func update(_ model: inout Model, along slope: Model, rate: Double) {
      velocity = 0.9 * velocity - rate * slope
      model += velocity
    }
  }

  struct Training: TensorTree {
    var model = Regression(weight: [0, 0])
    var optimizer = Momentum(for: Regression(weight: [0, 0]))

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&model)
      try visitor.visit(&optimizer)
    }
  }

  @Test func examples() throws {
    let model = Regression(weight: [1, 2], bias: 3)
    let half = 0.5 * model
    let length = (model - half).globalNorm(as: Double.self)
    let names = try model.namedTensors(of: Double.self).map(\.name)
    let squares = model * model
    let signs = model.mapTensors { (t: Tensor<Double>) in sign(t) }
    let larger = model.zipTensors(with: squares) { (a: Tensor<Double>, b) in max(a, b) }

    #expect(try half.weight.scalars() == [0.5, 1])
    #expect(abs(try length.item() - 3.5.squareRoot()) < 1e-12)
    #expect(names == ["weight", "bias"])
    #expect(try signs.weight.scalars() == [1, 1] && larger.bias.item() == 9)

    let inputs = Tensor<Double>.randomNormal([100, 2], seed: 1)
    let outputs = Regression(weight: [2, -1], bias: 0.5)(inputs)
    let step = jitInPlace { (state: inout Training) in
      let (loss, slope) = try valueWithGradient(at: state.model) { model in
        meanSquaredError(model(inputs), outputs)
      }
      state.optimizer.update(&state.model, along: slope.clipped(toGlobalNorm: 1), rate: 0.05)
      return loss
    }
    var training = Training()
    for _ in 0..<200 { _ = try step(&training) }

    let folder = try TemporaryFolder()
    let path = folder.path + "/model.safetensors"
    try training.model.write(safetensors: path)
    var copy = Regression(weight: [0, 0])
    try copy.read(safetensors: path)

    let found = try copy.weight.scalars() + [copy.bias.item()]
    for (value, expected) in zip(found, [2, -1, 0.5]) { #expect(abs(value - expected) < 1e-3) }
  }
}

/// The examples of `Mathematics.md`.
struct MathematicsGuideTests {
  @Test func examples() throws {
    let a: Tensor<Double> = [[4, 1], [1, 3]]
    let b: Tensor<Double> = [1, 2]
    let x = solve(a, b)
    let l = cholesky(a)
    let (values, vectors) = eigh(a)
    let logVolume = a.logDeterminant().logarithm
    let fit = leastSquares([[1, 0], [1, 1], [1, 2]] as Tensor<Double>, [1, 3, 5])

    let image = Tensor<Float>.iota(16).reshaped(to: [1, 4, 4, 1])
    let sobel: Tensor<Float> = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    let edges = image.convolved(with: sobel.reshaped(to: [3, 3, 1, 1]), padding: .same)
    let small = image.maxPooled(over: [2, 2])
    let spectrum = rfft(sin(Tensor<Double>.linspace(from: 0, to: 3, count: 8)))

    let table: Tensor<Double> = [[3, 1, 2], [6, 5, 4]]
    let deviations = table.standardDeviation(axis: 0)
    let middle = table.median(axis: 1)
    let ordered = table.sorted(axis: 1)
    let running = table.cumulativeSum(axis: 1)
    let groups = table.segmentSum([0, 0] as Tensor<Int32>, count: 2)

    #expect(try matmul(a, x).isApproximatelyEqual(to: b))
    #expect(try matmul(l, l.transposed()).isApproximatelyEqual(to: a))
    #expect(
      try matmul(vectors * values, vectors.transposed()).isApproximatelyEqual(to: a))
    #expect(abs(try exp(logVolume).item() - 11) < 1e-12)
    #expect(try fit.isApproximatelyEqual(to: [1, 2]))
    #expect(try edges[0, 1, 1, 0].item() == 8 && small.scalars() == [5, 7, 13, 15])
    #expect(spectrum.shape == [5])
    #expect(try deviations.scalars() == [1.5, 2, 1] && middle.scalars() == [2, 5])
    #expect(try ordered.scalars() == [1, 2, 3, 4, 5, 6])
    #expect(try running.scalars() == [3, 4, 6, 6, 11, 15])
    #expect(try groups.scalars() == [9, 6, 6, 0, 0, 0])
  }
}

/// The articles and the examples above say the same.
struct GuideTests {
  @Test(arguments: [
    "Arrays", "Randomness", "DifferentiatingFunctions", "Models", "Mathematics", "ControlFlow",
    "Speed", "Mistakes",
  ])
  func examplesAreCompiled(_ article: String) throws {
    let tests = URL(filePath: #filePath)
    let root = tests.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appending(path: "Sources/Adjoint/Adjoint.docc/\(article).md"),
      encoding: .utf8)
    let source = lines(try String(contentsOf: tests, encoding: .utf8))
    let blocks = text.components(separatedBy: "```swift\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    #expect(!blocks.isEmpty)
    for block in blocks {
      let wanted = lines(block)
      let isThere = source.indices.contains { source[$0...].starts(with: wanted) }
      #expect(isThere, "an example of \(article).md is not in GuideTests.swift:\n\(block)")
    }
  }

  /// The lines without blanks around them; empty lines are dropped.
  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }
}
