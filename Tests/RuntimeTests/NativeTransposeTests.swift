import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// Machine code of transposes, alone and among elementwise work, over sizes around tiles.
@Suite struct NativeTransposeTests {
  @Test(arguments: [ElementType.f32, .f64, .i32, .i64, .i1])
  func permutations(_ element: ElementType) throws {
    let cases: [(shape: [Int], permutation: [Int])] = [
      ([3, 5], [1, 0]), ([17, 16], [1, 0]), ([33, 70], [1, 0]), ([128, 64], [1, 0]),
      ([301, 257], [1, 0]), ([5, 18, 33], [0, 2, 1]), ([5, 18, 33], [2, 0, 1]),
      ([20, 18, 33], [2, 1, 0]), ([6, 20, 7, 18], [0, 3, 2, 1]),
    ]
    let functions = try cases.map { shape, permutation in
      var builder = FunctionBuilder(name: "main")
      let x = builder.parameter(TensorType(shape, element))
      return builder.finish(returning: [try builder.transpose(x, permutation: permutation)])
    }
    for (position, run) in try runTogether(functions).enumerated() {
      let expected = try Interpreter().run(functions[position], run.arguments)
      expectClose(run.result, expected[0], .exact, "\(cases[position])")
    }
  }

  /// `aᵀ < b`, where the last square has one line: each depth is compared with its own element.
  @Test(arguments: [ElementType.f32, .f64, .i64], [(9, 33), (17, 65), (33, 64), (3, 40)])
  func comparedLines(_ element: ElementType, _ size: (Int, Int)) throws {
    var builder = FunctionBuilder(name: "main")
    let a = builder.parameter(TensorType([size.0, size.1], element))
    let b = builder.parameter(TensorType([size.1, size.0], element))
    let turned = try builder.transpose(a, permutation: [1, 0])
    let less = try builder.compare(.less, turned, b)
    let function = builder.finish(returning: [less])
    let arguments = randomArguments(for: function, seed: 1)
    let expected = try Interpreter().run(function, arguments)
    expectClose(try runNatively(function, arguments)[0], expected[0], .exact)
  }

  /// `a + bᵀ · c` for a row `c`, with both results of one shape.
  @Test(arguments: [ElementType.f32, .f64], [(40, 50), (64, 64), (7, 300)])
  func amongOtherWork(_ element: ElementType, _ size: (Int, Int)) throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([size.0, size.1], element)
    let a = builder.parameter(type)
    let b = builder.parameter(TensorType([size.1, size.0], element))
    let c = builder.parameter(TensorType([size.1], element))
    let row = try builder.broadcast(c, to: type.shape, dimensions: [1])
    let turned = try builder.transpose(b, permutation: [1, 0])
    let sum = try builder.add(a, builder.multiply(turned, row))
    let function = builder.finish(returning: [sum, try builder.unary(.abs, sum)])
    let arguments = randomArguments(for: function, seed: 1)
    let results = try runNatively(function, arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-6, "\(size)")
    }
  }

  /// Vectors of narrow floats of which only one lane is left write that element and nothing behind it.
  @Test(arguments: ["bf16", "f16"]) func theLastOfNarrowElementsIsWrittenAlone(
    _ element: String
  ) throws {
    let text = """
      func.func @main(%a: tensor<33x20xT>) -> tensor<20x33xT> {
        %0 = stablehlo.transpose %a, dims = [1, 0] : (tensor<33x20xT>) -> tensor<20x33xT>
        %1 = stablehlo.abs %0 : tensor<20x33xT>
        return %1 : tensor<20x33xT>
      }
      """.replacing("T>", with: element + ">")
    let module = try Module(parsing: text, file: "narrow.mlir")
    let function = try module.inlined(try #require(module.entry))
    let arguments = randomArguments(for: function, seed: 3)
    let expected = try Interpreter().run(function, arguments)
    expectClose(try runNatively(function, arguments)[0], expected[0], .exact, element)
  }

  /// Transposes whose squares are read under conditions, summed up, scaled by rows and columns, or made of
  /// several tensors.
  @Test(arguments: ["f32", "f64", "bf16"]) func squaresAmongOtherWork(_ element: String) throws {
    for (position, (shapes, body)) in Self.bodies.enumerated() {
      let parameters = shapes.enumerated().map { "%a\($0.offset): tensor<\($0.element)xT>" }
      let text = """
        func.func @main(\(parameters.joined(separator: ", "))) -> \(body.result) {
          \(body.lines)
        }
        """.replacing("T>", with: element + ">")
      let module = try Module(parsing: text, file: "square.mlir")
      let function = try module.inlined(try #require(module.entry))
      let arguments = randomArguments(for: function, seed: 7)
      let results = try runNatively(function, arguments)
      for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
        expectClose(
          result, expected, relative: element == "bf16" ? 2e-2 : 2e-5, "\(position) \(element)")
      }
    }
  }

  /// Shapes of parameters, and what is returned.
  private static let bodies: [([String], (result: String, lines: String))] = [
    // Zeros around images whose features come first.
    (
      ["3x9x18x21"],
      (
        "tensor<3x21x11x21xT>",
        """
        %z = stablehlo.constant dense<0.0> : tensor<T>
        %0 = stablehlo.transpose %a0, dims = [0, 3, 1, 2] : (tensor<3x9x18x21xT>) -> tensor<3x21x9x18xT>
        %1 = stablehlo.abs %0 : tensor<3x21x9x18xT>
        %2 = stablehlo.pad %1, %z, low = [0, 0, 1, 1], high = [0, 0, 1, 2], interior = [0, 0, 0, 0] : (tensor<3x21x9x18xT>, tensor<T>) -> tensor<3x21x11x21xT>
        return %2 : tensor<3x21x11x21xT>
        """
      )
    ),
    // Zeros between the elements, and some cut off.
    (
      ["40x37"],
      (
        "tensor<75x39xT>",
        """
        %z = stablehlo.constant dense<0.5> : tensor<T>
        %0 = stablehlo.transpose %a0, dims = [1, 0] : (tensor<40x37xT>) -> tensor<37x40xT>
        %1 = stablehlo.pad %0, %z, low = [1, -2], high = [1, 1], interior = [1, 0] : (tensor<37x40xT>, tensor<T>) -> tensor<75x39xT>
        return %1 : tensor<75x39xT>
        """
      )
    ),
    // A sum, alone and beside what it is the sum of.
    (
      ["60x70", "70x60"],
      (
        "tensor<T>",
        """
        %z = stablehlo.constant dense<0.0> : tensor<T>
        %0 = stablehlo.transpose %a1, dims = [1, 0] : (tensor<70x60xT>) -> tensor<60x70xT>
        %1 = stablehlo.multiply %a0, %0 : tensor<60x70xT>
        %2 = stablehlo.reduce(%1 init: %z) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<60x70xT>, tensor<T>) -> tensor<T>
        return %2 : tensor<T>
        """
      )
    ),
    (
      ["5x20x19", "5x19x20"],
      (
        "(tensor<5x20x19xT>, tensor<5xT>)",
        """
        %z = stablehlo.constant dense<0.0> : tensor<T>
        %0 = stablehlo.transpose %a1, dims = [0, 2, 1] : (tensor<5x19x20xT>) -> tensor<5x20x19xT>
        %1 = stablehlo.multiply %a0, %0 : tensor<5x20x19xT>
        %2 = stablehlo.reduce(%1 init: %z) applies stablehlo.maximum across dimensions = [1, 2] : (tensor<5x20x19xT>, tensor<T>) -> tensor<5xT>
        return %1, %2 : tensor<5x20x19xT>, tensor<5xT>
        """
      )
    ),
    // Rows and columns scaled.
    (
      ["2x33x50", "50", "33"],
      (
        "tensor<2x50x33xT>",
        """
        %0 = stablehlo.transpose %a0, dims = [0, 2, 1] : (tensor<2x33x50xT>) -> tensor<2x50x33xT>
        %1 = stablehlo.broadcast_in_dim %a1, dims = [1] : (tensor<50xT>) -> tensor<2x50x33xT>
        %2 = stablehlo.broadcast_in_dim %a2, dims = [2] : (tensor<33xT>) -> tensor<2x50x33xT>
        %3 = stablehlo.multiply %0, %1 : tensor<2x50x33xT>
        %4 = stablehlo.add %3, %2 : tensor<2x50x33xT>
        return %4 : tensor<2x50x33xT>
        """
      )
    ),
    // Several tensors turned together.
    (
      ["45x52", "45x52", "45x52"],
      (
        "tensor<52x45xT>",
        """
        %0 = stablehlo.add %a0, %a1 : tensor<45x52xT>
        %1 = stablehlo.maximum %0, %a2 : tensor<45x52xT>
        %2 = stablehlo.transpose %1, dims = [1, 0] : (tensor<45x52xT>) -> tensor<52x45xT>
        return %2 : tensor<52x45xT>
        """
      )
    ),
  ]
}
