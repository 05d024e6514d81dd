import LoopIR
import Targets
import TensorIR
import Testing

@testable import Fusion

/// Passes that change the order in which things happen leave loops as they are whose iterations, or
/// statements, depend on one another; those without the dependence they change. Passes that keep the order,
/// as `collapse`, `split-axes`, `write-out` and `unroll`, have nothing to refuse for a dependence.
@Suite struct RefusedLoopTests {
  /// A kernel over `x: f32[n,n]`, `at: i64[n]`, and `y: f32[n,n]` and `z: f32[n]`, with loops over `i`
  /// and `j` below `n`.
  private struct Bench {
    var program = LoopProgram(name: "refused")
    var kernel = Kernel(name: "k0")
    let i = VariableID(0)
    let j = VariableID(1)
    static let (x, at, y, z) = (0, 1, 2, 3)

    init(_ n: Int = 64) {
      program.buffers = [
        Buffer(name: "x", type: TensorType([n, n], .f32), storage: .argument(0)),
        Buffer(name: "at", type: TensorType([n], .i64), storage: .argument(1)),
        Buffer(name: "y", type: TensorType([n, n], .f32), storage: .result(0)),
        Buffer(name: "z", type: TensorType([n], .f32), storage: .result(1)),
      ]
      kernel.slots = (0..<4).map { BufferID($0) }
      kernel.variables = ["i", "j"].map { Kernel.Variable(name: $0, extent: n) }
    }

    mutating func define(
      _ expression: Expression, _ element: ElementType = .f32, in body: inout [Node]
    ) -> ScalarID {
      kernel.scalars.append(element)
      let scalar = ScalarID(kernel.scalars.count - 1)
      body.append(.define(scalar, expression))
      return scalar
    }

    mutating func load(
      _ slot: Int, _ address: IndexExpression, _ element: ElementType = .f32,
      in body: inout [Node]
    ) -> ScalarID {
      define(.load(.slot(slot), address, condition: nil), element, in: &body)
    }

    mutating func unary(_ op: UnaryOp, _ value: ScalarID, in body: inout [Node]) -> ScalarID {
      define(.apply(.unary(op), [value]), in: &body)
    }

    static func loop(
      _ variable: VariableID, _ body: [Node], _ schedule: Loop.Schedule = .serial,
      _ accumulators: [Accumulator] = []
    ) -> Node {
      var loop = Loop(variable)
      loop.body = body
      loop.schedule = schedule
      loop.accumulators = accumulators
      return .loop(loop)
    }

    /// Whether a pass changes a kernel with a body.
    func changes(_ body: [Node], _ pass: String, sums: Set<BufferID> = []) -> Bool {
      var kernel = kernel
      kernel.body = body
      let after = kernel.passed(through: pass, in: program, for: .x86_64v4, sums: sums)
      return after.body != body
    }
  }

  /// `y[i,j] = x[j,i]`, or beside it `… + y[i−1,j+1]`, which goes forward along one loop and backward
  /// along the other.
  @Test(arguments: [false, true])
  func tiles(_ isDependent: Bool) {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    var body = [Node]()
    var value = b.load(Bench.x, j * 64 + i, in: &body)
    if isDependent {
      let other = b.load(Bench.y, i * 64 + j + -63, in: &body)
      value = b.define(.apply(.binary(.add), [value, other]), in: &body)
    }
    body.append(.store(Store(.slot(Bench.y), i * 64 + j, value)))
    let lanes = Bench.loop(b.j, body, .vector(width: 16, interleave: 1))
    #expect(b.changes([Bench.loop(b.i, [lanes])], "tile") == !isDependent)
  }

  /// What stands between the loops is computed inside, unless the kernel writes it.
  @Test(arguments: [false, true])
  func sinksWhatStandsBetweenLoops(_ isWritten: Bool) {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    var between = [Node]()
    let scale = b.load(isWritten ? Bench.y : Bench.x, i, in: &between)
    var body = [Node]()
    let value = b.load(Bench.x, j * 64 + i, in: &body)
    let product = b.define(.apply(.binary(.multiply), [value, scale]), in: &body)
    body.append(.store(Store(.slot(Bench.y), i * 64 + j, product)))
    let lanes = Bench.loop(b.j, body, .vector(width: 16, interleave: 1))
    #expect(b.changes([Bench.loop(b.i, between + [lanes])], "tile") == !isWritten)
  }

  /// `s = Σ x[i,j]; y[i,j] = exp(s)·x[i,j]`, where the sum is of this row, or of what the row before stored.
  @Test(arguments: [false, true])
  func cutsRowsIntoStrips(_ isDependent: Bool) {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    let vector = Loop.Schedule.vector(width: 16, interleave: 1)
    var first = [Node]()
    let value = b.load(
      isDependent ? Bench.y : Bench.x, i * 64 + j + (isDependent ? -64 : 0), in: &first)
    b.kernel.scalars.append(.f32)
    let sum = ScalarID(b.kernel.scalars.count - 1)
    first.append(.accumulate(sum, value: value))
    var row = [Bench.loop(b.j, first, vector, [Accumulator(sum, .add)])]
    let scale = b.unary(.exponential, sum, in: &row)
    var second = [Node]()
    let other = b.load(Bench.x, i * 64 + j, in: &second)
    let product = b.define(.apply(.binary(.multiply), [other, scale]), in: &second)
    second.append(.store(Store(.slot(Bench.y), i * 64 + j, product)))
    row.append(Bench.loop(b.j, second, vector))
    #expect(b.changes([Bench.loop(b.i, row)], "strip-mine") == !isDependent)
  }

  /// `z[j] += x[i,j]` for few `j`, where iterations may see the sums.
  @Test(arguments: ["register-sums", "lane-sums"], [false, true])
  func keepsSumsInRegisters(_ pass: String, _ isSeen: Bool) {
    var b = Bench()
    b.program.buffers[Bench.z].type = TensorType([2], .f32)
    let i = IndexExpression(b.i)
    var body = [Node]()
    let value = b.load(isSeen ? Bench.z : Bench.x, IndexExpression(0), in: &body)
    for element in 0..<2 {
      body.append(
        .store(Store(.slot(Bench.z), IndexExpression(element), value, combining: .add)))
    }
    body.append(.store(Store(.slot(Bench.y), i, value)))
    let schedule: Loop.Schedule =
      pass == "lane-sums" ? .vector(width: 16, interleave: 1) : .serial
    let loop = Bench.loop(b.i, body, schedule)
    #expect(b.changes([loop], pass, sums: [BufferID(Bench.z)]) == !isSeen)
  }

  /// A sum and a maximum of one element are no accumulators by themselves.
  @Test func keepsSumsAndMaximaOfOneElementInOrder() {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    for kind in [Reduction.Kind.add, .maximum] {
      var body = [Node]()
      let value = b.load(Bench.x, i * 64 + j, in: &body)
      body.append(.store(Store(.slot(Bench.z), i, value, combining: .add)))
      body.append(.store(Store(.slot(Bench.z), i, value, combining: kind)))
      let nest = Bench.loop(b.i, [Bench.loop(b.j, body)])
      #expect(b.changes([nest], "register-sums") == (kind == .add))
    }
  }

  /// `z[at[i]] += exp(x[i])`, or of what stands in `z[at[i]]`.
  @Test(arguments: ["scatter-streams", "scatter-strips", "scatter-copies"], [false, true])
  func movesUpdates(_ pass: String, _ isRead: Bool) {
    var b = Bench(pass == "scatter-copies" ? 100 : 4000)
    b.program.buffers[Bench.z].type = TensorType([16], .f32)
    var body = [Node]()
    let place = b.load(Bench.at, IndexExpression(b.i), .i64, in: &body)
    let address = IndexExpression(.scalar(place))
    var value =
      isRead
      ? b.load(Bench.z, address, in: &body) : b.load(Bench.x, IndexExpression(b.i), in: &body)
    let op: UnaryOp = pass == "scatter-strips" ? .exponential : .negate
    value = b.unary(op, value, in: &body)
    body.append(.store(Store(.slot(Bench.z), address, value, combining: .add)))
    #expect(b.changes([Bench.loop(b.i, body)], pass) == !isRead)
  }

  /// A loop is taken from threads again where passes have left a local array of which no proof says that each
  /// iteration writes what it reads.
  @Test(arguments: [(0, true), (1, false)])
  func loopsWithoutAProofStayOnOneThread(_ first: Int, _ isShared: Bool) throws {
    var b = Bench()
    b.kernel.locals = [Kernel.Local(element: .f32, shape: [64])]
    let j = IndexExpression(b.j)
    var writing = [Node]()
    let value = b.load(Bench.x, IndexExpression(b.i) * 64 + j, in: &writing)
    writing.append(.store(Store(.local(0), j, value)))
    var writes = Loop(b.j)
    writes.body = writing
    if first > 0 {
      var begin = [Node]()
      let holds = b.define(
        .inBounds([Bound(j, lower: first, upper: 64)]), .i1, in: &begin)
      guard case .store(var store) = writing[1] else { return }
      store.condition = holds
      writes.body = [writing[0]] + begin + [.store(store)]
    }
    var reading = [Node]()
    let kept = b.define(.load(.local(0), j, condition: nil), in: &reading)
    reading.append(.store(Store(.slot(Bench.y), IndexExpression(b.i) * 64 + j, kept)))
    b.kernel.body = [
      Bench.loop(b.i, [.loop(writes), Bench.loop(b.j, reading)], .parallel)
    ]
    b.kernel.keepUnprovenOrder(in: b.program)
    guard case .loop(let loop) = b.kernel.body[0] else { return }
    #expect((loop.schedule == .parallel) == isShared)
    #expect(throws: Never.self) { try b.kernel.verify(in: b.program) }
  }
}

extension Kernel {
  /// The kernel after one of the passes about the loops of a kernel.
  ///
  /// - Parameters:
  ///   - program: has the kernel's buffers.
  ///   - sums: the buffers that the kernel adds into from the identity on.
  fileprivate func passed(
    through pass: String, in program: LoopProgram, for target: TargetDescription,
    sums: Set<BufferID> = []
  ) -> Kernel {
    var scheduler = Scheduler(program, for: target, ScheduleOptions(disabled: [], limit: nil))
    var draft = Draft(self, sums: sums)
    for case .kernel(let transform) in schedule.filter({ $0.name == pass }).map(\.action) {
      transform(&draft, &scheduler)
    }
    return draft.kernel
  }
}
