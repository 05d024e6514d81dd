import Differentiation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Derivatives of decompositions in functions that do not depend on the choices they leave open.
struct MatrixDerivativeTests {
  private func check(
    _ shapes: [[Int]], order: Int = 2, _ what: String,
    _ body: (inout FunctionBuilder, [ValueID]) throws -> ValueID
  ) throws {
    var builder = FunctionBuilder(name: "main")
    let parameters = shapes.map { builder.parameter(TensorType($0, .f64)) }
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
