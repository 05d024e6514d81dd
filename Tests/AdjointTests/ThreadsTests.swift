import Adjoint
import Runtime
import Testing

/// The scoped limit of threads.
struct ThreadsTests {
  @Test func theSmallestLimitHolds() {
    #expect(ThreadLimit.current == .max)
    withThreads(atMost: 3) {
      #expect(ThreadLimit.current == 3)
      withThreads(atMost: 8) { #expect(ThreadLimit.current == 3) }
      withThreads(atMost: 2) { #expect(ThreadLimit.current == 2) }
      withThreads(atMost: -1) { #expect(ThreadLimit.current == 1) }
      #expect(ThreadLimit.current == 3)
    }
    #expect(ThreadLimit.current == .max)
  }

  @Test func resultsDoNotDependOnTheLimit() throws {
    let x = Tensor<Float>.randomNormal([300, 200], seed: 1)
    let w = Tensor<Float>.randomNormal([200, 250], seed: 2)
    let loss = { @Sendable (w: Tensor<Float>, x: Tensor<Float>) in tanh(matmul(x, w)).mean() }
    let compiled = jit(valueWithGradient(of: loss))
    /// The bits of value and gradient, compiled and run at once.
    func bits() throws -> [UInt32] {
      let (value, (dw, dx)) = try compiled(w, x)
      let direct = try gradient(of: loss)(w, x).0 + tanh(w * 2)
      return try [value, dw, dx, direct].flatMap { try $0.scalars().map(\.bitPattern) }
    }
    let unlimited = try bits()
    #expect(try withThreads(atMost: 1) { try bits() } == unlimited)
    #expect(try withThreads(atMost: 2) { try bits() } == unlimited)
    #expect(compiled.compilationCount == 1)
  }
}
