import Adjoint
import Foundation
import Testing

// What users of NumPy, JAX, PyTorch and Swift for TensorFlow write, one line each: it compiles, and so do
// the spellings that `Docs/Spellings.md` names for what does not.

private func literalsInit(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t: Tensor<Float> = [1, 2, 3]; _ = t }
  do { let t: Tensor<Float> = [[1, 2], [3, 4]]; _ = t }
  do { let t = Tensor([1.0, 2.0]); let _: Tensor<Double> = t }
  do { let t = Tensor<Float>(1...5); _ = t }
  do { let t = Tensor<Float>([[[1, 2], [3, 4]]]); _ = t }
  do { let t = Tensor<Float>.zeros([2, 3]); _ = t }
  do { let t = Tensor<Float>(shape: [2, 2], scalars: [1, 2, 3, 4]); _ = t }
  do { let t = Tensor<Float>.identity(3); _ = t }
  do { let t = Tensor<Float>.iota(10); _ = t }
  do { let t = Tensor<Float>.linspace(from: 0, to: 1, count: 5); _ = t }
  do { let t = Tensor<Float>.zeros(x.shape); _ = t }
  do { let t = Tensor<Float>.randomNormal([2, 3], seed: 1); _ = t }
  do {
    var g = SystemRandomNumberGenerator(); let t = Tensor<Float>.randomNormal([2, 3], using: &g);
    _ = t
  }
  do { let t = Tensor<Int32>.random([3], in: 0..<10, seed: 1); _ = t }
  do { let t = Tensor<Float16>([1, 2]); _ = t }
  do { let t = Tensor<Int>([1, 2]); _ = t }
  do { let t = Tensor<UInt8>([1, 2]); _ = t }
  do { let t = Tensor([1, 2, 3]); _ = t }
  do { let t = Tensor<Float>.full([2, 3], 0); _ = t }
  do { let t = Tensor<Float>(stride(from: 0, to: 10, by: 2)); _ = t }
  do { let t = Tensor<Bool>.randomBernoulli([3], probability: 0.5, seed: 1); _ = t }
  do { let t: Tensor<Int> = 3; _ = t }
}

private func conversions(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = Tensor<Double>(x); _ = t }
  do { let t = Tensor<Float>(i); _ = t }
  do { let t = x * s; _ = t }
  do { let t = s * x; _ = t }
  do { let t = x * Float(n); _ = t }
  do { let t = 2 * x + 1; _ = t }
  do { let t = x / 2; _ = t }
  do { let t = d * sd; _ = t }
  do { let t = i * 2; _ = t }
  do { let t = i % 2; _ = t }
  do { let t = x + Tensor<Float>(i); _ = t }
  do { let t = Tensor<Double>(x) + d; _ = t }
  do { let t = x * Float(sd); _ = t }
  do { let t = x * Tensor<Float>(b); _ = t }
}

private func elementwise(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = pow(x, 2); _ = t }
  do { let t = pow(x, 0.5); _ = t }
  do { let t = pow(2, x); _ = t }
  do { let t = square(x); _ = t }
  do { let t = exp(x); _ = t }
  do { let t = log2(x); _ = t }
  do { let t = log10(x); _ = t }
  do { let t = tan(x); _ = t }
  do { let t = asin(x); _ = t }
  do { let t = atan2(x, y); _ = t }
  do { let t = sinh(x); _ = t }
  do { let t = cosh(x); _ = t }
  do { let t = ceil(x); _ = t }
  do { let t = round(x); _ = t }
  do { let t = floor(x); _ = t }
  do { let t = softplus(x); _ = t }
  do { let t = relu(x); _ = t }
  do { let t = leakyRelu(x); _ = t }
  do { let t = gelu(x); _ = t }
  do { let t = silu(x); _ = t }
  do { let t = elu(x); _ = t }
  do { let t = sigmoid(x); _ = t }
  do { let t = erf(x); _ = t }
  do { let t = erfc(x); _ = t }
  do { let t = lgamma(x); _ = t }
  do { let t = max(x, y); _ = t }
  do { let t = max(x, 0); _ = t }
  do { let t = max(0, x); _ = t }
  do { let t = min(x, 1); _ = t }
  do { let t = abs(x); _ = t }
  do { let t = sign(x); _ = t }
  do { let t = hypot(x, y); _ = t }
  do { let t = x.clamped(from: 0, to: 1); _ = t }
  do { let t = x.clamped(to: 0...1); _ = t }
}

private func compareSelect(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = x .> 0; _ = t }
  do { let t = x .== y; _ = t }
  do { let t = select(x .> 0, x, y); _ = t }
  do { let t = select(x .> 0, x, 0); _ = t }
  do { let t = select(x .> 0, 1, 0) as Tensor<Float>; _ = t }
  do { let t = b & b; _ = t }
  do { let t = .!b; _ = t }
  do { let t = x.isNaN(); _ = t }
  do { let t = x.isFinite(); _ = t }
  do { let t = select(x .> 0, y, x); _ = t }
  do { let t = b | b; _ = t }
}

private func reductions(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = x.sum(); _ = t }
  do { let t = x.sum(axis: 0); _ = t }
  do { let t = x.sum([0]); _ = t }
  do { let t = x.sum([0], keepingDims: true); _ = t }
  do { let t = x.mean([0], keepingDims: true); _ = t }
  do { let t = x.mean([-1]); _ = t }
  do { let t = x.variance(); _ = t }
  do { let t = x.standardDeviation(); _ = t }
  do { let t = x.max([1]); _ = t }
  do { let t = x.argmax(axis: -1); _ = t }
  do { let t = x.product(); _ = t }
  do { let t = x.norm(); _ = t }
  do { let t = x.cumulativeSum(); _ = t }
  do { let t = x.sorted(); _ = t }
  do { let t = x.topK(3); _ = t }
  do { let t = x.logSumExp([-1]); _ = t }
  do { let t = x.softmax(); _ = t }
  do { let t = x.softmax(axis: -1); _ = t }
  do { let t = x.logSoftmax(axis: -1); _ = t }
  do { let t = x.median(); _ = t }
  do { let t = (x .> 0).any(); _ = t }
  do { let t = (x .> 0).all(); _ = t }
  do { let t = x.mean(axis: -1); _ = t }
  do { let t = x.standardDeviation([0]); _ = t }
  do { let t = x.argmin(axis: -1); _ = t }
  do { let t = x.cumulativeSum(axis: 0); _ = t }
  do { let t = x.argsorted(); _ = t }
  do { let t = (x .> 0).trueCount(); _ = t }
  do { let t = Set(try x.scalars()); _ = t }
}

private func shapes(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = x.reshaped(to: [-1, 2]); _ = t }
  do { let t = x.transposed(); _ = t }
  do { let t = x.transposed([1, 0]); _ = t }
  do { let t = x.flattened(); _ = t }
  do { let t = x.expandingDims(at: 0); _ = t }
  do { let t = x.squeezed(); _ = t }
  do { let t = x[.newAxis]; _ = t }
  do { let t = x[0]; _ = t }
  do { let t = x[-1]; _ = t }
  do { let t = x[0, 1]; _ = t }
  do { let t = x[0..<2]; _ = t }
  do { let t = x[..<2]; _ = t }
  do { let t = x[1...]; _ = t }
  do { let t = x[.all, 0]; _ = t }
  do { let t = x[0..., 0]; _ = t }
  do { let t = x[..., 0]; _ = t }
  do { let t = x[..., ..<3]; _ = t }
  do { let t = x[stride(from: 0, to: 4, by: 2)]; _ = t }
  do { let t = x[i]; _ = t }
  do { let t = x[b]; _ = t }
  do { let t = x[[0, 2]]; _ = t }
  do { var t = x; t[0] = Tensor(1); _ = t }
  do { var t = x; t[0, 1] = 5; _ = t }
  do { let t = x.gathering(i); _ = t }
  do { let t = x.gathering(i, axis: 1); _ = t }
  do { let t = stacked([x, y]); _ = t }
  do { let t = concatenated([x, y], axis: 1); _ = t }
  do { let t = x.split(count: 2); _ = t }
  do { let t = x.unstacked(); _ = t }
  do { let t = x.tiled([2, 1]); _ = t }
  do { let t = x.repeated(2); _ = t }
  do { let t = x.reversed(); _ = t }
  do { let t = x.padded(low: [1, 1], high: [1, 1], with: 0); _ = t }
  do { let t = x.broadcast(to: [2, 3]); _ = t }
  do { let t = x.diagonal(); _ = t }
  do { let t = x.trace(); _ = t }
  do { let t = x.lowerTriangle(); _ = t }
  do { let t = meshgrid(x, y); _ = t }
  do { let t = x.reshaped(to: [2, 2]); _ = t }
  do { let t = x.transposed([0, 1]); _ = t }
  do { let t = x.swappingAxes(0, 1); _ = t }
  do { let t = x.gatheringAlong(i, axis: 1); _ = t }
  do { let t = concatenated([x, y]); _ = t }
  do { let t = x.rolled(by: 1); _ = t }
  do { for row in x.unstacked() { _ = row } }
}

private func products(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = matmul(x, y); _ = t }
  do { let t = dot(x, y); _ = t }
  do { let t = outer(x, y); _ = t }
  do { let t = einsum("ij,jk->ik", x, y); _ = t }
  do { let t = einsum("bhid,bhjd->bhij", x, y); _ = t }
  do { let t = tensordot(x, y, axes: 1); _ = t }
  do { let t = dotGeneral(x, y, contracting: ([1], [0])); _ = t }
  do { let t = x.multiplied(by: y); _ = t }
  do { let t = x.convolved(with: y); _ = t }
  do { let t = x.convolved(with: y, inputDilation: [2, 2]); _ = t }
  do { let t = x.convolved(with: y, groups: n); _ = t }
  do { let t = x.maxPooled(over: [2, 2]); _ = t }
  do { let t = x.averagePooled(over: [2, 2]); _ = t }
}

private func linearAlgebra(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = inverse(x); _ = t }
  do { let t = solve(x, y); _ = t }
  do { let t = cholesky(x); _ = t }
  do { let t = x.determinant(); _ = t }
  do { let t = svd(x); _ = t }
  do { let t = eigh(x); _ = t }
}

private func ad(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = try gradient(at: x) { square($0).sum() }; _ = t }
  do { let t = gradient(of: { (w: Tensor<Float>) in square(w).sum() }); _ = try t(x) }
  do { let t = try jacobian(at: x) { square($0) }; _ = t }
  do { let t = try hessian(at: x) { square($0).sum() }; _ = t }
  do { let t = try vmap({ (a: Tensor<Float>) in a })(x); _ = t }
  do { let t = try differential(at: x) { square($0) }; _ = try t(y) }
  do { let t = try pullback(at: x) { square($0) }; _ = try t(y) }
  do { let (v, g) = try valueWithGradient(at: x) { square($0).sum() }; _ = (v, g) }
  do { let t = jit(gradient(of: { (w: Tensor<Float>) in square(w).sum() })); _ = try t(x) }
  do { let t = withoutDerivative(at: x); _ = t }
}

private func values(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let v = try x.item(); _ = v }
  do { let v = try x.scalars(); _ = v }
  do { let v = try x[0].item(); _ = v }
  do { let v = try [[Float]](x); _ = v }
  do { print(x); print(x.shape, x.rank, x.count, x.type) }
  do { let v = try [Float](x); _ = v }
  do { let v = x.rank; _ = v }
  do { let v = try x.isApproximatelyEqual(to: y); _ = v }
}

private func io(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { try x.write(npy: "/tmp/a.npy") }
  do { try x.data().write(npy: "/tmp/a.npy") }
  do { let t = try Tensor<Float>(npy: "/tmp/a.npy"); _ = t }
  do { let t = try Tensor<Float>(TensorData(npy: "/tmp/a.npy")); _ = t }
  do { let e: any Encodable = x; _ = e }
  do { let t = try Tensor<Float>(csv: "/tmp/a.csv"); _ = t }
  do { try ["x": x].write(safetensors: "/tmp/a.safetensors") }
  do { let e = try JSONEncoder().encode(x); _ = e }
  do { let h: any Hashable = try x.scalars(); _ = h }
  do { let v = try x.isApproximatelyEqual(to: y, relativeTolerance: 0); _ = v }
  do { let t = 0.9 * ["x": x] + 0.1 * ["x": y]; _ = t }
}

private func controlFlow(
  _ x: Tensor<Float>, _ y: Tensor<Float>, _ d: Tensor<Double>, _ i: Tensor<Int32>,
  _ b: Tensor<Bool>,
  _ n: Int, _ s: Float, _ sd: Double
) throws {
  do { let t = try whileLoop(x, while: { $0.sum() .< 10 }) { $0 + 1 }; _ = t }
  do { let t = try scan(x, over: y) { c, e in (c + e, c) }; _ = t }
  do { let t = try cond(b, { x }, { y }); _ = t }
  do { let t = try checkpoint { (a: Tensor<Float>) in square(a) }(x); _ = t }
  do { let t = vmap { (a: Tensor<Float>) in a + 1 }; _ = try t(x) }
}

/// Every wish is compiled here as it stands, or the guide's table names its one spelling, which is.
struct WishTests {
  /// This file's text, which has been compiled.
  private let source: String
  /// The cells of the guide's table: what one may look for, and what to write.
  private let rows: [(wish: String, spelling: String)]

  init() throws {
    let own = URL(filePath: #filePath)
    let package = own.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    source = try String(contentsOf: own, encoding: .utf8)
    let table = try String(
      contentsOf: package.appending(path: "Docs/Spellings.md"), encoding: .utf8)
    rows = try table.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
      let cells = row.replacingOccurrences(of: "\\|", with: "|").dropFirst(3).dropLast(3)
        .components(separatedBy: "` | `")
      return (cells[0], try #require(cells.last))
    }
  }

  @Test func theTableNamesWhatIsCompiled() throws {
    #expect(rows.count > 60)
    for row in rows { #expect(source.contains(row.spelling), "\(row.spelling)") }
  }

  @Test func everyWishIsCompiledOrInTheTable() throws {
    let list = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Cases/wishes.txt")
    let wishes = try String(contentsOf: list, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }.map(String.init)
    let compiled = source.packed
    let listed = Set(rows.map(\.wish.packed))
    let missing = wishes.filter { wish in
      // The name that a wish gives to its value, and `_ = name`, say nothing.
      let statement = wish.replacing(#/; _ = \w$/#, with: "")
      let value = statement.replacing(#/^let \w = /#, with: "")
      return !compiled.contains(statement.packed) && !listed.contains(value.packed)
    }
    #expect(wishes.count == 253)
    #expect(missing.isEmpty, "\(missing)")
  }
}

extension String {
  /// The text without blanks, line breaks and semicolons.
  fileprivate var packed: String { filter { !$0.isWhitespace && $0 != ";" } }
}
