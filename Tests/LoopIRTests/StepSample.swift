import LoopIR
import TensorIR

/// Hand-built programs with loops and branches of steps.
enum StepSample {
  private static let pair = TensorType([2], .f32)

  /// A kernel that writes `f(a, b)` for pairs of two buffers.
  static func pairwise(_ name: String, _ op: BinaryOp, _ slots: [Int]) -> Kernel {
    var k = KernelSketch(name, slots: slots)
    let i = k.variable("i", 2)
    var body = [Node]()
    let left = k.load(0, IndexExpression(i), in: &body)
    let right = k.load(1, IndexExpression(i), in: &body)
    let value = k.binary(op, left, right, in: &body)
    body.append(.store(Store(.slot(2), IndexExpression(i), value)))
    k.kernel.body = [loop(i, body)]
    return k.kernel
  }

  static func copy(_ name: String, _ slots: [Int]) -> Kernel {
    var k = KernelSketch(name, slots: slots)
    let i = k.variable("i", 2)
    var body = [Node]()
    let value = k.load(0, IndexExpression(i), in: &body)
    body.append(.store(Store(.slot(1), IndexExpression(i), value)))
    k.kernel.body = [loop(i, body)]
    return k.kernel
  }

  /// `h = h + x[t]` over the rows of `x`, and `y[t] = h`: one carry, two stacks.
  static func sums(count: Int = 3, isReversed: Bool = false, isInPlace: Bool) -> LoopProgram {
    var program = LoopProgram(name: "sums")
    program.counterCount = 1
    program.arenaByteCount = 128
    let (stack, counter) = (TensorType([count, 2], .f32), CounterID(0))
    let strides = [Buffer.Stride(counter, byteCount: 8)]
    program.buffers = [
      Buffer(name: "x", type: stack, storage: .argument(0)),
      Buffer(name: "h0", type: pair, storage: .argument(1)),
      Buffer(name: "y", type: stack, storage: .result(0)),
      Buffer(name: "last", type: pair, storage: .result(1)),
      Buffer(name: "h", type: pair, storage: .arena(offset: 0)),
      Buffer(name: "n", type: pair, storage: .arena(offset: isInPlace ? 0 : 64)),
      Buffer(name: "xt", type: pair, storage: .view(.init(of: BufferID(0), strides: strides))),
      Buffer(name: "yt", type: pair, storage: .view(.init(of: BufferID(2), strides: strides))),
    ]
    if isInPlace { program.buffers[5].home = BufferID(4) }
    program.kernels = [
      copy("k0", [1, 4]), pairwise("k1", .add, [4, 6, 5]), copy("k2", [5, 7]), copy("k3", [4, 3]),
    ]
    var steps = StepLoop(counter, .count(count))
    steps.isReversed = isReversed
    steps.carries = [StepCarry(BufferID(4), next: BufferID(5))]
    steps.body = [.kernel(1), .kernel(2)]
    program.steps = [.kernel(0), .loop(steps), .kernel(3)]
    return program
  }

  /// Doubles a pair, or squares it where asked to, while its first element is below a limit.
  static func growth() -> LoopProgram {
    var program = LoopProgram(name: "growth")
    program.counterCount = 1
    program.arenaByteCount = 128
    let scalar = TensorType([], .f32)
    program.buffers = [
      Buffer(name: "x", type: pair, storage: .argument(0)),
      Buffer(name: "limit", type: scalar, storage: .argument(1)),
      Buffer(name: "squares", type: TensorType([], .i1), storage: .argument(2)),
      Buffer(name: "y", type: pair, storage: .result(0)),
      Buffer(name: "goes", type: TensorType([], .i1), storage: .arena(offset: 0)),
      Buffer(name: "n", type: TensorType([], .i64), storage: .arena(offset: 64)),
    ]
    var test = KernelSketch("k1", slots: [3, 1, 4])
    var body = [Node]()
    let first = test.load(0, IndexExpression(0), in: &body)
    let limit = test.load(1, IndexExpression(0), in: &body)
    let goes = test.define(.apply(.compare(.less), [first, limit]), .i1, in: &body)
    body.append(.store(Store(.slot(2), IndexExpression(0), goes)))
    test.kernel.body = body
    func selfwise(_ name: String, _ op: BinaryOp) -> Kernel {
      var k = KernelSketch(name, slots: [3])
      let i = k.variable("i", 2)
      var body = [Node]()
      let value = k.load(0, IndexExpression(i), in: &body)
      let result = k.binary(op, value, value, in: &body)
      body.append(.store(Store(.slot(0), IndexExpression(i), result)))
      k.kernel.body = [loop(i, body)]
      return k.kernel
    }
    program.kernels = [
      copy("k0", [0, 3]), test.kernel, selfwise("k2", .multiply), selfwise("k3", .add),
    ]
    var growing = StepLoop(CounterID(0), .condition([.kernel(1)], BufferID(4)))
    growing.index = BufferID(5)
    growing.carries = [StepCarry(BufferID(3), next: BufferID(3))]
    growing.body = [.branch(StepBranch(BufferID(2), [[.kernel(2)], [.kernel(3)]]))]
    program.steps = [.kernel(0), .loop(growing)]
    return program
  }
}
