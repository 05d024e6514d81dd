import Interpreter
import TensorIR
import TestSupport
import Testing

/// Decompositions as native code computes them: of orders that LAPACK takes, in batches that leave
/// remainders, and of matrices that have none.
struct NativeMatrixTests {
  private static let tolerance = Tolerance(ulps: 1024, epsilons: 65_536)
  private static let elements = ElementType.floats + ElementType.complexNumbers

  /// A function of one parameter that makes an op's results.
  private func function(
    _ shape: [Int], _ element: ElementType,
    _ body: (inout FunctionBuilder, ValueID) throws -> [ValueID]
  ) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let parameter = builder.parameter(TensorType(shape, element))
    return builder.finish(returning: try body(&builder, parameter))
  }

  private func argument(_ function: Function, seed: UInt64 = 5) -> Literal {
    var random = SplitMix64(seed: seed)
    return ArgumentValues.uniform(-1...1).literal(function.parameterTypes[0], using: &random)
  }

  private func expectAgreement(_ function: Function) throws {
    let arguments = [argument(function)]
    let expected = try Interpreter().run(function, arguments)
    let actual = try runNatively(function, arguments)
    #expect(try runNatively(function, arguments, threads: 1) == actual)
    for (position, pair) in zip(actual, expected).enumerated() {
      expectClose(
        pair.0, pair.1, Self.tolerance, "result \(position) of \(function.parameterTypes)")
    }
  }

  @Test(arguments: [[40, 40], [2, 33, 33], [130, 5, 5], [9, 3, 3], [3, 7, 7], [0, 4, 4]])
  func choleskyAgrees(_ shape: [Int]) throws {
    for element in Self.elements {
      for isLower in [true, false] {
        try expectAgreement(
          function(shape, element) {
            try $0.emitAll(.matrix(.cholesky(isLower: isLower)), [$0.positive($1)])
          })
      }
    }
  }

  @Test(arguments: [[40, 40], [2, 40, 35], [35, 40], [130, 5, 5], [9, 3, 4], [11, 4, 3]])
  func luAgrees(_ shape: [Int]) throws {
    for element in Self.elements {
      try expectAgreement(
        function(shape, element) { try $0.emitAll(.matrix(.lu), [$0.dominant($1)]) })
    }
  }

  @Test(arguments: [[40, 40], [2, 40, 35], [35, 40], [70, 5, 3], [70, 3, 5]])
  func reflectorsAgree(_ shape: [Int]) throws {
    for element in Self.elements {
      try expectAgreement(
        function(shape, element) { builder, value in
          let found = try builder.emitAll(.matrix(.householder), [builder.dominant(value)])
          let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
          let tall = try builder.matrixPart(
            found[0], rows: 0..<m, columns: 0..<min(m, n))
          return found + [try builder.emit(.matrix(.reflectors), [tall, found[1]])]
        })
    }
  }

  @Test(arguments: [[40, 40], [2, 33, 33], [130, 5, 5], [9, 3, 3], [20, 2, 2]])
  func triangularSolutionsAgree(_ shape: [Int]) throws {
    for element in Self.elements {
      for isLeft in [true, false] {
        for transposition in TriangularSolve.Transposition.allCases {
          for (isLower, isUnit) in [(true, false), (false, false), (false, true)] {
            let solve = TriangularSolve(
              isLeft: isLeft, isLower: isLower, hasUnitDiagonal: isUnit,
              transposition: transposition)
            try expectAgreement(
              function(shape, element) { builder, value in
                // Small beside the diagonal, so that unit triangular ones are well-conditioned too.
                let type = builder[value]
                let small = try builder.multiply(value, builder.splat(0.05, type))
                let a = try builder.add(small, builder.identityMatrices(type))
                return try builder.emitAll(.matrix(.triangularSolve(solve)), [a, value])
              })
          }
        }
      }
    }
  }

  /// A·V = V·diag(w) and Vᵀ·V = 1, which hold for any choice of signs.
  @Test(arguments: [[40, 40], [7, 6, 6], [1, 1], [3, 3], [70, 3, 3]])
  func eigenvectorsSolveTheirEquation(_ shape: [Int]) throws {
    for element in Self.elements {
      for isLower in [true, false] {
        let program = try function(shape, element) { builder, value in
          let sum = try builder.add(value, builder.adjointMatrices(value))
          let op = MatrixOp.eigh(isLower: isLower, hasVectors: true)
          let found = try builder.emitAll(.matrix(op), [sum])
          let values = try builder.widened(found[1], as: element)
          let scaled = try builder.multiply(
            found[0], builder.spreadRows(values, over: builder[found[0]]))
          let product = try builder.matrixProduct(sum, found[0])
          return [
            try builder.subtract(product, scaled), try builder.orthogonality(found[0]), found[1],
          ]
        }
        let arguments = [argument(program)]
        let results = try runNatively(program, arguments)
        expectSmall(results[0])
        expectSmall(results[1])
        let expected = try Interpreter().run(program, arguments)
        expectSmall(expected[0])
        expectClose(results[2], expected[2], Self.tolerance, "values of \(shape)")
      }
    }
  }

  /// U·diag(s)·Vᵀ = A with orthonormal columns.
  @Test(arguments: [[40, 40], [40, 34], [5, 4, 6], [6, 4], [1, 1], [70, 3, 2]])
  func singularVectorsGiveTheMatrix(_ shape: [Int]) throws {
    for element in Self.elements {
      for vectors in [MatrixOp.Vectors.thin, .full] {
        let program = try function(shape, element) { builder, value in
          let found = try builder.emitAll(.matrix(.svd(vectors)), [value])
          let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
          let k = min(m, n)
          let u = try builder.matrixPart(found[1], rows: 0..<m, columns: 0..<k)
          let vt = try builder.matrixPart(found[2], rows: 0..<k, columns: 0..<n)
          let values = try builder.widened(found[0], as: element)
          let scaled = try builder.multiply(u, builder.spreadRows(values, over: builder[u]))
          let product = try builder.matrixProduct(scaled, vt)
          let v = try builder.adjointMatrices(found[2])
          return [
            try builder.subtract(product, value), try builder.orthogonality(found[1]),
            try builder.orthogonality(v), found[0],
          ]
        }
        let arguments = [argument(program)]
        let results = try runNatively(program, arguments)
        for result in results.dropLast() { expectSmall(result) }
        let expected = try Interpreter().run(program, arguments)
        for result in expected.dropLast() { expectSmall(result) }
        expectClose(results[3], expected[3], Self.tolerance, "values of \(shape)")
      }
    }
  }

  /// A·V = V·diag(w) and Uᴴ·A = diag(w)·Uᴴ; A = Z·T·Zᴴ; and the eigenvalues of both agree with the
  /// interpreter's in their sum of cubes.
  @Test(arguments: [[40, 40], [7, 6, 6], [1, 1], [70, 3, 3]])
  func generalEigenvectorsSolveTheirEquations(_ shape: [Int]) throws {
    for element in Self.elements {
      let program = try function(shape, element) { builder, value in
        let found = try builder.emitAll(.matrix(.eig(hasLeft: true, hasRight: true)), [value])
        let (w, u, v) = (found[0], found[1], found[2])
        let a = try builder.widened(value, as: builder[w].element)
        let rest = try builder.subtract(
          builder.matrixProduct(a, v),
          builder.multiply(v, builder.spreadRows(w, over: builder[v])))
        let other = try builder.subtract(
          builder.adjointProduct(u, a),
          builder.multiply(
            builder.spreadColumns(w, over: builder[u]), builder.adjointMatrices(u)))
        let schur = try builder.emitAll(.matrix(.schur(hasVectors: true)), [value])
        let again = try builder.productWithAdjoint(
          builder.matrixProduct(schur[1], schur[0]), schur[1])
        let cubes = try [w, schur[2]].map { values in
          try builder.reduce(
            .add, builder.multiply(values, builder.multiply(values, values)),
            dimensions: [builder[values].rank - 1])
        }
        return [
          rest, other, try builder.subtract(again, value), try builder.orthogonality(schur[1]),
        ] + cubes
      }
      let arguments = [argument(program)]
      let results = try runNatively(program, arguments)
      let expected = try Interpreter().run(program, arguments)
      for result in results.prefix(4) + expected.prefix(4) { expectSmall(result) }
      for number in 4..<6 {
        expectClose(results[number], expected[number], Self.tolerance, "values of \(shape)")
      }
    }
  }

  /// Values without vectors, of one matrix in each lane where enough come together. Large matrices take
  /// the interpreter long, so they are read in one way only.
  @Test(arguments: [[70, 5, 5], [9, 8, 8], [130, 1, 1], [20, 32, 32], [16, 2, 2], [3, 9, 9]])
  func eigenvaluesAloneAgree(_ shape: [Int]) throws {
    for element in Self.elements {
      for isLower in shape[1] > 16 ? [true] : [true, false] {
        let op = MatrixOp.eigh(isLower: isLower, hasVectors: false)
        try expectAgreement(function(shape, element) { try $0.emitAll(.matrix(op), [$1]) })
      }
    }
  }

  /// Values of matrices whose elements are far from one, equal, zero, or no numbers.
  @Test func eigenvaluesOfExtremes() throws {
    let scales = [1e-30, 1e30, 0, .nan, .infinity, 1, 1e-5, 2]
    let rows: [[Double]] = [[2, 1, 0], [1, 2, 0], [0, 0, 3]]
    let type = TensorType([16, 3, 3], .f32)
    let values = (0..<16).flatMap { matrix in
      rows.joined().map { $0 == 0 ? 0 : $0 * scales[matrix % 8] }
    }
    let op = MatrixOp.eigh(isLower: true, hasVectors: false)
    let function = try function(type.shape, .f32) { try $0.emitAll(.matrix(op), [$1]) }
    let found = try runNatively(function, [Literal(type, doubles: values)])
    for matrix in 0..<16 {
      for (place, value) in [1.0, 3, 3].enumerated() {
        let scale = scales[matrix % 8]
        let actual = found[0].doubles[3 * matrix + place]
        if scale.isFinite {
          #expect(abs(actual - value * scale) <= 1e-6 * scale, "\(matrix) \(place)")
        } else {
          #expect(actual.isNaN, "\(matrix) \(place)")
        }
      }
    }
  }

  @Test(arguments: [[40, 40], [7, 6, 6], [2, 2]]) func reductionsAgree(_ shape: [Int]) throws {
    // Their elements are sensitive to rounding where there are many.
    for element in Self.elements where shape[0] < 10 || element.partType == .f64 {
      try expectAgreement(
        function(shape, element) { builder, value in
          try builder.emitAll(.matrix(.hessenberg), [value])
            + builder.emitAll(.matrix(.tridiagonalize(isLower: true)), [value])
            + builder.emitAll(.matrix(.tridiagonalize(isLower: false)), [value])
        })
    }
  }

  /// What does not converge, as of numbers that are none, is NaN with a status.
  @Test func valuesOfNaNAreNaN() throws {
    for element in Self.elements {
      let program = try function([2, 2], element) { builder, value in
        let eig = try builder.emitAll(.matrix(.eig(hasLeft: false, hasRight: true)), [value])
        let schur = try builder.emitAll(.matrix(.schur(hasVectors: true)), [value])
        return eig.dropLast() + schur.dropLast()
      }
      let argument = Literal(program.parameterTypes[0], filledWith: .nan)
      for results in [
        try runNatively(program, [argument]), try Interpreter().run(program, [argument]),
      ] {
        for result in results { #expect(result.realParts.contains { $0.isNaN }) }
      }
    }
  }

  private func expectSmall(
    _ literal: Literal, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let bound = literal.type.element.partType == .f64 ? 1e-12 : 1e-3
    let parts = literal.realParts + literal.imaginaryParts
    let worst = parts.map(\.magnitude).max() ?? 0
    #expect(worst < bound, "\(literal.type)", sourceLocation: sourceLocation)
  }

  /// A matrix that is not positive definite gives NaN, and the number of the minor; its neighbours in
  /// the batch are not touched.
  @Test(arguments: [1, 5, 20, 40]) func matricesWithoutFactor(_ copies: Int) throws {
    let good = [4.0, 2, 2, 5]
    let bad = [1.0, 2, 2, 1]
    var program = FunctionBuilder(name: "main")
    let type = TensorType([2 * copies, 2, 2], .f64)
    let parameter = program.parameter(type)
    let found = try program.emitAll(.matrix(.cholesky(isLower: true)), [parameter])
    let function = program.finish(returning: found)
    let elements = (0..<copies).flatMap { _ in good + bad }
    let results = try runNatively(function, [Literal(type, doubles: elements)])
    for copy in 0..<copies {
      #expect(Array(results[0].doubles[(copy * 8)..<(copy * 8 + 4)]) == [2, 0, 1, 2])
      let areNaN = results[0].doubles[(copy * 8 + 4)..<(copy * 8 + 8)].allSatisfy { $0.isNaN }
      #expect(areNaN)
    }
    #expect(results[1].integers == (0..<copies).flatMap { _ in [0, 2] })
  }

  /// A Hilbert matrix of order 8 has a condition of 10¹⁰; the equations hold to rounding all the same.
  @Test func nearlySingularEquationsHold() throws {
    let type = TensorType([8, 8], .f64)
    let elements = (0..<64).map { place -> Double in 1 / Double(place / 8 + place % 8 + 1) }
    let hilbert = Literal(type, doubles: elements)
    var builder = FunctionBuilder(name: "main")
    let a = builder.parameter(type)
    let b = try builder.emit(.iota(TensorType([8, 1], .f64), dimension: 0), [])
    let found = try builder.emitAll(.matrix(.lu), [a])
    let rows = try builder.matrixRows(b, found[2])
    let y = try builder.triangularSolve(found[0], rows, isLower: true, hasUnitDiagonal: true)
    let x = try builder.triangularSolve(found[0], y, isLower: false)
    let rest = try builder.subtract(builder.matrixProduct(a, x), b)
    let function = builder.finish(returning: [x, rest])
    let results = try runNatively(function, [hilbert])
    let size: Double = results[0].doubles.map { abs($0) }.max() ?? 0
    let residual: Double = results[1].doubles.map { abs($0) }.max() ?? .infinity
    let bound: Double = 64 * 2.3e-16 * size
    #expect(size > 1e6)
    #expect(residual <= bound)
  }

  @Test func singularMatricesHaveAStatus() throws {
    let type = TensorType([2, 2], .f64)
    var builder = FunctionBuilder(name: "main")
    let a = builder.parameter(type)
    let function = builder.finish(returning: try builder.emitAll(.matrix(.lu), [a]))
    let singular = Literal(type, doubles: [1, 2, 2, 4])
    for results in [
      try runNatively(function, [singular]), try Interpreter().run(function, [singular]),
    ] {
      #expect(results[0].doubles == [2, 4, 0.5, 0])
      #expect(results[1].integers == [2, 2])
      #expect(results[2].integers == [1, 0])
      #expect(results[3].integers == [2])
    }
  }
}

extension FunctionBuilder {
  /// Qᵀ·Q − 1.
  fileprivate mutating func orthogonality(_ q: ValueID) throws -> ValueID {
    let product = try adjointProduct(q, q)
    return try subtract(product, identityMatrices(self[product]))
  }
}
