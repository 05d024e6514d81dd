import CAllocations
import Testing

@testable import Adjoint

/// What calls of compiled functions allocate, and that the memory they use again is nobody's.
struct CallTests {
  /// Whether allocations can be counted here.
  private static let countsAllocations = adjoint_allocation_count() >= 0

  /// How often a hundred runs of `body` take memory, after two that may.
  private func allocations(_ body: () throws -> Void) rethrows -> Int {
    for _ in 0..<2 { try body() }
    let before = adjoint_allocation_count()
    for _ in 0..<100 { try body() }
    return adjoint_allocation_count() - before
  }

  /// Calls that go from one signature to another and back find both compiled, whoever calls beside them.
  @Test func signaturesMayAlternate() async throws {
    let sum = jit { (x: Tensor<Double>) in (2 * x).sum() }
    let inputs = (1...3).map { Tensor<Double>.ones([$0]) }
    for round in 0..<12 {
      let position = round % (round < 6 ? 2 : 3)
      #expect(try sum(inputs[position]).item() == Double(2 * position + 2))
      #expect(try sum.dump(stage: .traced).contains("tensor<\(position + 1)xf64>"))
    }
    #expect(sum.compilationCount == 3)
    try await withThrowingTaskGroup(of: Double.self) { group in
      for task in 0..<4 {
        group.addTask {
          try (0..<300).reduce(0) { total, round in
            total + (try sum(inputs[(task + round) % 3]).item())
          }
        }
      }
      for try await total in group { #expect(total == 1200) }
    }
    #expect(sum.compilationCount == 3)
  }

  @Test(.enabled(if: countsAllocations))
  func countingSeesAllocations() {
    var arrays: [[Int]] = []
    #expect(allocations { arrays = [[arrays.count]] } >= 100)
  }

  @Test(.enabled(if: countsAllocations))
  func callsWithSmallResultsAllocateNothing() throws {
    let slope = jit(gradient(of: { (x: Tensor<Double>) in sin(x) * x }))
    let point = Tensor<Double>(0.7)
    #expect(try allocations { _ = try slope(point) } == 0)
    var moving = point
    #expect(try allocations { moving = try slope(moving) } == 0)
    let both = jit(valueWithGradient(of: { (x: Tensor<Double>, y: Tensor<Double>) in x * y * y }))
    #expect(try allocations { _ = try both(point, point) } == 0)
  }

  @Test(.enabled(if: countsAllocations))
  func arraysOfResultsAreOneAllocation() throws {
    let double = jit { (values: [Tensor<Double>]) in values.map { $0 * 2 } }
    let values = (0..<20).map { Tensor<Double>(Double($0)) }
    #expect(try allocations { _ = try double(values) } == 100)
    let sum = jit { (values: [Tensor<Double>]) in values.reduce(0, +) }
    #expect(try allocations { _ = try sum(values) } == 0)
  }

  @Test(.enabled(if: countsAllocations))
  func largeResultsAreOneAllocation() throws {
    // The values that refer to the elements; those are in the pool's memory.
    let grow = jit { (x: Tensor<Float>) in (x + 1, x * 2) }
    let values = Tensor<Float>.full([1000], 3)
    _ = try values.scalars()
    let count = try allocations { _ = try grow(values) }
    #expect(count == 200)
  }

  @Test(.enabled(if: countsAllocations))
  func nativeCallsAllocateNothing() throws {
    let text = """
      func.func @main(%x: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<f32>) {
        %zero = stablehlo.constant dense<0.0> : tensor<f32>
        %y = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0]
          : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
        %z = stablehlo.tanh %y : tensor<64x64xf32>
        %s = stablehlo.reduce(%z init: %zero) applies stablehlo.add across dimensions = [0, 1]
          : (tensor<64x64xf32>, tensor<f32>) -> tensor<f32>
        return %y, %s : tensor<64x64xf32>, tensor<f32>
      }
      """
    let program = try Program(parsing: text, file: "native.mlir").compile()
    let square = program.parameterTypes[0]
    let argument = try TensorData(square, doubles: [Double](repeating: 0.01, count: 64 * 64))
    let matrix = try TensorData(square) { _ in }
    let sum = try TensorData(program.resultTypes[1]) { _ in }
    try argument.withUnsafeBytes { argument in
      try matrix.withUnsafeBytes { matrix in
        try sum.withUnsafeBytes { sum in
          var arguments = [try #require(argument.baseAddress)]
          var results = [matrix, sum].compactMap {
            UnsafeMutableRawPointer(mutating: $0.baseAddress)
          }
          #expect(
            try allocations { try program.call(arguments: &arguments, results: &results) } == 0)
        }
      }
    }
    #expect(matrix.doubles.allSatisfy { abs($0 - 64 * 0.0001) < 1e-6 })
  }

  @Test func resultsThatAreKeptStayAsTheyWere() throws {
    let next = jit { (x: Tensor<Double>) in (x + 1, [x * 2, x * 3]) }
    var kept: [(Tensor<Double>, [Tensor<Double>])] = []
    var x = Tensor<Double>(0)
    for round in 0..<50 {
      let results = try next(x)
      x = results.0
      // Some results are dropped at once, some after a while.
      if round % 3 != 0 { kept.append(results) }
      if round % 7 == 0, !kept.isEmpty { kept.removeFirst() }
    }
    for (sum, products) in kept {
      let before = try sum.item() - 1
      #expect(try products.map { try $0.item() } == [2 * before, 3 * before])
    }
    #expect(try x.item() == 50)
  }

  @Test func aResultMayBeAnArgumentOfTheSameCall() throws {
    let step = jit { (a: Tensor<Double>, b: Tensor<Double>) in (b, a + b) }
    var (a, b) = (Tensor<Double>(0), Tensor<Double>(1))
    for _ in 0..<50 { (a, b) = try step(a, b) }
    #expect(try a.item() == 12_586_269_025)
    let (first, second) = try step(a, a)
    #expect(try [first, second].map { try $0.item() } == [12_586_269_025, 25_172_538_050])
  }

  @Test func argumentsMadeDuringAVisitLiveLongEnough() throws {
    let sum = jit { (input: Fresh, x: Tensor<Double>) in input.tensors[0] + input.tensors[1] + x }
    for round in 0..<20 {
      let result = try sum(Fresh(number: Double(round)), 1)
      #expect(try result.item() == Double(2 * round + 2))
    }
    #expect(sum.compilationCount == 1)
  }

  @Test func oneFunctionCalledFromManyTasks() async throws {
    let function = jit { (x: Tensor<Double>, layers: [Tensor<Double>]) in
      (layers.map { $0 * x }, (x * Tensor([1, 2, 3])).sum())
    }
    try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<16 {
        group.addTask {
          var wrong = 0
          var x = Tensor<Double>(Double(task))
          var former: [Tensor<Double>] = []
          for round in 0..<500 {
            let value = Double(task * 1000 + round)
            let (products, sum) = try function(x, [Tensor(value), Tensor(value + 1)])
            let factor = try x.item()
            let expected = [value * factor, (value + 1) * factor]
            if try products.map({ try $0.item() }) != expected { wrong += 1 }
            if try sum.item() != 6 * factor { wrong += 1 }
            if round % 2 == 0 { former = products }
            if round % 2 == 1, try former[0].item() != (value - 1) * (factor - 1) { wrong += 1 }
            x = Tensor(factor + 1)
            await Task.yield()
          }
          return wrong
        }
      }
      for try await wrong in group { #expect(wrong == 0) }
    }
    #expect(function.compilationCount == 1)
  }
}

/// A tree whose tensors exist only while they are visited.
private struct Fresh: TensorTree {
  var number: Double
  var tensors: [Tensor<Double>] = []

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    tensors = [Tensor(number), Tensor(number + 1)]
    visitor.visitIgnored(number)
    try visitor.visit(&tensors)
  }
}
