import LoopIR
import TensorIR
import Testing

/// Bytes and operations of hand-built kernels, counted by hand.
@Suite struct CostTests {
  /// A kernel's counts.
  private func costs(
    read: Int, written: Int, single: Int, double: Int = 0
  ) -> KernelCosts {
    var costs = KernelCosts()
    costs.bytesRead = read
    costs.bytesWritten = written
    costs.singleFlops = single
    costs.doubleFlops = double
    return costs
  }

  /// Three passes over a row read it once; a division or a reciprocal root is four operations.
  @Test func rows() {
    let program = SampleProgram.layerNorm(rows: 10, columns: 20)
    let perRow = 20 + 4 + 3 * 20 + 4 + 1 + 4 + 3 * 20
    #expect(
      program.kernels[0].costs(in: program)
        == costs(read: 4 * (200 + 20), written: 4 * 200, single: 10 * perRow))
  }

  /// What is added to is read and written; a number of rows that is no multiple of a block's counts
  /// as it is.
  @Test func blocksAndSums() {
    let program = SampleProgram.columnSums(rows: 8, columns: 5)
    #expect(
      program.kernels.map { $0.costs(in: program) } == [
        costs(read: 4 * (40 + 8 + 10), written: 4 * (10 + 2), single: 3 * 40),
        costs(read: 4 * (10 + 2), written: 4 * (5 + 1), single: 10 + 2),
      ])
    #expect(
      program.costs
        == costs(read: 4 * (58 + 12), written: 4 * (12 + 6), single: 120 + 12))
  }

  /// Cutting a product into blocks changes nothing.
  @Test(arguments: [true, false])
  func product(isCut: Bool) {
    let program = SampleProgram.dense(rows: 7, columns: 10, depth: 3, isCut: isCut)
    #expect(
      program.kernels[0].costs(in: program)
        == costs(
          read: 4 * (7 * 3 + 3 * 10 + 10), written: 4 * 70, single: 2 * 7 * 10 * 3 + 2 * 70))
  }

  /// Two addresses of one buffer count no more than the buffer; integers are free; look-ups count
  /// one element each.
  @Test func lookups() {
    let program = SampleProgram.lookups()
    #expect(
      program.kernels.map { $0.costs(in: program) } == [
        costs(read: 4 * 6 + 8, written: 4 * 6 + 8, single: 6),
        costs(read: 4 * (2 + 6 + 6), written: 4 * 6, single: 6),
      ])
  }

  /// `s = Σ x[2i]`: every other element, in doubles.
  @Test func stridesAndDoubles() {
    var program = LoopProgram(name: "half")
    program.buffers = [
      Buffer(name: "x", type: TensorType([20], .f64), storage: .argument(0)),
      Buffer(name: "s", type: TensorType([], .f64), storage: .result(0)),
    ]
    var k = KernelSketch("k0", slots: [0, 1])
    let i = k.variable("i", 10)
    let sum = k.scalar(.f64)
    var body = [Node]()
    let element = k.load(0, IndexExpression(i) * 2, .f64, in: &body)
    body.append(.accumulate(sum, value: element))
    k.kernel.body = [
      loop(i, .serial, .full, accumulators: [Accumulator(sum, .add)], body),
      .store(Store(.slot(1), IndexExpression(0), sum)),
    ]
    program.append(k.kernel)
    #expect(program.costs == costs(read: 80, written: 8, single: 0, double: 10))
  }

  /// Counts beyond an integer stay the greatest one.
  @Test func countsDoNotOverflow() {
    var program = LoopProgram(name: "long")
    program.buffers = [Buffer(name: "s", type: TensorType([], .f32), storage: .result(0))]
    var k = KernelSketch("k0", slots: [0])
    let (i, j) = (k.variable("i", 1 << 40), k.variable("j", 1 << 40))
    let sum = k.scalar()
    var body = [Node]()
    body.append(.accumulate(sum, value: k.number(1, in: &body)))
    k.kernel.body = [
      loop(i, .serial, .full, accumulators: [Accumulator(sum, .add)], [loop(j, body)]),
      .store(Store(.slot(0), IndexExpression(0), sum)),
    ]
    program.append(k.kernel)
    #expect(program.costs == costs(read: 0, written: 4, single: .max))
  }
}
