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
}
