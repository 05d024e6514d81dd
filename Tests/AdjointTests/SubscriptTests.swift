import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// Parts of tensors, read and assigned.
struct SubscriptTests {
  private let x = Vector(0..<12).reshaped(to: [3, 4])

  /// The message of the error that a tensor carries.
  private func message(_ tensor: Vector) -> String {
    do {
      return "\(try tensor.scalars())"
    } catch {
      return (error as? AdjointError)?.message ?? "\(error)"
    }
  }

  @Test func numbersFromTheEnd() throws {
    #expect(try x[-1].scalars() == [8, 9, 10, 11])
    #expect(try x[-1, -2].item() == 10)
    #expect(try x[.all, (-2)...].scalars() == [2, 3, 6, 7, 10, 11])
    #expect(try x[..., ..<(-3)].scalars() == [0, 4, 8])
    #expect(try x[-2 ... -1, 0].scalars() == [4, 8])
    #expect(message(x[-4]) == "index -4 is outside axis 0 of shape [3, 4]")
    #expect(message(x[0, 2..<5]) == "index 2..<5 is outside axis 1 of shape [3, 4]")
  }

  @Test func strides() throws {
    #expect(try x[0, stride(from: 0, to: 4, by: 2)].scalars() == [0, 2])
    #expect(try x[0, stride(from: 1, through: 3, by: 2)].scalars() == [1, 3])
    #expect(try x[0, stride(from: 3, to: -1, by: -1)].scalars() == [3, 2, 1, 0])
    #expect(try x[0, stride(from: 3, through: 0, by: -2)].scalars() == [3, 1])
    #expect(try x[0, stride(from: 2, to: 2, by: 1)].scalars() == [])
    #expect(
      message(x[stride(from: 0, to: .max, by: 1)])
        == "index stride(from: 0, to: \(Int.max), by: 1) is outside axis 0 of shape [3, 4]")
  }

  @Test func newAxes() throws {
    #expect(x[.newAxis].shape == [1, 3, 4])
    #expect(x[.all, .newAxis].shape == [3, 1, 4])
    #expect(x[..., .newAxis].shape == [3, 4, 1])
    #expect(x[0, .newAxis, 1..<3].shape == [1, 2])
  }

  @Test func lookups() throws {
    #expect(try x[[2, 0], 1].scalars() == [9, 1])
    #expect(try x[.all, [3, -4]].scalars() == [3, 0, 7, 4, 11, 8])
    let rows = Tensor<Int32>([[0, 1], [2, -1]])
    #expect(x[rows].shape == [2, 2, 4])
    #expect(try x[rows, 0].scalars() == [0, 4, 8, 8])
    #expect(try x[Tensor<Int>([0, 1, 2]), Tensor<Int32>([3, 2, 1])].scalars() == [3, 6, 9])
    #expect(x[.newAxis, rows, Tensor<Int32>(1)].shape == [1, 2, 2])
    let slope = try gradient(of: { (x: Vector) in (x[[1, 1]] * x[0]).sum() })(x)
    #expect(try [[Double]](slope) == [[8, 10, 12, 14], [0, 2, 4, 6], [0, 0, 0, 0]])
  }

  @Test func masks() throws {
    #expect(try x[x .> 8].scalars() == [9, 10, 11])
    #expect(try x[[true, false, true]].scalars() == [0, 1, 2, 3, 8, 9, 10, 11])
    var changed = x
    changed[x .> 2] = -1
    #expect(try changed.scalars() == [0, 1, 2] + Array(repeating: -1, count: 9))
    changed[[false, true, false]] = Vector(0..<4)
    #expect(try changed[1].scalars() == [0, 1, 2, 3])
    let inside = jit { (x: Vector) in x[x .> 2] }
    #expect(throws: AdjointError.self) { try inside(x) }
    var wrong = x
    wrong[x .> 2] = Vector.zeros([2, 3, 4])
    #expect(throws: AdjointError.self) { try wrong.scalars() }
  }

  @Test func assignment() throws {
    var t = x
    t[0] = 5
    #expect(try [[Double]](t) == [[5, 5, 5, 5], [4, 5, 6, 7], [8, 9, 10, 11]])
    t[0, 1] = 7
    t[-1, 1..<3] = [20, 30]
    #expect(try [[Double]](t) == [[5, 7, 5, 5], [4, 5, 6, 7], [8, 20, 30, 11]])
    t[.all, stride(from: 3, through: 1, by: -2)] = [[1, 2], [3, 4], [5, 6]]
    #expect(try [[Double]](t) == [[5, 2, 5, 1], [4, 4, 6, 3], [8, 6, 30, 5]])
    t[[2, 0], [0, 0]] = [-1, -2]
    #expect(try [[Double]](t) == [[-2, 2, 5, 1], [4, 4, 6, 3], [-1, 6, 30, 5]])
    t[..., 0] += 1
    #expect(try t[.all, 0].scalars() == [-1, 5, 0])
    t[1..<1] = 100
    t[.all, [1]] = [[0], [0], [0]]
    #expect(try [[Double]](t) == [[-1, 0, 5, 1], [5, 0, 6, 3], [0, 0, 30, 5]])
    t[0..<3] = x
    #expect(try t.scalars() == x.scalars())
    t[0] = [1, 2]
    #expect(throws: AdjointError.self) { try t.scalars() }
  }

  @Test func assignmentHasDerivatives() throws {
    let (dx, dy) = try gradient(of: { (x: Vector, y: Vector) in
      var t = x
      t[1, 0..<2] = y
      t[[0, 2], 3] = 2 * y
      return (t * Vector(0..<12).reshaped(to: [3, 4])).sum()
    })(x, [1, 1])
    #expect(try [[Double]](dx) == [[0, 1, 2, 0], [0, 0, 6, 7], [8, 9, 10, 0]])
    #expect(try dy.scalars() == [4 + 2 * 3, 5 + 2 * 11])
  }
}
