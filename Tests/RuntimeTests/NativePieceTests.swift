import Differentiation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Reductions over what is put together of pieces: concatenations, rolls, padding.
@Suite struct NativePieceTests {
  /// A tensor of some columns with its axis turned on by some places, times itself, reduced.
  private func rolled(
    _ shape: [Int], axis: Int, by shift: Int, _ element: ElementType, _ reducer: String = "add"
  ) throws -> Function {
    func type(_ count: Int) -> String {
      var shape = shape
      shape[axis] = count
      return "tensor<\(shape.map { "\($0)x" }.joined())\(element)>"
    }
    func slice(_ range: Range<Int>) -> String {
      let ranges = shape.indices.map { $0 == axis ? range : 0..<shape[$0] }
      let list = ranges.map { "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ", ")
      return "stablehlo.slice %x [\(list)] : (\(type(shape[axis]))) -> \(type(range.count))"
    }
    let count = shape[axis]
    let whole = type(count), scalar = "tensor<\(element)>"
    let start = reducer == "add" ? "0.0" : "-5.0"
    let axes = shape.indices.map { "\($0)" }.joined(separator: ", ")
    let module = try Module(
      parsing: """
        func.func @main(%x: \(whole)) -> \(scalar) {
          %a = \(slice((count - shift)..<count))
          %b = \(slice(0..<(count - shift)))
          %c = stablehlo.concatenate %a, %b, dim = \(axis) : (\(type(shift)), \(type(count - shift))) -> \(whole)
          %p = stablehlo.multiply %x, %c : \(whole)
          %z = stablehlo.constant dense<\(start)> : \(scalar)
          %s = stablehlo.reduce(%p init: %z) applies stablehlo.\(reducer) across dimensions = [\(axes)] : (\(whole), \(scalar)) -> \(scalar)
          return %s : \(scalar)
        }
        """, file: "rolled.mlir")
    return try module.inlined(#require(module.entry))
  }

  private func expectAgreement(
    _ functions: [Function], _ element: ElementType, isSum: Bool = true
  ) throws {
    for (number, outcome) in try runTogether(functions).enumerated() {
      let expected = try Interpreter().run(functions[number], outcome.arguments)[0]
      // The sum of squares bounds the sum of the terms' sizes.
      let squares = outcome.arguments[0].doubles.reduce(1) { $0 + $1 * $1 }
      let size = isSum ? squares : abs(expected.doubles[0])
      let bound = size * (element == .f64 ? 1e-14 : isSum ? 3e-6 : 1e-6)
      let difference = abs(outcome.result.doubles[0] - expected.doubles[0])
      #expect(difference <= bound, "program \(number): \(difference)")
    }
  }

  /// Extents around vectors and groups of vectors, and longer than what has one body.
  @Test(arguments: [ElementType.f32, .f64])
  func sumsOverRolls(_ element: ElementType) throws {
    var functions = [Function]()
    for count in [1, 2, 7, 15, 16, 17, 79, 80, 81, 4095, 4096, 4099, 5003, 8192] {
      for shift in Set([0, 1, count / 2, count - 1]).sorted() {
        functions.append(try rolled([count], axis: 0, by: shift, element))
      }
    }
    try expectAgreement(functions, element)
  }

  @Test(arguments: [ElementType.f32, .f64])
  func sumsOverRollsOfRowsAndColumns(_ element: ElementType) throws {
    var functions = [Function]()
    for shape in [[67, 79], [64, 80], [53, 161], [2, 4001], [5001, 3], [5, 31, 47]] {
      for axis in shape.indices {
        for shift in [1, shape[axis] / 2] {
          functions.append(try rolled(shape, axis: axis, by: shift, element))
        }
      }
    }
    try expectAgreement(functions, element)
  }

  @Test func maximaOverRolls() throws {
    let shapes = [[4999], [8192], [71, 73]]
    try expectAgreement(
      shapes.flatMap { shape in
        try shape.indices.map { try rolled(shape, axis: $0, by: 1, .f32, "maximum") }
      }, .f32, isSum: false)
  }

  /// What stands along the first axis twice, minus its sums over another one.
  private enum Doubling: CaseIterable {
    case concatenated, stacked, rolled
  }

  /// The gradient of a sum of functions of windows over what is minus its own sums: sums over one axis
  /// that need windows of other sums over the axis.
  private func centered(
    _ doubling: Doubling, _ shape: [Int], window: Int, padding: [Int], _ function: String
  ) throws -> Function {
    func type(_ shape: [Int]) -> String { "tensor<\(shape.map { "\($0)x" }.joined())f64>" }
    let whole = [shape[0], 2, shape[2], shape[3]]
    let x = type(shape), y = type(whole)
    let means = type(Array(whole.dropFirst()))
    let doubled: String
    switch doubling {
    case .concatenated:
      doubled = "%y = stablehlo.concatenate %x, %x, dim = 1 : (\(x), \(x)) -> \(y)"
    case .stacked:
      let flat = type([shape[0], shape[2], shape[3]])
      doubled = """
        %f = stablehlo.reshape %x : (\(x)) -> \(flat)
        %y = stablehlo.broadcast_in_dim %f, dims = [0, 2, 3] : (\(flat)) -> \(y)
        """
    case .rolled:
      let (one, rest) = (type([shape[0], 1, 1, shape[3]]), shape[2] - 1)
      let most = type([shape[0], 1, rest, shape[3]])
      doubled = """
        %a = stablehlo.slice %x [0:\(shape[0]), 0:1, \(rest):\(rest + 1), 0:\(shape[3])] : (\(x)) -> \(one)
        %b = stablehlo.slice %x [0:\(shape[0]), 0:1, 0:\(rest), 0:\(shape[3])] : (\(x)) -> \(most)
        %r = stablehlo.concatenate %a, %b, dim = 2 : (\(one), \(most)) -> \(x)
        %y = stablehlo.concatenate %r, %x, dim = 1 : (\(x), \(x)) -> \(y)
        """
    }
    var windows = whole
    windows[3] += padding[0] + padding[1] + 1 - window
    let w = type(windows)
    let text = """
      func.func @main(%x: \(x)) -> tensor<f64> {
        \(doubled)
        %z = stablehlo.constant dense<0.0> : tensor<f64>
        %s = stablehlo.reduce(%y init: %z) applies stablehlo.add across dimensions = [0] : (\(y), tensor<f64>) -> \(means)
        %t = stablehlo.broadcast_in_dim %s, dims = [1, 2, 3] : (\(means)) -> \(y)
        %d = stablehlo.subtract %y, %t : \(y)
        %w = "stablehlo.reduce_window"(%d, %z) <{window_dimensions = array<i64: 1, 1, 1, \(window)>, padding = dense<[[0, 0], [0, 0], [0, 0], [\(padding[0]), \(padding[1])]]> : tensor<4x2xi64>}> ({
        ^bb0(%l: tensor<f64>, %m: tensor<f64>):
          %q = stablehlo.add %l, %m : tensor<f64>
          stablehlo.return %q : tensor<f64>
        }) : (\(y), tensor<f64>) -> \(w)
        %n = stablehlo.\(function) : \(w)
        %o = stablehlo.reduce(%n init: %z) applies stablehlo.add across dimensions = [0, 1, 2, 3] : (\(w), tensor<f64>) -> tensor<f64>
        return %o : tensor<f64>
      }
      """
    let module = try Module(parsing: text, file: "centered.mlir")
    let value = try module.inlined(#require(module.entry))
    return try value.simplified().withGradient(of: [0]).simplified()
  }

  /// A short fold whose first element is padding waits for the sums that the others need.
  @Test func windowsOfCenteredPieces() throws {
    for doubling in Doubling.allCases {
      for (shape, window, padding) in [
        ([13, 1, 16, 3], 3, [2, 0]), ([13, 1, 16, 3], 2, [0, 0]), ([16, 1, 24, 4], 4, [3, 0]),
        ([8, 1, 16, 3], 3, [0, 2]),
      ] {
        for function in ["multiply %w, %w", "sine %w"] {
          let function = try centered(
            doubling, shape, window: window, padding: padding, function)
          let arguments = randomArguments(for: function, seed: 3)
          let results = try runNatively(function, arguments)
          for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
            expectClose(result, expected, relative: 1e-11, "\(doubling) \(shape) \(padding)")
          }
        }
      }
    }
  }
}
