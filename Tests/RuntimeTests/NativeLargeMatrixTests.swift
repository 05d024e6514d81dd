import Interpreter
import TensorIR
import TestSupport
import Testing

/// Factors and solutions of matrices that stand in several stripes, with remainders of rows and
/// columns: native products show that they solve their equations.
struct NativeLargeMatrixTests {
  /// The results, which do not depend on the number of threads.
  private func results(_ function: Function, seed: UInt64 = 3) throws -> [Literal] {
    var random = SplitMix64(seed: seed)
    let arguments = function.parameterTypes.map {
      ArgumentValues.uniform(-1...1).literal($0, using: &random)
    }
    let found = try runNatively(function, arguments)
    #expect(try runNatively(function, arguments, threads: 1) == found)
    return found
  }

  private func expectSmall(_ literal: Literal, _ what: String) {
    let worst = literal.doubles.map { $0.isNaN ? .infinity : abs($0) }.max() ?? .infinity
    #expect(worst < (literal.type.element == .f64 ? 1e-12 : 1e-3), "\(what): \(worst)")
  }

  @Test(arguments: [[150, 150], [2, 97, 97], [17, 34, 34]], [ElementType.f32, .f64])
  func factorsGiveTheMatrix(_ shape: [Int], _ element: ElementType) throws {
    for isLower in [true, false] {
      var builder = FunctionBuilder(name: "main")
      let type = TensorType(shape, element)
      let a = try builder.positive(builder.parameter(type))
      // What stands in the other triangle is not read.
      let half = try isLower ? builder.lowerTriangle(a) : builder.upperTriangle(a)
      let found = try builder.emitAll(.matrix(.cholesky(isLower: isLower)), [half])
      let beside =
        try isLower
        ? builder.upperTriangle(found[0], diagonal: 1)
        : builder.lowerTriangle(found[0], diagonal: -1)
      let product =
        try isLower
        ? builder.matrixProduct(found[0], found[0], transposingRight: true)
        : builder.matrixProduct(found[0], found[0], transposingLeft: true)
      let rest = try builder.subtract(product, a)
      let results = try results(builder.finish(returning: [rest, beside, found[1]]))
      expectSmall(results[0], "\(type), lower \(isLower)")
      #expect(results[1].doubles.allSatisfy { $0 == 0 })
      #expect(results[2].integers.allSatisfy { $0 == 0 })
    }
  }

  /// The first minor that is not positive is named, wherever it is; other matrices are not touched.
  @Test(arguments: [0, 23, 24, 47, 48, 100, 149]) func failuresAreFound(_ place: Int) throws {
    let order = 150
    for element in [ElementType.f32, .f64] {
      let type = TensorType([2, order, order], element)
      var elements = [Double](repeating: 0, count: type.count)
      for matrix in 0..<2 {
        for row in 0..<order {
          for column in 0..<order {
            elements[(matrix * order + row) * order + column] = row == column ? 4 : 0.01
          }
        }
      }
      elements[(order + place) * order + place] = -1
      var builder = FunctionBuilder(name: "main")
      let found = try builder.emitAll(
        .matrix(.cholesky(isLower: true)), [builder.parameter(type)])
      let results = try runNatively(
        builder.finish(returning: found), [Literal(type, doubles: elements)])
      #expect(results[1].integers == [0, Int64(place + 1)])
      let parts = results[0].doubles
      #expect(parts[..<(order * order)].allSatisfy { !$0.isNaN })
      #expect(parts[(order * order)...].allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: [(131, 50), (64, 1), (35, 130)], [ElementType.f32, .f64])
  func solutionsSolveTheirEquations(_ extents: (Int, Int), _ element: ElementType) throws {
    let (order, count) = extents
    for isLeft in [true, false] {
      for (isLower, isUnit) in [(true, false), (false, false), (true, true), (false, true)] {
        for isTransposed in [true, false] {
          var builder = FunctionBuilder(name: "main")
          let square = TensorType([2, order, order], element)
          let right = TensorType(isLeft ? [2, order, count] : [2, count, order], element)
          let free = builder.parameter(square)
          let b = builder.parameter(right)
          let small = try builder.multiply(free, builder.splat(0.05, square))
          let a = try builder.add(small, builder.identityMatrices(square))
          let solve = TriangularSolve(
            isLeft: isLeft, isLower: isLower, hasUnitDiagonal: isUnit,
            transposition: isTransposed ? .transpose : .none)
          let x = try builder.emit(.matrix(.triangularSolve(solve)), [a, b])
          let edge = isUnit ? 1 : 0
          var whole =
            try isLower
            ? builder.lowerTriangle(a, diagonal: -edge)
            : builder.upperTriangle(a, diagonal: edge)
          if isUnit { whole = try builder.add(whole, builder.identityMatrices(square)) }
          let product =
            try isLeft
            ? builder.matrixProduct(whole, x, transposingLeft: isTransposed)
            : builder.matrixProduct(x, whole, transposingRight: isTransposed)
          let rest = try builder.subtract(product, b)
          expectSmall(
            try results(builder.finish(returning: [rest]))[0], "\(solve) of \(square)")
        }
      }
    }
  }
}
