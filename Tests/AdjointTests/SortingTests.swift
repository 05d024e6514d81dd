import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// Orders of elements, against Swift's.
struct SortingTests {
  private let nan = Double.nan

  @Test func rising() throws {
    let x: Vector = [[3, 1, 2], [1, 1, 0]]
    #expect(try x.sorted().scalars() == [1, 2, 3, 0, 1, 1])
    #expect(try x.argsorted().scalars() == [1, 2, 0, 2, 0, 1])
    #expect(try x.sorted(axis: 0).scalars() == [1, 1, 0, 3, 1, 2])
    #expect(try x.sorted(descending: true).scalars() == [3, 2, 1, 1, 1, 0])
    #expect(try x.argsorted(descending: true).scalars() == [0, 2, 1, 0, 1, 2])
    #expect("\(Vector([nan, 2, -1, nan, 0]).sorted())" == "[-1.0, 0.0, 2.0, nan, nan]")
    #expect(try Tensor<Int32>([5, -3, 4]).sorted().scalars() == [-3, 4, 5])
    let numbers = (0..<50).map { Double(($0 * 37) % 23) }
    #expect(try Vector(numbers).sorted().scalars() == numbers.sorted())
    #expect(try Vector([Double]()).sorted().scalars() == [])
    #expect(throws: AdjointError.self) { try x.sorted(axis: 2).scalars() }
  }

  @Test func greatest() throws {
    let (values, indices) = Vector([[3, 1, 2], [1, 1, 0]]).topK(2)
    #expect(try values.scalars() == [3, 2, 1, 1])
    #expect(try indices.scalars() == [0, 2, 0, 1])
    #expect(throws: AdjointError.self) { try Vector([1]).topK(2).values.scalars() }
  }

  @Test func quantiles() throws {
    let x: Vector = [[4, 1, 3, 2], [8, 8, 0, 0]]
    #expect(try x.median().scalars() == [2.5, 4])
    #expect(try x.median(axis: 0).scalars() == [6, 4.5, 1.5, 1])
    #expect(x.median(axis: 0, keepingDims: true).shape == [1, 4])
    #expect(try x.quantile(0.25).scalars() == [1.75, 0])
    #expect(try Vector([5, 7, 9]).quantile(1).item() == 9)
    #expect("\(Vector([1, nan]).median())" == "nan")
    #expect(throws: AdjointError.self) { try x.quantile(2).scalars() }
  }

  @Test func gradients() throws {
    let slope = try gradient(at: Vector([3, 1, 2])) { ($0.sorted() * [1, 10, 100]).sum() }
    #expect(try slope.scalars() == [100, 1, 10])
    #expect(try gradient(at: Vector([3, 1, 2])) { $0.median() }.scalars() == [0, 0, 1])
  }
}
