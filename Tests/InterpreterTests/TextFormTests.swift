import Interpreter
import TensorIR
import TestSupport
import Testing

/// Forms of text that are read as simpler ones, against values of StableHLO's specification or worked out by
/// hand.
@Suite struct TextFormTests {
  /// A text, its arguments and its results.
  struct Form: Sendable, CustomTestStringConvertible {
    let text: String
    var arguments: [Literal] = []
    let results: [[Double]]

    var testDescription: String { String(text.prefix(60)) }
  }

  /// The results of the entry function of a text, which is printed and read again before.
  private func results(_ text: String, _ arguments: [Literal]) throws -> [[Double]] {
    let module = try Module(parsing: text, file: "form.mlir")
    let again = try Module(parsing: module.description, file: "again.mlir")
    #expect(again.description == module.description)
    return try Interpreter(module: again).run(#require(again.entry), arguments).map(\.doubles)
  }

  @Test(arguments: forms)
  func values(form: Form) throws {
    #expect(try results(form.text, form.arguments) == form.results)
  }

  /// What a batch normalization's gradient gives is what differences of its training form give.
  @Test func gradientOfBatchNormalization() throws {
    let training = """
      func.func @main(%x: tensor<3x2xf64>, %s: tensor<2xf64>, %o: tensor<2xf64>, %w: tensor<3x2xf64>) -> (tensor<f64>, tensor<2xf64>, tensor<2xf64>) {
        %0:3 = "stablehlo.batch_norm_training"(%x, %s, %o) <{epsilon = 1.250000e-01 : f32, feature_index = 1 : i64}> : (tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>)
        %1 = stablehlo.multiply %0#0, %w : tensor<3x2xf64>
        %z = stablehlo.constant dense<0.0> : tensor<f64>
        %2 = stablehlo.reduce(%1 init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<3x2xf64>, tensor<f64>) -> tensor<f64>
        return %2, %0#1, %0#2 : tensor<f64>, tensor<2xf64>, tensor<2xf64>
      }
      """
    let gradient = """
      func.func @main(%x: tensor<3x2xf64>, %s: tensor<2xf64>, %m: tensor<2xf64>, %v: tensor<2xf64>, %w: tensor<3x2xf64>) -> (tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>) {
        %0:3 = "stablehlo.batch_norm_grad"(%x, %s, %m, %v, %w) <{epsilon = 1.250000e-01 : f32, feature_index = 1 : i64}> : (tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<3x2xf64>) -> (tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>)
        return %0#0, %0#1, %0#2 : tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>
      }
      """
    let x = [1.0, -2, 0.5, 3, 2, 0.25]
    let (scale, offset, weights) = ([1.5, -0.5], [0.25, 2], [1.0, 2, -1, 0.5, 3, -2])
    func loss(_ x: [Double], _ scale: [Double], _ offset: [Double]) throws -> [[Double]] {
      try results(
        training,
        [
          floats([3, 2], x), floats([2], scale), floats([2], offset),
          floats([3, 2], weights),
        ])
    }
    let moments = try loss(x, scale, offset)
    let given = try results(
      gradient,
      [
        floats([3, 2], x), floats([2], scale), floats([2], moments[1]),
        floats([2], moments[2]), floats([3, 2], weights),
      ])
    func differences(
      _ values: [Double], _ loss: ([Double]) throws -> [[Double]]
    ) rethrows -> [Double] {
      try values.indices.map { index in
        let steps = try [1e-5, -1e-5].map { step in
          var moved = values
          moved[index] += step
          return try loss(moved)[0][0]
        }
        return (steps[0] - steps[1]) / 2e-5
      }
    }
    let wanted = try [
      differences(x) { try loss($0, scale, offset) },
      differences(scale) { try loss(x, $0, offset) },
      differences(offset) { try loss(x, scale, $0) },
    ]
    for (left, right) in zip(given.joined(), wanted.joined()) {
      #expect(abs(left - right) < 1e-8)
    }
  }

  /// Random numbers are the same each time, differ from operation to operation, and have their range, mean
  /// and deviation.
  @Test func randomNumbers() throws {
    let text = """
      func.func @main() -> (tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf64>, tensor<4096xi32>) {
        %a = stablehlo.constant dense<2.0> : tensor<f32>
        %b = stablehlo.constant dense<3.0> : tensor<f32>
        %c = stablehlo.constant dense<-1.0> : tensor<f64>
        %d = stablehlo.constant dense<2.0> : tensor<f64>
        %e = stablehlo.constant dense<-2> : tensor<i32>
        %f = stablehlo.constant dense<3> : tensor<i32>
        %s = stablehlo.constant dense<4096> : tensor<1xi64>
        %0 = stablehlo.rng %a, %b, %s, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<1xi64>) -> tensor<4096xf32>
        %1 = stablehlo.rng %a, %b, %s, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<1xi64>) -> tensor<4096xf32>
        %2 = stablehlo.rng %c, %d, %s, distribution = NORMAL : (tensor<f64>, tensor<f64>, tensor<1xi64>) -> tensor<4096xf64>
        %3 = "stablehlo.rng"(%e, %f, %s) <{rng_distribution = #stablehlo<rng_distribution UNIFORM>}> : (tensor<i32>, tensor<i32>, tensor<1xi64>) -> tensor<4096xi32>
        return %0, %1, %2, %3 : tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf64>, tensor<4096xi32>
      }
      """
    let numbers = try results(text, [])
    #expect(try results(text, []) == numbers)
    #expect(numbers[0] != numbers[1])
    #expect(numbers[0].allSatisfy { $0 >= 2 && $0 < 3 })
    #expect(Set(numbers[3]) == [-2, -1, 0, 1, 2])
    let means = numbers.map { $0.reduce(0, +) / 4096 }
    #expect(abs(means[0] - 2.5) < 0.02 && abs(means[2] + 1) < 0.1 && abs(means[3]) < 0.1)
    let variance = numbers[2].reduce(0) { $0 + ($1 - means[2]) * ($1 - means[2]) } / 4096
    #expect(abs(variance - 4) < 0.3)
  }
}

/// A function of named parameters around operations.
private func function(
  _ parameters: String, _ results: String, _ operations: String, named name: String = "main"
) -> String {
  "func.func @\(name)(\(parameters)) -> (\(results)) {\n\(operations)\n}\n"
}

private let cube = floats([2, 2, 2], [1, 2, 3, 4, 3, 4, 1, 2])
private let matrix = floats([2, 3], [1, 2, 3, 4, 5, 6])

private let forms: [TextFormTests.Form] = [
  // The examples of the specification.
  .init(
    text: function(
      "%x: tensor<2x2x2xf64>, %s: tensor<2xf64>, %m: tensor<2xf64>", "tensor<2x2x2xf64>",
      """
      %0 = "stablehlo.batch_norm_inference"(%x, %s, %s, %m, %s) {epsilon = 0.0 : f32, feature_index = 2 : i64} : (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) -> tensor<2x2x2xf64>
      return %0 : tensor<2x2x2xf64>
      """), arguments: [cube, floats([2], [1, 1]), floats([2], [2, 3])],
    results: [[0, 0, 2, 2, 2, 2, 0, 0]]),
  .init(
    text: function(
      "%x: tensor<2x2x2xf64>, %s: tensor<2xf64>",
      "tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>",
      """
      %0, %1, %2 = "stablehlo.batch_norm_training"(%x, %s, %s) {epsilon = 0.0 : f32, feature_index = 2 : i64} : (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>)
      return %0, %1, %2 : tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>
      """), arguments: [cube, floats([2], [1, 1])],
    results: [[0, 0, 2, 2, 2, 2, 0, 0], [2, 3], [1, 1]]),
  .init(
    text: function(
      "%x: tensor<2x3xf64>", "tensor<2x2xf64>, tensor<2x2x3xf64>",
      """
      %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x3xf64>) -> tensor<3x2xf64>
      %0 = stablehlo.dot %x, %t, precision = [DEFAULT, DEFAULT] : (tensor<2x3xf64>, tensor<3x2xf64>) -> tensor<2x2xf64>
      %1 = stablehlo.broadcast %x, sizes = [2] : (tensor<2x3xf64>) -> tensor<2x2x3xf64>
      return %0, %1 : tensor<2x2xf64>, tensor<2x2x3xf64>
      """), arguments: [matrix],
    results: [[14, 32, 32, 77], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]]),
  .init(
    text: function(
      "%x: tensor<2x3xf64>, %s: tensor<2x2xf64>",
      "tensor<3x2xf64>, tensor<3xf64>, tensor<f64>, tensor<2x2xf64>",
      """
      %0 = stablehlo.einsum %x, %s, config = "ab,ca->bc" : (tensor<2x3xf64>, tensor<2x2xf64>) -> tensor<3x2xf64>
      %1 = stablehlo.unary_einsum %x, config = "ab->b" : (tensor<2x3xf64>) -> tensor<3xf64>
      %2 = stablehlo.unary_einsum %s, config = "aa->" : (tensor<2x2xf64>) -> tensor<f64>
      %3 = stablehlo.einsum %x, %s, config = "ab,ca->ac" : (tensor<2x3xf64>, tensor<2x2xf64>) -> tensor<2x2xf64>
      return %0, %1, %2, %3 : tensor<3x2xf64>, tensor<3xf64>, tensor<f64>, tensor<2x2xf64>
      """), arguments: [matrix, floats([2, 2], [1, 10, 2, 20])],
    results: [[41, 82, 52, 104, 63, 126], [5, 7, 9], [21], [6, 12, 150, 300]]),
  .init(
    text: function(
      "%x: tensor<2x3xf64>, %i: tensor<2x2xi32>, %j: tensor<4xi32>",
      "tensor<2x2xf64>, tensor<2x4xf64>",
      """
      %0 = "stablehlo.torch_index_select"(%x, %i) {dim = 1 : i64, batch_dims = 1 : i64} : (tensor<2x3xf64>, tensor<2x2xi32>) -> tensor<2x2xf64>
      %1 = "stablehlo.torch_index_select"(%x, %j) {dim = 1 : i64, batch_dims = 0 : i64} : (tensor<2x3xf64>, tensor<4xi32>) -> tensor<2x4xf64>
      return %0, %1 : tensor<2x2xf64>, tensor<2x4xf64>
      """),
    arguments: [
      matrix, integers([2, 2], [2, 0, 1, 1], .i32), integers([4], [0, 2, 2, 1], .i32),
    ],
    results: [[3, 1, 5, 5], [1, 3, 3, 2, 4, 6, 6, 5]]),
  .init(
    text: function(
      "%p: tensor<2x2xi1>", "tensor<2x2xi1>",
      """
      %0 = stablehlo.dot_general %p, %p, contracting_dims = [1] x [0] : (tensor<2x2xi1>, tensor<2x2xi1>) -> tensor<2x2xi1>
      return %0 : tensor<2x2xi1>
      """), arguments: [integers([2, 2], [0, 1, 0, 1], .i1)], results: [[0, 1, 0, 1]]),
  // Shapes that follow from constants.
  .init(
    text: function(
      "%x: tensor<2x3xf64>, %i: tensor<1x1xi32>", "tensor<4x4xf64>, tensor<6xf64>, tensor<2x6xi32>",
      """
      %n = stablehlo.get_dimension_size %x, dim = 1 : (tensor<2x3xf64>) -> tensor<i32>
      %two = stablehlo.constant dense<2> : tensor<i32>
      %m = stablehlo.multiply %n, %two : tensor<i32>
      %m1 = stablehlo.reshape %m : (tensor<i32>) -> tensor<1xi32>
      %two1 = stablehlo.reshape %two : (tensor<i32>) -> tensor<1xi32>
      %s = stablehlo.concatenate %two1, %m1, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
      %low = stablehlo.constant dense<[1, 0]> : tensor<2xi64>
      %high = stablehlo.constant dense<1> : tensor<2xi64>
      %inner = stablehlo.subtract %high, %high : tensor<2xi64>
      %v = stablehlo.constant dense<9.0> : tensor<f64>
      %0 = stablehlo.dynamic_pad %x, %v, %low, %high, %inner : (tensor<2x3xf64>, tensor<f64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<4x4xf64>
      %1 = stablehlo.dynamic_reshape %x, %m1 : (tensor<2x3xf64>, tensor<1xi32>) -> tensor<6xf64>
      %2 = stablehlo.dynamic_iota %s, dim = 1 : (tensor<2xi32>) -> tensor<2x6xi32>
      return %0, %1, %2 : tensor<4x4xf64>, tensor<6xf64>, tensor<2x6xi32>
      """), arguments: [matrix, integers([1, 1], [1], .i32)],
    results: [
      [9, 9, 9, 9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9, 9], [1, 2, 3, 4, 5, 6],
      [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5],
    ]),
  .init(
    text: function(
      "%x: tensor<2x3xf64>, %i: tensor<1xi32>, %k: tensor<2xi64>",
      "tensor<1x3xf64>, tensor<2x2xf64>, tensor<1x2xf64>, tensor<2x2x3xf64>, tensor<2x3xf64>",
      """
      %sizes = stablehlo.constant dense<[1, 3]> : tensor<2xi64>
      %0 = "stablehlo.dynamic_gather"(%x, %i, %sizes) <{dimension_numbers = #stablehlo.gather<offset_dims = [0, 1], start_index_map = [0]>}> : (tensor<2x3xf64>, tensor<1xi32>, tensor<2xi64>) -> tensor<1x3xf64>
      %start = stablehlo.constant dense<0> : tensor<2xi64>
      %limit = stablehlo.constant dense<[2, 3]> : tensor<2xi64>
      %step = stablehlo.constant dense<[1, 2]> : tensor<2xi64>
      %one = stablehlo.constant dense<1> : tensor<2xi64>
      %1 = stablehlo.real_dynamic_slice %x, %start, %limit, %step : (tensor<2x3xf64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<2x2xf64>
      %2 = stablehlo.real_dynamic_slice %x, %k, %limit, %one : (tensor<2x3xf64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<1x2xf64>
      %shape = stablehlo.constant dense<[2, 2, 3]> : tensor<3xi32>
      %3 = stablehlo.dynamic_broadcast_in_dim %x, %shape, dims = [1, 2] : (tensor<2x3xf64>, tensor<3xi32>) -> tensor<2x2x3xf64>
      %c = stablehlo.constant dense<3> : tensor<i32>
      %4 = stablehlo.set_dimension_size %x, %c, dim = 1 : (tensor<2x3xf64>, tensor<i32>) -> tensor<2x3xf64>
      return %0, %1, %2, %3, %4 : tensor<1x3xf64>, tensor<2x2xf64>, tensor<1x2xf64>, tensor<2x2x3xf64>, tensor<2x3xf64>
      """), arguments: [matrix, integers([1], [1], .i32), integers([2], [1, 1])],
    results: [
      [4, 5, 6], [1, 3, 4, 6], [5, 6], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6],
    ]),
  // Broadcasting of chlo.
  .init(
    text: function(
      "%x: tensor<2x3xf64>, %y: tensor<3xf64>, %z: tensor<2xf64>",
      "tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xi1>, tensor<3xf64>",
      """
      %0 = chlo.broadcast_subtract %x, %y : (tensor<2x3xf64>, tensor<3xf64>) -> tensor<2x3xf64>
      %1 = chlo.broadcast_multiply %z, %x {broadcast_dimensions = array<i64: 0>} : (tensor<2xf64>, tensor<2x3xf64>) -> tensor<2x3xf64>
      %2 = chlo.broadcast_compare %x, %y {comparison_direction = #chlo<comparison_direction LT>} : (tensor<2x3xf64>, tensor<3xf64>) -> tensor<2x3xi1>
      %3 = "chlo.constant_like"(%y) {value = 0x40000000 : f32} : (tensor<3xf64>) -> tensor<3xf64>
      return %0, %1, %2, %3 : tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xi1>, tensor<3xf64>
      """), arguments: [matrix, floats([3], [1, 3, 5]), floats([2], [10, 100])],
    results: [
      [0, -1, -2, 3, 2, 1], [10, 20, 30, 400, 500, 600], [0, 1, 1, 0, 0, 0], [2, 2, 2],
    ]),
  // Tuples and tokens, through a call and a loop.
  .init(
    text: function(
      "%a: tuple<tensor<f64>, tuple<tensor<i32>>, !stablehlo.token>",
      "tuple<tensor<i32>, tensor<f64>>, !stablehlo.token",
      """
      %0 = stablehlo.get_tuple_element %a[1] : (tuple<tensor<f64>, tuple<tensor<i32>>, !stablehlo.token>) -> tuple<tensor<i32>>
      %1 = stablehlo.get_tuple_element %a[0] : (tuple<tensor<f64>, tuple<tensor<i32>>, !stablehlo.token>) -> tensor<f64>
      %2 = stablehlo.get_tuple_element %0[0] : (tuple<tensor<i32>>) -> tensor<i32>
      %t = stablehlo.tuple %2, %1 : tuple<tensor<i32>, tensor<f64>>
      %k = stablehlo.create_token : !stablehlo.token
      %l = stablehlo.after_all %k, %k : !stablehlo.token
      %3 = "stablehlo.while"(%t) ({
      ^bb0(%s: tuple<tensor<i32>, tensor<f64>>):
        %i = stablehlo.get_tuple_element %s[0] : (tuple<tensor<i32>, tensor<f64>>) -> tensor<i32>
        %c = stablehlo.compare GT, %i, %2 : (tensor<i32>, tensor<i32>) -> tensor<i1>
        %n = stablehlo.not %c : tensor<i1>
        stablehlo.return %n : tensor<i1>
      }, {
      ^bb0(%s: tuple<tensor<i32>, tensor<f64>>):
        %4 = func.call @step(%s) : (tuple<tensor<i32>, tensor<f64>>) -> tuple<tensor<i32>, tensor<f64>>
        stablehlo.return %4 : tuple<tensor<i32>, tensor<f64>>
      }) : (tuple<tensor<i32>, tensor<f64>>) -> tuple<tensor<i32>, tensor<f64>>
      return %3, %l : tuple<tensor<i32>, tensor<f64>>, !stablehlo.token
      """)
      + function(
        "%s: tuple<tensor<i32>, tensor<f64>>", "tuple<tensor<i32>, tensor<f64>>",
        """
        %i = stablehlo.get_tuple_element %s[0] : (tuple<tensor<i32>, tensor<f64>>) -> tensor<i32>
        %x = stablehlo.get_tuple_element %s[1] : (tuple<tensor<i32>, tensor<f64>>) -> tensor<f64>
        %one = stablehlo.constant dense<1> : tensor<i32>
        %j = stablehlo.add %i, %one : tensor<i32>
        %y = stablehlo.add %x, %x : tensor<f64>
        %t = stablehlo.tuple %j, %y : tuple<tensor<i32>, tensor<f64>>
        return %t : tuple<tensor<i32>, tensor<f64>>
        """, named: "step"), arguments: [floats([], [1.5]), integers([], [4], .i32)],
    results: [[5], [3]]),
  // Notes of XLA's exporter, and constants of another dialect.
  .init(
    text: function(
      "%x: tensor<2xf64>", "tuple<tensor<2xf64>>",
      """
      %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf64>
      %0 = stablehlo.add %x, %c {xla_shape = "f64[2]{0}"} : tensor<2xf64>
      %1 = "stablehlo.tuple"(%0) {xla_shape = "(f64[2]{0})"} : (tensor<2xf64>) -> tuple<tensor<2xf64>>
      return %1 : tuple<tensor<2xf64>>
      """), arguments: [floats([2], [10, 20])], results: [[11, 22]]),
  // One device.
  .init(
    text: function(
      "%x: tensor<2x3xf64>",
      "tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<ui32>",
      """
      %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>, replica_groups = dense<0> : tensor<1x1xi64>, use_global_device_ids}> : (tensor<2x3xf64>) -> tensor<2x3xf64>
      %1 = "stablehlo.reduce_scatter"(%0) <{replica_groups = dense<0> : tensor<1x1xi64>, scatter_dimension = 1 : i64}> ({
      ^bb0(%a: tensor<f64>, %b: tensor<f64>):
        %s = stablehlo.add %a, %b : tensor<f64>
        stablehlo.return %s : tensor<f64>
      }) : (tensor<2x3xf64>) -> tensor<2x3xf64>
      %2 = "stablehlo.collective_permute"(%1) <{source_target_pairs = dense<> : tensor<0x2xi64>}> : (tensor<2x3xf64>) -> tensor<2x3xf64>
      %3 = "stablehlo.all_to_all"(%1) <{concat_dimension = 0 : i64, replica_groups = dense<0> : tensor<1x1xi64>, split_count = 1 : i64, split_dimension = 1 : i64}> : (tensor<2x3xf64>) -> tensor<2x3xf64>
      %4 = "stablehlo.cross-replica-sum"(%3) {replica_groups = dense<0> : tensor<1x1xi64>} : (tensor<2x3xf64>) -> tensor<2x3xf64>
      %5 = stablehlo.partition_id : tensor<ui32>
      return %1, %2, %3, %4, %5 : tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<ui32>
      """), arguments: [matrix],
    results: [
      [1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [0],
    ]),
  // Names, modules in modules, resources, and what regions read of outside.
  .init(
    text: """
      !t = tensor<2xf64>
      !p = tuple<!t, !t>
      #d = [0]
      #map = affine_map<(d0) -> (d0 >= 0)>
      module @outer attributes {a.map = #map} {
        module @inner {
          func.func @f(%x: !p) -> (!t, tensor<f64>, tensor<f64>, tensor<10xi1>) {
            %0 = stablehlo.get_tuple_element %x[1] {a.m = affine_map<(d0) -> (d0)>, b.t = tensor<2xf32>} : (!p) -> !t
            %r = stablehlo.constant dense_resource<blob> : !t
            %z = stablehlo.constant dense<0.0> : tensor<f64>
            %k = stablehlo.constant dense<10.0> : tensor<f64>
            %1 = "stablehlo.reduce"(%0, %z) <{dimensions = #d}> ({
            ^bb0(%a: tensor<f64>, %b: tensor<f64>):
              %s = stablehlo.add %a, %b : tensor<f64>
              %m = stablehlo.minimum %s, %k : tensor<f64>
              stablehlo.return %m : tensor<f64>
            }) : (!t, tensor<f64>) -> tensor<f64>
            %2 = stablehlo.exponential %z {result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<HIGHEST>>} : tensor<f64>
            %p = stablehlo.constant dense<"0x0502"> : tensor<10xi1>
            return %r, %1, %2, %p : !t, tensor<f64>, tensor<f64>, tensor<10xi1>
          }
        }
      }
      {-#
        dialect_resources: {
          builtin: {
            blob: "0x08000000000000000000F03F0000000000000040"
          }
        }
      #-}
      """, arguments: [floats([2], [1, 2]), floats([2], [8, 7])],
    results: [[1, 2], [10], [1], [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]]),
  // Convolutions as they were written before version 1.
  .init(
    text: function(
      "%x: tensor<1x3x1xf64>, %w: tensor<2x1x1xf64>", "tensor<1x2x1xf64>",
      """
      %0 = "mhlo.convolution"(%x, %w) {batch_group_count = 1 : i64, dimension_numbers = #mhlo.conv<raw input_batch_dimension = 0, input_feature_dimension = 2, input_spatial_dimensions = [1], kernel_input_feature_dimension = 1, kernel_output_feature_dimension = 2, kernel_spatial_dimensions = [0], output_batch_dimension = 0, output_feature_dimension = 2, output_spatial_dimensions = [1]>, feature_group_count = 1 : i64, padding = dense<0> : tensor<1x2xi64>, window_reversal = dense<true> : tensor<1xi1>} : (tensor<1x3x1xf64>, tensor<2x1x1xf64>) -> tensor<1x2x1xf64>
      return %0 : tensor<1x2x1xf64>
      """), arguments: [floats([1, 3, 1], [1, 2, 3]), floats([2, 1, 1], [1, 10])],
    results: [[12, 23]]),
  // Bits that XLA makes on a CPU of a key and a counter of two words.
  .init(
    text: function(
      "", "tensor<3xui64>, tensor<2x2xi32>",
      """
      %s = stablehlo.constant dense<[1, 2, 3]> : tensor<3xui64>
      %0, %1 = stablehlo.rng_bit_generator %s, algorithm = PHILOX : (tensor<3xui64>) -> (tensor<3xui64>, tensor<2x2xi32>)
      return %0, %1 : tensor<3xui64>, tensor<2x2xi32>
      """),
    results: [[1, 3, 3], [-263_854_262, 1_366_700_262, 495_645_701, -1_243_243_882]]),
]
