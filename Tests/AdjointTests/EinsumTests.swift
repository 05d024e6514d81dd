import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// Sums of products by equations, against the plain sum over all indices.
struct EinsumTests {
  /// A tensor of small whole numbers that differ.
  private static func tensor(_ shape: [Int], _ seed: Int) -> Vector {
    let count = shape.reduce(1, *)
    return Vector(shape: shape, scalars: (0..<count).map { Double(($0 * 7 + seed * 3) % 11 - 5) })
  }

  /// The sum over all values of all letters, one after the other.
  private static func plain(
    _ inputs: [[Character]], _ output: [Character], _ operands: [Vector]
  ) throws -> [Double] {
    var extents: [Character: Int] = [:]
    for (names, operand) in zip(inputs, operands) {
      for (name, extent) in zip(names, operand.shape) { extents[name] = extent }
    }
    let names = output + Set(inputs.joined()).subtracting(output).sorted()
    let scalars = try operands.map { try $0.scalars() }
    let outputCount = output.reduce(1) { $0 * (extents[$1] ?? 0) }
    var sums = [Double](repeating: 0, count: outputCount)
    for flat in 0..<names.reduce(1, { $0 * (extents[$1] ?? 0) }) {
      var (rest, places) = (flat, [Character: Int]())
      for name in names.reversed() {
        places[name] = rest % (extents[name] ?? 1)
        rest /= extents[name] ?? 1
      }
      /// The row-major place of an element.
      func offset(_ names: [Character]) -> Int {
        names.reduce(0) { $0 * (extents[$1] ?? 1) + (places[$1] ?? 0) }
      }
      sums[offset(output)] += zip(inputs, scalars).reduce(1) { $0 * $1.1[offset($1.0)] }
    }
    return sums
  }

  @Test(arguments: [
    ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,jk->ki", [[2, 3], [3, 4]]),
    ("bhid,bhjd->bhij", [[2, 2, 3, 4], [2, 2, 2, 4]]), ("ij,ij->ij", [[2, 3], [2, 3]]),
    ("i,j->ji", [[2], [3]]), ("ii->", [[3, 3]]), ("ii->i", [[3, 3]]), ("iij->ji", [[2, 2, 3]]),
    ("ijk->k", [[2, 3, 2]]), ("ij,kl->", [[2, 2], [2, 3]]), ("ij->ji", [[2, 3]]),
    ("ab,bc,cd->ad", [[2, 3], [3, 4], [4, 2]]),
    ("ab,bc,cd,de,a->e", [[2, 3], [3, 2], [2, 4], [4, 2], [2]]),
    ("i,i,i->", [[3], [3], [3]]), ("i,i->i", [[3], [3]]), ("iji,j->", [[2, 3, 2], [3]]),
    ("a,b,c,d,e,f,ab->", [[2], [2], [2], [1], [2], [2], [2, 2]]), (",i->i", [[], [3]]),
    ("iii->i", [[2, 2, 2]]), ("abc,cd->abd", [[2, 2, 3], [3, 2]]),
  ])
  func equationsEqualTheirSums(_ equation: String, _ shapes: [[Int]]) throws {
    let operands = shapes.enumerated().map { Self.tensor($1, $0) }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    let inputs = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false)
    let expected = try Self.plain(inputs.map(Array.init), Array(sides[1]), operands)
    #expect(try Self.applied(equation, operands).scalars() == expected)
  }

  /// An equation applied to up to seven operands.
  private static func applied(_ equation: String, _ x: [Vector]) throws -> Vector {
    switch x.count {
    case 1: einsum(equation, x[0])
    case 2: einsum(equation, x[0], x[1])
    case 3: einsum(equation, x[0], x[1], x[2])
    case 5: einsum(equation, x[0], x[1], x[2], x[3], x[4])
    default: einsum(equation, x[0], x[1], x[2], x[3], x[4], x[5], x[6])
    }
  }

  @Test func ellipsesBroadcast() throws {
    let (x, y) = (Self.tensor([2, 1, 3], 1), Self.tensor([4, 3], 2))
    #expect(
      try einsum("...i,...i->...", x, y).scalars() == (x * y).sum(axis: -1).scalars())
    #expect(einsum("...i->i...", x).shape == [3, 2, 1])
    #expect(einsum("i...,i->...", y, Self.tensor([4], 0)).shape == [3])
    #expect(einsum("...ij,...jk", x, Self.tensor([2, 3, 2], 0)).shape == [2, 1, 2])
  }

  @Test func resultsWithoutArrow() throws {
    let x = Self.tensor([2, 3], 1)
    #expect(try einsum("ba", x).scalars() == x.transposed().scalars())
    #expect(try einsum("ij,jk", x, x.transposed()).scalars() == matmul(x, x.transposed()).scalars())
    #expect(try einsum("ii", x[.all, 0..<2]).item() == x.trace().item())
  }

  @Test func chainsAreMultipliedInTheCheapOrder() throws {
    // From the left, 100·100·100 + 100·100·1; from the right, 2·100·100.
    let chain = jit { (a: Vector, b: Vector, v: Vector) in einsum("ij,jk,k->i", a, b, v) }
    let (a, v) = (Vector.ones([100, 100]), Vector.ones([100]))
    #expect(try chain(a, a, v)[0].item() == 10000)
    let text = try chain.dump(stage: .traced)
    #expect(!text.contains("-> tensor<100x100xf64>"))
  }

  @Test func gradients() throws {
    let (x, y) = (Self.tensor([2, 3], 1), Self.tensor([3, 2], 2))
    let (dx, dy) = try gradient(of: { (x: Vector, y: Vector) in einsum("ij,ji->", x, y) })(x, y)
    #expect(try dx.scalars() == y.transposed().scalars())
    #expect(try dy.scalars() == x.transposed().scalars())
  }

  @Test(arguments: [
    ("ij,jk->ik", "axis j has extents 3 and 2"), ("ijk->i", "ijk does not name the axes"),
    ("ij,jk,kl->il", "it names 3 operands"), ("ij,ij->ii", "the result names an axis twice"),
    ("ij,ij->ik", "no operand has the result's axis k"), ("i1,ij->i", "i1 is not made of letters"),
    ("ij->i->j", "it has several ->"), ("...i...,ij->i", "not made of letters and one"),
  ])
  func mistakesAreNamed(_ equation: String, _ part: String) throws {
    let x = Self.tensor([2, 3], 1)
    let error = #expect(throws: AdjointError.self) { try einsum(equation, x, x).scalars() }
    if equation == "ijk->i" || equation == "ij->i->j" { return }
    #expect(error?.message.contains(part) == true)
  }
}
