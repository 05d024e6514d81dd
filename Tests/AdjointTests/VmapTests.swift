import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// Functions of many examples, and what is made with them.
struct VmapTests {
  private let rows: Vector = [[1, 2, 3], [4, 5, 6]]

  @Test func functionsOfRows() throws {
    let length = vmap { (x: Vector) in dot(x, x) }
    #expect(try length(rows).scalars() == [14, 77])
    #expect(try jit(length)(rows).scalars() == [14, 77])
    let scaled = vmap(in: [0, nil]) { (x: Vector, w: Vector) in x * w }
    #expect(try [[Double]](scaled(rows, [1, 0, 2])) == [[1, 0, 6], [4, 0, 12]])
    let columns = vmap(in: [1], out: -1) { (x: Vector) in 2 * x }
    #expect(try [[Double]](columns(rows)) == [[2, 4, 6], [8, 10, 12]])
    let constant = vmap { (x: Vector) in Vector(7) }
    #expect(try constant(rows).scalars() == [7, 7])
    let (sum, twice) = try vmap { (x: Vector) in (x.sum(), 2 * x) }(rows)
    #expect(try sum.scalars() == [6, 15])
    #expect(twice.shape == [2, 3])
    let tree = try vmap { (parts: [String: Vector]) in (parts["a"] ?? 0).sum() }(["a": rows])
    #expect(try tree.scalars() == [6, 15])
  }

  @Test func nestedAndDifferentiated() throws {
    let outer = vmap(in: [0, nil]) { (x: Vector, y: Vector) in
      try vmap(in: [nil, 0]) { (x: Vector, y: Vector) in dot(x, y) }(x, y)
    }
    #expect(try [[Double]](outer(rows, rows)) == [[14, 32], [32, 77]])
    let slopes = vmap { (x: Vector) in try gradient(at: x) { ($0 * $0 * $0).sum() } }
    #expect(try [[Double]](slopes(rows)) == [[3, 12, 27], [48, 75, 108]])
    let total = try gradient(at: rows) { rows in try vmap { square($0).sum() }(rows).sum() }
    #expect(try [[Double]](total) == [[2, 4, 6], [8, 10, 12]])
    let scale: Vector = 3
    #expect(try vmap { (x: Vector) in (scale * x).sum() }(rows).scalars() == [18, 45])
  }

  @Test func slopesOfSingleExamples() throws {
    let (x, w) = (Vector.randomNormal([5, 3], seed: 1), Vector.randomNormal([3, 2], seed: 2))
    let loss = { @Sendable (w: Vector, x: Vector) in tanh(matmul(x, w)).sum() }
    let each = vmap(in: [nil, 0]) { (w: Vector, x: Vector) in
      try gradient(at: w) { loss($0, x) }
    }
    let slopes = try jit(each)(w, x)
    for index in 0..<5 {
      let expected = try gradient(at: w) { loss($0, x[index]) }
      #expect(try slopes[index].isApproximatelyEqual(to: expected, relativeTolerance: 1e-12))
    }
  }

  @Test func jacobians() throws {
    let x: Vector = [1, 2, 3]
    let wide = { @Sendable (x: Vector) in stacked([x[0] * x[1], x[2], x.sum(), x[0], x[1]]) }
    #expect(
      try [[Double]](jacobian(at: x, of: wide))
        == [[2, 1, 0], [0, 0, 1], [1, 1, 1], [1, 0, 0], [0, 1, 0]])
    let narrow = { @Sendable (x: Vector) in stacked([x[0] * x[1], x[2] * x[2]]) }
    #expect(try [[Double]](jacobian(at: x, of: narrow)) == [[2, 1, 0], [0, 0, 6]])
    #expect(try [[Double]](jit(jacobian(of: narrow))(x)) == [[2, 1, 0], [0, 0, 6]])
    #expect(try jacobian(at: Vector(3)) { $0 * $0 }.item() == 6)
    #expect(try jacobian(at: rows) { $0.transposed() }.shape == [3, 2, 2, 3])
    let matrix = try jacobian(at: rows) { matmul(Vector([[1, 2]]), $0) }
    #expect(
      try matrix.reshaped(to: [18]).scalars() == [
        1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 2,
      ])
  }

  @Test func hessians() throws {
    let x: Vector = [1, 2, 3]
    let function = { @Sendable (x: Vector) in (x[0] * x[1] * x[2]) + (x * x * x).sum() }
    let expected: [[Double]] = [[6, 3, 2], [3, 12, 1], [2, 1, 18]]
    #expect(try [[Double]](hessian(at: x, of: function)) == expected)
    let compiled = jit(hessian(of: function))
    #expect(try [[Double]](compiled(x)) == expected)
    #expect(try hessian(at: rows) { square($0).sum() }.shape == [2, 3, 2, 3])
    #expect(throws: AdjointError.self) { try hessian(at: x) { $0 } }
  }

  @Test func mistakes() throws {
    let pair = vmap { (x: Vector, y: Vector) in x + y }
    #expect(
      message { _ = try pair(rows, Vector.zeros([3, 3])) }
        == "vmap: arguments have different numbers of examples: [2, 3]")
    #expect(message { _ = try vmap(in: [nil]) { (x: Vector) in x }(rows) }.contains("has examples"))
    #expect(message { _ = try vmap(in: [0, 0]) { (x: Vector) in x }(rows) }.contains("2 axes"))
    #expect(message { _ = try vmap { (x: Vector) in x }(1) }.contains("axis 0 does not exist"))
    #expect(message { _ = try vmap(out: 2) { (x: Vector) in x }(rows) }.contains("no axis 2"))
    #expect(
      message { _ = try vmap { (x: Vector) in x + Vector(try x.sum().item()) }(rows) }
        .contains("has no value yet"))
    #expect(
      message { _ = try vmap { (x: Vector) in x.reshaped(to: [4]) }(rows) }
        == "shape [3] does not reshape to [4]: the number of elements must stay")
  }
}
