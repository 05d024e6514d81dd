import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// Values and shapes of operations against numbers worked out by hand.
struct OperationTests {
  private let matrix = Tensor<Double>([[1, 2, 3], [4, 5, 6]])

  @Test func linspacesMayBeShort() throws {
    #expect(try Tensor<Double>.linspace(from: 2, to: 3, count: 1).scalars() == [2])
    #expect(try Tensor<Double>.linspace(from: 2, to: 3, count: 0).scalars() == [])
    #expect(throws: AdjointError.self) {
      try Tensor<Double>.linspace(from: 2, to: 3, count: -1).scalars()
    }
  }

  @Test func arithmeticBroadcastsAsNumPy() throws {
    let row = Tensor<Double>([10, 20, 30])
    let column = Tensor<Double>([[100], [200]])
    #expect("\(matrix + row)" == "[[11.0, 22.0, 33.0], [14.0, 25.0, 36.0]]")
    #expect("\(row - column)" == "[[-90.0, -80.0, -70.0], [-190.0, -180.0, -170.0]]")
    #expect("\(matrix * 2 - 1)" == "[[1.0, 3.0, 5.0], [7.0, 9.0, 11.0]]")
    #expect("\(6 / matrix[0])" == "[6.0, 3.0, 2.0]")
    #expect("\(-row)" == "[-10.0, -20.0, -30.0]")
    #expect("\(Tensor<Int32>([7, -7]) / 2)" == "[3, -3]")
    let factor = 3.0
    #expect("\(factor * row / factor)" == "[10.0, 20.0, 30.0]")
    var sum = row
    sum += 1
    sum *= row
    #expect("\(sum)" == "[110.0, 420.0, 930.0]")
  }

  @Test func comparisonsAndLogic() throws {
    let x = Vector([1, 2, 3])
    #expect("\(x .< 2)" == "[true, false, false]")
    #expect("\(x .<= 2)" == "[true, true, false]")
    #expect("\(x .> Vector([0, 2, 4]))" == "[true, false, false]")
    #expect("\(x .>= 3)" == "[false, false, true]")
    #expect("\((x .== 2) | (x .> 2))" == "[false, true, true]")
    #expect("\((x .!= 2) & (x .> 2))" == "[false, false, true]")
    #expect("\(.!(x .== 2))" == "[true, false, true]")
    #expect(try (x .> 0).all().item())
    #expect(try !(x .> 3).any().item())
    #expect("\(select(x .> 1, x, 0))" == "[0.0, 2.0, 3.0]")
    #expect("\(Tensor<Int32>([6, 5]) & Tensor<Int32>([3, 9]))" == "[2, 1]")
  }

  @Test(
    arguments: [
      ("exp", exp, 1.6487212707001282), ("log", log, -0.6931471805599453),
      ("expm1", expm1, 0.6487212707001282), ("log1p", log1p, 0.4054651081081644),
      ("sigmoid", sigmoid, 0.6224593312018546), ("tanh", tanh, 0.46211715726000973),
      ("sin", sin, 0.479425538604203), ("cos", cos, 0.8775825618903728),
      ("sqrt", sqrt, 0.7071067811865476), ("rsqrt", rsqrt, 1.414213562373095),
      ("floor", floor, 0), ("erf", erf, 0.5204998778130465), ("abs", abs, 0.5),
      ("sign", sign, 1), ("square", square, 0.25), ("relu", relu, 0.5),
    ] as [(String, @Sendable (Tensor<Double>, String, Int) -> Tensor<Double>, Double)])
  func functionAtOneHalf(
    name: String, function: @Sendable (Tensor<Double>, String, Int) -> Tensor<Double>,
    expected: Double
  ) throws {
    #expect(abs(try function(Tensor(0.5), "", 0).item() - expected) < 1e-14, "\(name)")
  }

  @Test func reluHasSlopeZeroAtZero() throws {
    let slopes = try gradient(at: Vector([-1, 0, 2])) { relu($0).sum() }
    #expect("\(slopes)" == "[0.0, 0.0, 1.0]")
    #expect("\(relu(Vector([-.infinity, .infinity, .nan])))" == "[0.0, inf, nan]")
  }

  @Test func twoOperandFunctions() throws {
    let x = Vector([1, 2, 3])
    #expect("\(pow(x, 2))" == "[1.0, 4.0, 9.0]")
    #expect("\(max(x, 2))" == "[2.0, 2.0, 3.0]")
    #expect("\(min(x, Vector([3, 1, 2])))" == "[1.0, 1.0, 2.0]")
    #expect("\(x.clamped(from: 1.5, to: 2.5))" == "[1.5, 2.0, 2.5]")
    #expect("\((x / Vector([0, 1, 1])).isFinite())" == "[false, true, true]")
  }

  @Test func conversions() throws {
    #expect("\(Tensor<Int32>(Vector([1.9, -1.9])))" == "[1, -1]")
    #expect("\(Tensor<Float>(Tensor<Bool>(Vector([0, 2]))))" == "[0.0, 1.0]")
    #expect(try Tensor<Int64>(true as Tensor<Bool>).item() == 1)
  }

  @Test func shapes() throws {
    #expect(matrix.shape == [2, 3] && matrix.rank == 2 && matrix.count == 6)
    #expect("\(matrix.reshaped(to: [3, -1]))" == "[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]")
    #expect("\(matrix.transposed())" == "[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]")
    #expect(matrix.expandingDims(at: 1).shape == [2, 1, 3])
    #expect(matrix.expandingDims(at: -1).squeezed().shape == [2, 3])
    #expect(matrix.expandingDims(at: 0).transposed([-1, 0, 1]).shape == [3, 1, 2])
    #expect("\(matrix.reversed([1]))" == "[[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]]")
    #expect("\(Vector([1]).broadcast(to: [2, 2]))" == "[[1.0, 1.0], [1.0, 1.0]]")
    let padded = Vector([1, 2]).padded(low: [1], high: [0], interior: [1], with: 9)
    #expect("\(padded)" == "[9.0, 1.0, 9.0, 2.0]")
    #expect(
      "\(matrix.sliced(from: [0, 0], to: [2, 3], strides: [1, 2]))" == "[[1.0, 3.0], [4.0, 6.0]]")
    #expect("\(concatenated([matrix, matrix], axis: 1)[0])" == "[1.0, 2.0, 3.0, 1.0, 2.0, 3.0]")
    #expect("\(stacked([matrix[0], matrix[1]], axis: -1))" == "\(matrix.transposed())")
  }

  @Test func subscripts() throws {
    #expect("\(matrix[1])" == "[4.0, 5.0, 6.0]")
    #expect(try matrix[1, 2].item() == 6)
    #expect("\(matrix[.all, 1])" == "[2.0, 5.0]")
    #expect("\(matrix[..., 1])" == "[2.0, 5.0]")
    #expect("\(matrix[1..<2, ...])" == "[[4.0, 5.0, 6.0]]")
    #expect("\(matrix[0..., 1...1])" == "[[2.0], [5.0]]")
    #expect("\(matrix[..<1, ...1])" == "[[1.0, 2.0]]")
    #expect(matrix[2..<2].shape == [0, 3])
  }

  @Test func reductions() throws {
    #expect(try matrix.sum().item() == 21)
    #expect("\(matrix.sum([0]))" == "[5.0, 7.0, 9.0]")
    #expect("\(matrix.mean([-1], keepingDims: true))" == "[[2.0], [5.0]]")
    #expect(try matrix.product().item() == 720)
    #expect("\(matrix.max([1]))" == "[3.0, 6.0]")
    #expect(try matrix.min().item() == 1)
    #expect(try Vector.zeros([0]).max().item() == -.infinity)
    let soft = Vector([[0, 0], [1000, 0]]).softmax()
    #expect("\(soft)" == "[[0.5, 0.5], [1.0, 0.0]]")
    #expect("\(Vector([1000, 0]).logSoftmax())" == "[0.0, -1000.0]")
  }

  @Test func products() throws {
    let square = Vector([[1, 2], [3, 4]])
    #expect("\(matmul(square, matrix))" == "[[9.0, 12.0, 15.0], [19.0, 26.0, 33.0]]")
    #expect("\(square.multiplied(by: Vector([1, 10])))" == "[21.0, 43.0]")
    #expect("\(matmul(Vector([1, 10]), square))" == "[31.0, 42.0]")
    #expect(try matmul(Vector([1, 2]), Vector([3, 4])).item() == 11)
    let stack = stacked([square, 2 * square])
    #expect("\(matmul(stack, square)[1])" == "[[14.0, 20.0], [30.0, 44.0]]")
    #expect("\(matmul(square, stack)[1])" == "[[14.0, 20.0], [30.0, 44.0]]")
    #expect("\(matmul(Vector([1, 10]), stack))" == "[[31.0, 42.0], [62.0, 84.0]]")
    #expect("\(matmul(stack, Vector([1, 10])))" == "[[21.0, 43.0], [42.0, 86.0]]")
    let wide = stack.expandingDims(at: 1)
    #expect(matmul(wide, stack).shape == [2, 2, 2, 2])
    #expect(
      "\(dotGeneral(square, square, contracting: ([0], [0])))" == "[[10.0, 14.0], [14.0, 20.0]]")
  }

  @Test func lookups() throws {
    let ids = Tensor<Int32>([[1, 0], [1, 1]])
    #expect(matrix.gathering(ids).shape == [2, 2, 3])
    #expect("\(matrix.gathering(ids)[0])" == "[[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]")
    #expect("\(matrix.gathering(Tensor<Int64>([2, 0]), axis: 1))" == "[[3.0, 1.0], [6.0, 4.0]]")
    #expect("\(matrix.gathering(Tensor<Int32>(7)))" == "[4.0, 5.0, 6.0]")
    let counts = Vector.zeros([3]).scatteringAdd(Vector([1, 2, 4]), at: Tensor<Int32>([2, 0, 2]))
    #expect("\(counts)" == "[2.0, 0.0, 5.0]")
    let set = matrix.scatteringSet(Vector([[7, 8, 9]]), at: Tensor<Int32>([1]))
    #expect("\(set)" == "[[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]]")
    #expect(
      "\(Vector(oneHot: Tensor<Int32>([1, 5]), depth: 3))" == "[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]")
  }

  @Test func creation() throws {
    #expect("\(Tensor<Int64>.iota(3))" == "[0, 1, 2]")
    #expect("\(Tensor<Float>.iota([2, 2], axis: 0))" == "[[0.0, 0.0], [1.0, 1.0]]")
    #expect("\(Tensor<Float>.ones([2]))" == "[1.0, 1.0]")
    #expect("\(Tensor<Bool>.full([2], true))" == "[true, true]")
    #expect("\(Vector.linspace(from: 0, to: 1, count: 3))" == "[0.0, 0.5, 1.0]")
    #expect("\(Vector(shape: [2, 1], scalars: [3, 4]))" == "[[3.0], [4.0]]")
    #expect("\(Vector([[Double]]()))" == "[]")
    let uniform = try Vector.randomUniform([1000], low: -1, high: 1, seed: 1).scalars()
    #expect(uniform.allSatisfy { -1 <= $0 && $0 < 1 })
    #expect(uniform == (try Vector.randomUniform([1000], low: -1, high: 1, seed: 1).scalars()))
    #expect(uniform != (try Vector.randomUniform([1000], low: -1, high: 1, seed: 2).scalars()))
    let normal = Vector.randomNormal([4000], mean: 3, standardDeviation: 2, seed: 5)
    #expect(abs(try normal.mean().item() - 3) < 0.15)
    #expect(abs(try square(normal - 3).mean().item() - 4) < 0.4)
  }
}
