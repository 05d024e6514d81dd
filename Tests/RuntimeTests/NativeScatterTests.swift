import Differentiation
import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Scatters of so many updates that they are divided into parts, alone and one after the other.
@Suite struct NativeScatterTests {
  /// How updates combine with the element of a random place, and how many there are.
  @Test(
    arguments: [ScatterDimensions.Combination.add, .minimum, .maximum],
    [(40_000, 300), (32_768, 40_000), (39_999, 7), (32_771, 300)])
  func agreesWithTheInterpreter(
    _ combination: ScatterDimensions.Combination, _ size: (updates: Int, places: Int)
  ) throws {
    let function = try Self.function(size.updates, size.places) { builder, base, indices, updates in
      try builder.scattered(combination, base, indices, updates)
    }
    try check(function, places: size.places)
  }

  /// A sum of three scatters onto zeros and one onto an argument.
  @Test func sumsOfScattersAreOneChain() throws {
    let function = try Self.function(40_000, 900) { builder, base, indices, updates in
      let zeros = try builder.splat(0, builder[base])
      let first = try builder.scattered(.add, base, indices, updates)
      let second = try builder.scattered(.add, zeros, indices, builder.multiply(updates, updates))
      let third = try builder.scattered(.add, zeros, indices, builder.unary(.negate, updates))
      return try builder.add(builder.add(second, first), third)
    }
    try check(function, places: 900)
  }

  /// Many short floats are added up in longer ones, whose sum is rounded once: one by one a sum stops to grow.
  @Test(arguments: [ElementType.bf16, .f16])
  func sumsOfShortFloatsGrow(_ element: ElementType) throws {
    var builder = FunctionBuilder(name: "main")
    let base = builder.parameter(TensorType([5], element))
    let indices = builder.parameter(TensorType([8000, 1], .i32))
    let updates = builder.parameter(TensorType([8000], element))
    let zeros = try builder.splat(0, builder[base])
    let function = builder.finish(returning: [
      try builder.scattered(.add, base, indices, updates),
      try builder.scattered(.add, zeros, indices, updates),
    ])
    let arguments = [
      Literal(TensorType([5], element), doubles: [0, 1, 2, 3, 4]),
      Literal(TensorType([8000, 1], .i32), integers: (0..<8000).map { Int64($0 % 5) }),
      Literal(TensorType([8000], element), doubles: [Double](repeating: 1, count: 8000)),
    ]
    let results = try runNatively(function, arguments)
    let spacing: Double = element == .bf16 ? 8 : 1
    for (place, sum) in results[0].doubles.enumerated() {
      #expect(abs(sum - 1600 - Double(place)) <= spacing / 2)
    }
    #expect(results[1].doubles == [1600, 1600, 1600, 1600, 1600])
  }

  /// The greatest updates of each place are told by comparing with the result, so updates are computed once:
  /// the square is rounded before one of the sums where two read it, and not where one does.
  @Test func greatestUpdatesAreFound() throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<8xf64>, %y: tensor<8xf64>, %i: tensor<64x1xi32>) -> tensor<f64> {
          %u = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<8xf64>, tensor<64x1xi32>) -> tensor<64xf64>
          %v = "stablehlo.gather"(%y, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<8xf64>, tensor<64x1xi32>) -> tensor<64xf64>
          %c = stablehlo.constant dense<1.5> : tensor<64xf64>
          %d = stablehlo.constant dense<2.0> : tensor<64xf64>
          %low = stablehlo.constant dense<-1000.0> : tensor<8xf64>
          %zero = stablehlo.constant dense<0.0> : tensor<f64>
          %t = stablehlo.multiply %u, %u : tensor<64xf64>
          %a = stablehlo.add %t, %c : tensor<64xf64>
          %z = stablehlo.divide %v, %a : tensor<64xf64>
          %m = "stablehlo.scatter"(%low, %i, %z) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
          ^bb0(%l: tensor<f64>, %r: tensor<f64>):
            %g = stablehlo.maximum %l, %r : tensor<f64>
            stablehlo.return %g : tensor<f64>
          }) : (tensor<8xf64>, tensor<64x1xi32>, tensor<64xf64>) -> tensor<8xf64>
          %b = stablehlo.add %t, %d : tensor<64xf64>
          %q = stablehlo.divide %v, %b : tensor<64xf64>
          %0 = stablehlo.reduce(%m init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8xf64>, tensor<f64>) -> tensor<f64>
          %1 = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64xf64>, tensor<f64>) -> tensor<f64>
          %2 = stablehlo.add %0, %1 : tensor<f64>
          return %2 : tensor<f64>
        }
        """, file: "greatest.mlir")
    let function = try #require(module.entry).simplified().withGradient(of: [0, 1]).simplified()
    let arguments = [
      Literal(TensorType([8], .f64), doubles: (0..<8).map { 0.3 * Double($0) - 1.1 }),
      Literal(TensorType([8], .f64), doubles: (0..<8).map { 0.7 * Double($0) + 0.2 }),
      Literal(TensorType([64, 1], .i32), integers: (0..<64).map { 7 * $0 % 8 }),
    ]
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments, threads: 1)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-12, "greatest updates")
    }
  }

  /// A scatter that is also a result stays what it is.
  @Test func linksThatAreReadStay() throws {
    var builder = FunctionBuilder(name: "main")
    let base = builder.parameter(TensorType([500], .f32))
    let indices = builder.parameter(TensorType([40_000, 1], .i32))
    let updates = builder.parameter(TensorType([40_000], .f32))
    let first = try builder.scattered(.add, base, indices, updates)
    let second = try builder.scattered(.add, first, indices, updates)
    try check(
      builder.finish(returning: [first, second, try builder.add(second, first)]), places: 500)
  }

  /// Places and updates that are computed, which is done in lanes for a strip of updates.
  @Test func computedPlacesAreWrittenInOrder() throws {
    for (combination, count) in [
      (ScatterDimensions.Combination.set, 5000), (.add, 5000), (.add, 1027), (.add, 40_000),
      (.set, 257),
    ] {
      let function = try Self.function(count, 100) { builder, base, indices, updates in
        let line = TensorType([count], .f32)
        let scaled = try builder.unary(
          .floor, builder.multiply(updates, builder.splat(37.5, line)))
        let places = try builder.reshape(builder.convert(scaled, to: .i32), to: [count, 1])
        let value = try builder.unary(.tanh, builder.unary(.exponential, updates))
        return try builder.scattered(
          combination, base, builder.add(places, indices), builder.multiply(value, scaled))
      }
      try check(function, places: 100)
    }
  }

  /// Compares with the interpreter, on each processor that runs here, and one thread with two.
  private func check(_ function: Function, places: Int) throws {
    var random = SplitMix64(seed: 3)
    let arguments = function.parameterTypes.map { type in
      type.element == .i32
        ? Literal(
          type, integers: (0..<type.count).map { _ in Int64(random.int(in: -2...(places + 1))) })
        : Literal(
          type, doubles: (0..<type.count).map { _ in Double(random.int(in: -99...99)) / 64 })
    }
    let expected = try Interpreter().run(function, arguments)
    for target in TargetDescription.runnable {
      let results = try runNatively(function, arguments, threads: 1, target: target)
      #expect(try runNatively(function, arguments, threads: 2, target: target) == results)
      for (result, expected) in zip(results, expected) {
        expectClose(result, expected, relative: 2e-5, "\(target)")
      }
    }
  }

  /// A function of a base of so many places, and of so many indices and updates.
  private static func function(
    _ updates: Int, _ places: Int,
    _ body: (inout FunctionBuilder, ValueID, ValueID, ValueID) throws -> ValueID
  ) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let base = builder.parameter(TensorType([places], .f32))
    let indices = builder.parameter(TensorType([updates, 1], .i32))
    let values = builder.parameter(TensorType([updates], .f32))
    return builder.finish(returning: [try body(&builder, base, indices, values)])
  }
}

extension FunctionBuilder {
  /// A scatter of elements into a line.
  mutating func scattered(
    _ combination: ScatterDimensions.Combination, _ base: ValueID, _ indices: ValueID,
    _ updates: ValueID
  ) throws -> ValueID {
    try emit(
      .scatter(
        ScatterDimensions(
          combination, updateWindowDims: [], insertedWindowDims: [0],
          scatterDimsToOperandDims: [0], indexVectorDim: 1)), [base, indices, updates])
  }
}
