import Differentiation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Derivatives of decompositions in functions that do not depend on the choices they leave open.
struct MatrixDerivativeTests {
  private func check(
    _ shapes: [[Int]], element: ElementType = .f64, order: Int = 2, _ what: String,
    _ body: (inout FunctionBuilder, [ValueID]) throws -> ValueID
  ) throws {
    var builder = FunctionBuilder(name: "main")
    let parameters = shapes.map { builder.parameter(TensorType($0, element)) }
    let function = builder.finish(returning: [try body(&builder, parameters)])
    var random = SplitMix64(seed: 21)
    let arguments = function.parameterTypes.map {
      ArgumentValues.uniform(-1...1).literal($0, using: &random)
    }
    let derivatives = DerivativeCheck(function, arguments)
    try derivatives.expectFirstOrder(differences: 1e-5, transpose: 1e-9, what)
    if order > 1 { try derivatives.expectSecondOrder(what) }
  }

  /// The squares of eigenvectors do not depend on their signs.
  @Test(arguments: [[3, 3], [2, 4, 4]]) func eigenvectors(_ shape: [Int]) throws {
    for isLower in [true, false] {
      try check([shape], "eigenvectors \(shape)") { builder, values in
        let op = MatrixOp.eigh(isLower: isLower, hasVectors: true)
        let found = try builder.emitAll(.matrix(op), [builder.dominant(values[0])])
        return try builder.multiply(found[0], found[0])
      }
    }
  }

  /// Nor do squares of singular vectors, nor products of left and right ones.
  @Test(arguments: [[3, 3], [4, 2], [2, 4], [2, 3, 2]]) func singularVectors(_ shape: [Int]) throws
  {
    try check([shape], "left singular vectors \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.svd(.thin)), [builder.dominant(values[0])])
      return try builder.multiply(found[1], found[1])
    }
    try check([shape], "right singular vectors \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.svd(.thin)), [builder.dominant(values[0])])
      return try builder.multiply(found[2], found[2])
    }
    try check([shape], "products of singular vectors \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.svd(.thin)), [builder.dominant(values[0])])
      return try builder.matrixProduct(found[1], found[2])
    }
  }

  /// Products with the Q of a decomposition, made of its reflectors, are those with Q itself, in both
  /// modes and for complex numbers too.
  @Test(arguments: [ElementType.f64, .c128]) func reflectorProducts(_ element: ElementType) throws {
    for (isLeft, isAdjoint) in [(true, true), (true, false), (false, true), (false, false)] {
      let shapes = [[2, 5, 3], isLeft ? [2, 5, 2] : [2, 2, 5]]
      try check(shapes, element: element, order: 1, "reflectors \(isLeft) \(isAdjoint)") {
        builder, values in
        let found = try builder.emitAll(.matrix(.householder), [values[0]])
        let product = try builder.reflectorProduct(
          found[0], found[1], values[1], isLeft: isLeft, isAdjoint: isAdjoint)
        let wide = try builder.paddedMatrices(found[0], rows: 5, columns: 5)
        let q = try builder.emit(.matrix(.reflectors), [wide, found[1]])
        let factor = try isAdjoint ? builder.adjointMatrices(q) : q
        let expected =
          isLeft
          ? try builder.matrixProduct(factor, values[1])
          : try builder.matrixProduct(values[1], factor)
        // The difference is zero, and so are its derivatives, unless one of the two is wrong.
        return try builder.add(product, builder.subtract(product, expected))
      }
    }
  }

  /// Of complex matrices: what does not depend on the phases of vectors.
  @Test func complexMatrices() throws {
    let element = ElementType.c128
    try check([[3, 3]], element: element, "complex eigenvectors") { builder, values in
      let op = MatrixOp.eigh(isLower: true, hasVectors: true)
      let v = try builder.emitAll(.matrix(op), [builder.dominant(values[0])])[0]
      return try builder.multiply(v, builder.conjugated(v))
    }
    for shape in [[4, 2], [2, 4], [3, 3]] {
      try check([shape], element: element, "complex singular vectors \(shape)") {
        let found = try $0.emitAll(.matrix(.svd(.thin)), [$0.dominant($1[0])])
        return try $0.matrixProduct(found[1], found[2])
      }
    }
    for shape in [[4, 3], [3, 3], [3, 4]] {
      let (m, k) = (shape[0], min(shape[0], shape[1]))
      try check([shape], element: element, "complex q \(shape)") {
        let found = try $0.emitAll(.matrix(.householder), [$0.dominant($1[0])])
        let tall = try $0.matrixPart(found[0], rows: 0..<m, columns: 0..<k)
        return try $0.emit(.matrix(.reflectors), [tall, found[1]])
      }
      try check([shape], element: element, "complex reflectors \(shape)") {
        try $0.emit(.matrix(.householder), [$0.dominant($1[0])])
      }
    }
    try check([[4, 3]], element: element, "complex whole q") {
      let found = try $0.emitAll(.matrix(.householder), [$0.dominant($1[0])])
      let wide = try $0.paddedMatrices(found[0], rows: 4, columns: 4)
      return try $0.emit(.matrix(.reflectors), [wide, found[1]])
    }
  }

  /// The order of eigenvalues is left open, so are the phases of vectors: sums of powers, and squares of
  /// components' sizes weighted by the values' sizes.
  @Test(arguments: [ElementType.f64, .c128]) func generalEigenvectors(
    _ element: ElementType
  ) throws {
    for shape in [[3, 3], [2, 4, 4]] {
      try check([shape], element: element, "general eigenvalues \(shape) \(element)") {
        let op = MatrixOp.eig(hasLeft: false, hasRight: false)
        let w = try $0.emit(.matrix(op), [$0.dominant($1[0])])
        return try $0.sum($0.multiply(w, $0.multiply(w, w)))
      }
      for place in 1...2 {
        try check([shape], element: element, "general eigenvectors \(shape) \(element)") {
          let op = MatrixOp.eig(hasLeft: true, hasRight: true)
          let found = try $0.emitAll(.matrix(op), [$0.dominant($1[0])])
          return try $0.weights(of: found[place], by: found[0])
        }
      }
    }
  }

  /// Where all values are equal to rounding, derivatives of vectors leave out what turns them into each
  /// other: the space that they span has its own derivative, here none, and values that of the diagonal.
  @Test func equalEigenvalues() throws {
    let type = TensorType([2, 2], .f64)
    var builder = FunctionBuilder(name: "main")
    let parameter = builder.parameter(type)
    let op = MatrixOp.eigh(isLower: true, hasVectors: true, isDegenerateSafe: true)
    let found = try builder.emitAll(.matrix(op), [parameter])
    let projector = try builder.matrixProduct(found[0], found[0], transposingRight: true)
    let function = builder.finish(returning: [projector, found[1]])
    let results = try Interpreter().run(
      function.withJVP(of: [0]),
      [Literal(type, doubles: [2, 0, 0, 2]), Literal(type, doubles: [1, 3, 3, 5])])
    #expect(results[2].doubles == [0, 0, 0, 0])
    #expect(results[3].doubles == [1, 5])
  }

  /// Schur's form and reductions have no derivative, which is an error and not zero.
  @Test(arguments: [MatrixOp.schur(hasVectors: true), .hessenberg, .tridiagonalize(isLower: true)])
  func formsWithoutDerivative(_ op: MatrixOp) throws {
    #expect(throws: AdjointError.self) {
      try check([[3, 3]], "form") { try $0.emitAll(.matrix(op), $1)[0] }
    }
  }

  /// Q and R of tall, square and wide matrices, and the whole Q of a tall one.
  @Test(arguments: [[4, 3], [3, 3], [3, 4], [2, 3, 2]]) func qr(_ shape: [Int]) throws {
    let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
    try check([shape], "q \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.householder), [builder.dominant(values[0])])
      let tall = try builder.matrixPart(found[0], rows: 0..<m, columns: 0..<min(m, n))
      return try builder.emit(.matrix(.reflectors), [tall, found[1]])
    }
    try check([shape], "r \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.householder), [builder.dominant(values[0])])
      return try builder.upperTriangle(found[0])
    }
    guard m > n else { return }
    try check([shape], "whole q \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.householder), [builder.dominant(values[0])])
      let wide = try builder.paddedMatrices(found[0], rows: m, columns: m)
      let q = try builder.emit(.matrix(.reflectors), [wide, found[1]])
      return try builder.matrixPart(q, rows: 0..<m, columns: 0..<n)
    }
  }

  /// Where only R and a thin Q are read, gradients solve R's equations and none of reflectors.
  @Test(arguments: [[4, 3], [3, 3], [3, 4]]) func thinFactorsTakeNoReflectors(_ shape: [Int]) throws
  {
    func solves(_ direction: Comparison.Direction, from offset: Double) throws -> Int {
      var builder = FunctionBuilder(name: "main")
      let a = builder.parameter(TensorType(shape, .f64))
      let found = try builder.emitAll(.matrix(.householder), [a])
      let (m, k) = (shape[0], min(shape[0], shape[1]))
      let columns = try builder.matrixPart(found[0], rows: 0..<m, columns: 0..<k)
      let q = try builder.emit(.matrix(.reflectors), [columns, found[1]])
      let square = try builder.matrixPart(found[0], rows: 0..<k, columns: 0..<k)
      // As JAX writes it: zero where the row's number and an offset are related to the column's.
      let places = TensorType([k], .i32)
      let number = try builder.emit(.iota(places, dimension: 0), [])
      let moved = try builder.add(number, builder.splat(offset, places))
      let rows = try builder.broadcast(moved, to: [k, k], dimensions: [0])
      let mask = try builder.compare(
        direction, rows, builder.broadcast(number, to: [k, k], dimensions: [1]))
      let r = try builder.select(mask, builder.splat(0, builder[square]), square)
      let sum = try builder.add(
        builder.reduce(.add, builder.unary(.sine, r), dimensions: [0, 1]),
        builder.reduce(.add, builder.unary(.sine, q), dimensions: [0, 1]))
      let gradient = try builder.finish(returning: [sum]).withGradient(of: [0])
      return gradient.operations.count {
        if case .matrix(.triangularSolve) = $0.op { true } else { false }
      }
    }
    #expect(try solves(.greaterOrEqual, from: -1) <= 2)
    #expect(try solves(.greater, from: 0) <= 2)
    // The elements just below the diagonal are reflectors'.
    #expect(try solves(.greater, from: -1) > 2)
    #expect(try solves(.less, from: 0) > 2)
  }

  /// Of the identity, where reflectors do nothing, Q and R have the derivatives of the formula: with dA
  /// = Ω + U for a skew Ω and an upper triangular U, these are Ω and U.
  @Test func qrOfTheIdentity() throws {
    let type = TensorType([2, 2], .f64)
    var builder = FunctionBuilder(name: "main")
    let parameter = builder.parameter(type)
    let found = try builder.emitAll(.matrix(.householder), [parameter])
    let q = try builder.emit(.matrix(.reflectors), found)
    let function = builder.finish(returning: [q, try builder.upperTriangle(found[0])])
    let identity = Literal(type, doubles: [1, 0, 0, 1])
    let direction = Literal(type, doubles: [5, 7, 3, 2])
    let results = try Interpreter().run(
      function.withJVP(of: [0]), [identity, direction])
    #expect(results[2].doubles == [0, -3, 3, 0])
    #expect(results[3].doubles == [5, 10, 0, 2])
  }

  /// Equations through a decomposition with row exchanges.
  @Test(arguments: [[4, 4], [2, 3, 3]]) func solutions(_ shape: [Int]) throws {
    try check([shape, shape], "solution \(shape)") { builder, values in
      let found = try builder.emitAll(.matrix(.lu), [builder.dominant(values[0])])
      let rows = try builder.matrixRows(values[1], found[2])
      let y = try builder.triangularSolve(found[0], rows, isLower: true, hasUnitDiagonal: true)
      return try builder.triangularSolve(found[0], y, isLower: false)
    }
  }

  /// Vectors beyond the singular values have no derivative, which is an error and not zero.
  @Test func wholeSingularVectorsHaveNone() throws {
    #expect(throws: AdjointError.self) {
      try check([[4, 2]], "whole") { builder, values in
        try builder.emitAll(.matrix(.svd(.full)), [values[0]])[1]
      }
    }
  }
}

extension FunctionBuilder {
  /// The sums over the last axis.
  fileprivate mutating func sum(_ operand: ValueID) throws -> ValueID {
    try reduce(.add, operand, dimensions: [self[operand].rank - 1])
  }

  /// The squares of the sizes of vectors' components, each vector weighted by its value's size, added up.
  fileprivate mutating func weights(of vectors: ValueID, by values: ValueID) throws -> ValueID {
    let sizes = try unary(.abs, vectors)
    let weights = try unary(.abs, values)
    let wide = try spreadRows(weights, over: self[sizes])
    return try sum(multiply(wide, multiply(sizes, sizes)))
  }
}
