import LoopIR
import TensorIR
import Testing

/// Each transformation is refused where it would change what a kernel computes.
@Suite struct DependenceTests {
  /// A kernel over `x: f32[8,8]`, `at: i64[8]`, and results `y: f32[8,8]` and `z: f32[64]`, with
  /// variables `i`, `j` and `k` below 8 and `b` below 2.
  struct Bench {
    var program = LoopProgram(name: "bench")
    var k = KernelSketch("k0", slots: [0, 1, 2, 3])
    let (i, j, m, b): (VariableID, VariableID, VariableID, VariableID)

    init() {
      let storages: [(String, TensorType, Buffer.Storage)] = [
        ("x", TensorType([8, 8], .f32), .argument(0)),
        ("at", TensorType([8], .i64), .argument(1)),
        ("y", TensorType([8, 8], .f32), .result(0)),
        ("z", TensorType([8, 8], .f32), .result(1)),
      ]
      program.buffers = storages.map { Buffer(name: $0.0, type: $0.1, storage: $0.2) }
      i = k.variable("i", 8)
      j = k.variable("j", 8)
      m = k.variable("m", 8)
      b = k.variable("b", 2)
    }

    /// The slots of the buffers.
    static let (x, at, y, z) = (0, 1, 2, 3)

    /// `row·8 + column`.
    func place(_ row: IndexExpression, _ column: IndexExpression) -> IndexExpression {
      row * 8 + column
    }

    /// Stores in `target` what is in `source`.
    mutating func copy(
      _ source: (Int, IndexExpression), to target: (Int, IndexExpression),
      combining: Reduction.Kind? = nil
    ) -> [Node] {
      var body = [Node]()
      let value = k.load(source.0, source.1, in: &body)
      body.append(.store(Store(.slot(target.0), target.1, value, combining: combining)))
      return body
    }

    /// The analysis of the kernel with a body.
    func analysis(of body: [Node]) -> DependenceAnalysis {
      var kernel = k.kernel
      kernel.body = body
      return DependenceAnalysis(kernel, in: program)
    }
  }

  /// A loop over a variable.
  static func over(_ variable: VariableID, _ body: [Node]) -> Loop {
    var loop = Loop(variable)
    loop.body = body
    return loop
  }

  // MARK: One loop

  @Test func aRecurrenceIsOrdered() {
    var b = Bench()
    var body = [Node]()
    let j = IndexExpression(b.j)
    let before = b.k.load(Bench.z, j + -1, in: &body)
    let sum = b.k.binary(.add, before, b.k.load(Bench.x, j, in: &body), in: &body)
    body.append(.store(Store(.slot(Bench.z), j, sum)))
    let loop = Self.over(b.j, body)
    let analysis = b.analysis(of: [.loop(loop)])
    #expect(analysis.mayRunInLanes(loop) == .refused(.meeting(.slot(Bench.z))))
    #expect(analysis.mayRunInParallel(loop) == .refused(.meeting(.slot(Bench.z))))
    #expect(analysis.mayRunInBlocks(loop, reducing: []) == .refused(.meeting(.slot(Bench.z))))
  }

  @Test func whatAnIterationHandsOnIsOrdered() {
    var b = Bench()
    let (current, next, result) = (b.k.scalar(), b.k.scalar(), b.k.scalar())
    var head = [Node]()
    let initial = b.k.number(0, in: &head)
    var body = [Node]()
    let value = b.k.load(Bench.x, IndexExpression(b.j), in: &body)
    body.append(.define(next, .apply(.binary(.add), [current, value])))
    body.append(.store(Store(.slot(Bench.z), IndexExpression(b.j), next)))
    var loop = Self.over(b.j, body)
    loop.carries = [Carry(current: current, initial: initial, next: next, result: result)]
    let analysis = b.analysis(of: head + [.loop(loop)])
    #expect(analysis.mayRunInLanes(loop) == .refused(.carry))
    #expect(analysis.mayRunInParallel(loop) == .refused(.carry))
    #expect(analysis.mayRunInBlocks(loop, reducing: []) == .refused(.carry))
    #expect(analysis.mayFuse([.loop(loop), .loop(loop)]) == .refused(.shape))
  }

  @Test func iterationsThatTouchTheirOwnElementsAreFree() {
    var b = Bench()
    let j = IndexExpression(b.j)
    var body = b.copy((Bench.z, j * 2), to: (Bench.z, j * 2))
    body += b.copy((Bench.x, j + 1), to: (Bench.z, j * 2 + 1))
    let loop = Self.over(b.j, body)
    let analysis = b.analysis(of: [.loop(loop)])
    #expect(analysis.mayRunInLanes(loop).isGranted)
    #expect(analysis.mayRunInParallel(loop).isGranted)
  }

  @Test func strideThatInnerIterationsReachOverIsRefused() {
    var b = Bench()
    let place = IndexExpression(b.j) * 2 + IndexExpression(b.i)
    let inner = b.copy((Bench.x, place), to: (Bench.z, place))
    let loop = Self.over(b.j, [.loop(Self.over(b.i, inner))])
    #expect(!b.analysis(of: [.loop(loop)]).mayRunInLanes(loop).isGranted)
  }

  @Test func whatIsTheSameInAllIterationsDoesNotMatter() {
    var b = Bench()
    var outer = [Node]()
    let row = b.k.load(Bench.at, IndexExpression(b.i), .i64, in: &outer)
    let start = IndexExpression(.scalar(row))
    let loop = Self.over(
      b.j, b.copy((Bench.x, IndexExpression(b.j)), to: (Bench.z, start + IndexExpression(b.j))))
    let body = [Node.loop(Self.over(b.i, outer + [.loop(loop)]))]
    #expect(b.analysis(of: body).mayRunInLanes(loop).isGranted)
    guard case .loop(let rows) = body[0] else { return }
    #expect(!b.analysis(of: body).mayRunInParallel(rows).isGranted)
  }

  @Test func lookedUpPlacesMayMeetButNotBesideTheirColumn() {
    var b = Bench()
    var body = [Node]()
    let row = b.k.load(Bench.at, IndexExpression(b.i), .i64, in: &body)
    let place = b.place(IndexExpression(.scalar(row)), IndexExpression(b.j))
    body += b.copy((Bench.x, IndexExpression(b.j)), to: (Bench.z, place), combining: .add)
    let rows = Self.over(b.i, body)
    let columns = Self.over(b.j, [.loop(rows)])
    let analysis = b.analysis(of: [.loop(columns)])
    #expect(!analysis.mayRunInLanes(rows).isGranted)
    #expect(analysis.mayRunInLanes(columns).isGranted)
  }

  @Test func guardsSayWhichColumnIsMeant() {
    var b = Bench()
    func columns(isGuarded: Bool) -> Permission {
      var body = [Node]()
      let column = b.k.load(Bench.at, IndexExpression(b.j), .i64, in: &body)
      let index = IndexExpression(.scalar(column))
      let holds = b.k.define(.inBounds([Bound(index, lower: 0, upper: 8)]), .i1, in: &body)
      let value = b.k.load(Bench.x, IndexExpression(b.j), in: &body)
      body.append(
        .store(
          Store(
            .slot(Bench.z), b.place(IndexExpression(b.i), index), value,
            condition: isGuarded ? holds : nil)))
      let loop = Self.over(b.i, [.loop(Self.over(b.j, body))])
      return b.analysis(of: [.loop(loop)]).mayRunInLanes(loop)
    }
    #expect(columns(isGuarded: true).isGranted)
    #expect(!columns(isGuarded: false).isGranted)
  }

  @Test func sumsIntoMemoryNeedArraysOfEachBlock() {
    var b = Bench()
    let place = b.place(IndexExpression(b.i), IndexExpression(b.j))
    let columns = Self.over(
      b.j, b.copy((Bench.x, place), to: (Bench.z, IndexExpression(b.j)), combining: .add))
    let rows = Self.over(b.i, [.loop(columns)])
    let analysis = b.analysis(of: [.loop(rows)])
    #expect(!analysis.mayRunInBlocks(rows, reducing: []).isGranted)
    #expect(analysis.mayRunInBlocks(rows, reducing: [.slot(Bench.z)]).isGranted)
    // All lanes combine into one element, and nothing else touches it.
    #expect(analysis.mayRunInLanes(rows).isGranted)
  }

  @Test func rowsOfBlocksFollowTheirBlock() {
    var b = Bench()
    func blocks(of size: Int, from start: Int) -> Permission {
      var inner = Loop(b.i)
      inner.range = .block(b.b, size: size)
      inner.body = b.copy(
        (Bench.x, IndexExpression(b.i)), to: (Bench.z, IndexExpression(b.i)))
      inner.body += b.copy(
        (Bench.x, IndexExpression(b.i)), to: (Bench.z, IndexExpression(b.b) * 4 + start))
      let outer = Self.over(b.b, [.loop(inner)])
      return b.analysis(of: [.loop(outer)]).mayRunInParallel(outer)
    }
    #expect(blocks(of: 4, from: 3).isGranted)
    #expect(!blocks(of: 4, from: 4).isGranted)
  }

  /// `l[0] += x[i]; z[i] = l[0]`, where `l[0]` is cleared first or not.
  @Test(arguments: [true, false])
  func whatIsHandedOnInALocalArrayIsOrdered(_ isCleared: Bool) {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: 1)]
    var body = [Node]()
    if isCleared {
      let zero = b.k.number(0, in: &body)
      body.append(.store(Store(.local(0), 0, zero)))
    }
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &body)
    body.append(.store(Store(.local(0), 0, value, combining: .add)))
    let sum = b.k.define(.load(.local(0), 0, condition: nil), in: &body)
    body.append(.store(Store(.slot(Bench.z), IndexExpression(b.i), sum)))
    let loop = Self.over(b.i, body)
    let analysis = b.analysis(of: [.loop(loop)])
    #expect(analysis.mayRunInParallel(loop).isGranted == isCleared)
    #expect(analysis.mayRunInBlocks(loop, reducing: []).isGranted == isCleared)
  }

  /// What a loop inside hands on each lane has for itself; a loop that ends by a condition is none of lanes,
  /// and what lanes hand on inside may not be where others read or write.
  @Test(arguments: [Loop.Range.full, .condition(ScalarID(0))])
  func lanesHandOnForThemselves(_ range: Loop.Range) {
    var b = Bench()
    let (current, next, result) = (b.k.scalar(.i1), b.k.scalar(.i1), b.k.scalar(.i1))
    var inner = Self.over(b.j, [.define(next, .apply(.unary(.not), [current]))])
    inner.range = range
    inner.carries = [Carry(current: current, initial: next, next: next, result: result)]
    let loop = Self.over(b.i, [.loop(Self.over(b.m, [.loop(inner)]))])
    #expect(b.analysis(of: [.loop(loop)]).mayRunInLanes(loop).isGranted)
    var outer = loop
    outer.range = range
    #expect(b.analysis(of: [.loop(outer)]).mayRunInLanes(outer).isGranted == (range == .full))
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &inner.body)
    inner.body.append(.store(Store(.slot(Bench.z), IndexExpression(b.j), value)))
    let meeting = Self.over(b.i, [.loop(inner)])
    #expect(
      b.analysis(of: [.loop(meeting)]).mayRunInLanes(meeting)
        == .refused(.meeting(.slot(Bench.z))))
  }

  // MARK: Several iterations

  @Test func jammedIterationsKeepTheLastWriter() {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: 9, isPerLane: true)]
    let j = IndexExpression(b.j)
    var body = [Node]()
    let value = b.k.load(Bench.x, j, in: &body)
    body.append(.store(Store(.local(0), j + 1, value)))
    #expect(Self.over(b.j, body).mayBeJammed.isGranted)
    let twice = body + [.store(Store(.local(0), j, value))]
    #expect(Self.over(b.j, twice).mayBeJammed == .refused(.meeting(.local(0))))
    let reading = body + [.define(b.k.scalar(), .load(.local(0), j, condition: nil))]
    #expect(Self.over(b.j, reading).mayBeJammed == .refused(.meeting(.local(0))))
    #expect(Self.over(b.i, [.loop(Self.over(b.j, body))]).mayBeJammed == .refused(.shape))
  }

  // MARK: Several loops

  @Test(arguments: [(-1, -1, true), (-1, 0, true), (0, -1, true), (-1, 1, false), (1, -1, false)])
  func interchangeKeepsTheOrderOfWhatMeets(_ row: Int, _ column: Int, _ isRight: Bool) {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    let inner = Self.over(
      b.j, b.copy((Bench.y, b.place(i + row, j + column)), to: (Bench.y, b.place(i, j))))
    let outer = Self.over(b.i, [.loop(inner)])
    let analysis = b.analysis(of: [.loop(outer)])
    // A row may be cut off where the column leaves it, which the address does not tell.
    let isKnown = column == 0
    #expect(analysis.mayInterchange(outer, inner).isGranted == (isRight && isKnown))
    #expect(analysis.mayPermute([outer, inner]).isGranted == (isRight && isKnown))
  }

  @Test func interchangeNeedsLoopsThatHoldNothingElse() {
    var b = Bench()
    let inner = Self.over(b.j, b.copy((Bench.x, 0), to: (Bench.y, IndexExpression(b.j))))
    let outer = Self.over(b.i, [.loop(inner)] + b.copy((Bench.x, 0), to: (Bench.z, 0)))
    let analysis = b.analysis(of: [.loop(outer)])
    #expect(analysis.mayInterchange(outer, inner) == .refused(.shape))
  }

  @Test(arguments: [(0, true), (-1, true), (1, false)])
  func fusionKeepsWhatIsReadBehindWhatIsWritten(_ offset: Int, _ isRight: Bool) {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    let first = Node.loop(Self.over(b.i, b.copy((Bench.x, i), to: (Bench.z, i))))
    let second = Node.loop(Self.over(b.j, b.copy((Bench.z, j + offset), to: (Bench.y, j))))
    let analysis = b.analysis(of: [first, second])
    #expect(analysis.mayFuse([first, second]).isGranted == isRight)
    #expect(analysis.mayShareRows([first, second]).isGranted == (offset == 0))
  }

  @Test func fusionIsRefusedWhereASumIsTaken() {
    var b = Bench()
    let sum = b.k.scalar()
    var body = [Node]()
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &body)
    body.append(.accumulate(sum, value: value))
    var first = Self.over(b.i, body)
    first.accumulators = [Accumulator(sum, .add)]
    let second = Self.over(b.j, [.store(Store(.slot(Bench.z), IndexExpression(b.j), sum))])
    let steps = [Node.loop(first), .loop(second)]
    #expect(b.analysis(of: steps).mayFuse(steps) == .refused(.sum))
  }

  @Test(arguments: [(0, true), (-1, false), (1, true)])
  func distributionKeepsWhatComesFromTheIterationBefore(_ offset: Int, _ isRight: Bool) {
    var b = Bench()
    let i = IndexExpression(b.i)
    let reading = b.copy((Bench.z, i + offset), to: (Bench.y, i))
    let writing = b.copy((Bench.x, i), to: (Bench.z, i))
    let loop = Self.over(b.i, reading + writing)
    let analysis = b.analysis(of: [.loop(loop)])
    #expect(analysis.mayDistribute(loop, into: [reading, writing]).isGranted == isRight)
  }

  // MARK: Memory

  @Test(arguments: [(0, true), (-1, false), (1, false)])
  func aBufferIsReplacedElementByElement(_ offset: Int, _ isRight: Bool) {
    var b = Bench()
    let i = IndexExpression(b.i)
    b.k.kernel.body = [
      .loop(Self.over(b.i, b.copy((Bench.x, i + offset), to: (Bench.y, i))))
    ]
    #expect(
      b.k.kernel.mayReplace(BufferID(Bench.x), with: BufferID(Bench.y), in: b.program) == isRight)
  }

  @Test func aBufferIsReplacedWhenAllOfARowWasRead() {
    var b = Bench()
    let (i, j, m) = (IndexExpression(b.i), IndexExpression(b.j), IndexExpression(b.m))
    let sum = b.k.scalar()
    var body = [Node]()
    let value = b.k.load(Bench.x, b.place(i, j), in: &body)
    body.append(.accumulate(sum, value: value))
    var first = Self.over(b.j, body)
    first.accumulators = [Accumulator(sum, .add)]
    let second = Self.over(b.m, [.store(Store(.slot(Bench.y), b.place(i, m), sum))])
    for (steps, isRight) in [([first, second], true), ([second, first], false)] {
      b.k.kernel.body = [.loop(Self.over(b.i, steps.map { .loop($0) }))]
      #expect(
        b.k.kernel.mayReplace(BufferID(Bench.x), with: BufferID(Bench.y), in: b.program) == isRight)
    }
  }

  /// Columns of one kernel are apart from others of another one, row by row as well as for all rows.
  @Test(arguments: [(0, false), (1, false), (2, true), (6, true), (-1, false)])
  func columnsOfKernelsAreApart(_ shift: Int, _ isApart: Bool) {
    var bench = Bench()
    let (i, b) = (IndexExpression(bench.i), IndexExpression(bench.b))
    func kernel(_ row: IndexExpression, _ column: IndexExpression) -> DependenceAnalysis {
      let place = bench.place(row, column)
      let copy = bench.copy((Bench.x, place), to: (Bench.y, place))
      return bench.analysis(of: [.loop(Self.over(bench.i, [.loop(Self.over(bench.b, copy))]))])
    }
    let reading = kernel(i, b)
    #expect(reading.isApart(Bench.x, from: Bench.y, of: kernel(i, b + shift)) == isApart)
    #expect(
      kernel(IndexExpression(3), b).isApart(
        Bench.x, from: Bench.y, of: kernel(IndexExpression(3), b + shift)) == isApart)
    #expect(
      kernel(IndexExpression(3), b).isApart(
        Bench.x, from: Bench.y, of: kernel(IndexExpression(4), b + max(shift, 0))))
  }

  /// A copy stands for a buffer that the kernel does not change.
  @Test func aCopyOfWhatTheKernelChangesIsNone() {
    var b = Bench()
    let i = IndexExpression(b.i)
    let copy = b.copy((Bench.x, i), to: (Bench.y, i))
    let others: [([Node], BufferID?)] = [
      ([], BufferID(Bench.x)), (b.copy((Bench.x, i), to: (Bench.z, i)), BufferID(Bench.x)),
      (b.copy((Bench.z, i), to: (Bench.x, i)), nil),
      (b.copy((Bench.x, i + 1), to: (Bench.y, i)), nil),
    ]
    for (other, source) in others {
      b.k.kernel.body = [.loop(Self.over(b.i, copy + other))]
      #expect(b.k.kernel.source(ofCopyTo: BufferID(Bench.y)) == source)
    }
  }

  @Test func aLocalArrayIsPrivateWhereItIsWrittenBeforeItIsRead() {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: 8)]
    let j = IndexExpression(b.j)
    func permission(_ length: VariableID, readFirst: Bool) -> Permission {
      var writing = [Node]()
      let value = b.k.load(Bench.x, j, in: &writing)
      writing.append(.store(Store(.local(0), IndexExpression(length), value)))
      var reading = [Node]()
      let kept = b.k.define(.load(.local(0), j, condition: nil), in: &reading)
      reading.append(.store(Store(.slot(Bench.z), b.place(IndexExpression(b.i), j), kept)))
      let passes = [Node.loop(Self.over(length, writing)), .loop(Self.over(b.j, reading))]
      let loop = Self.over(b.i, readFirst ? passes.reversed() : passes)
      return b.analysis(of: [.loop(loop)]).mayPrivatize(0, to: loop)
    }
    #expect(permission(b.m, readFirst: false).isGranted)
    #expect(permission(b.j, readFirst: false).isGranted)
    #expect(!permission(b.j, readFirst: true).isGranted)
    // Only the first two elements are written.
    #expect(!permission(b.b, readFirst: false).isGranted)
  }
}

extension IndexExpression: ExpressibleByIntegerLiteral {
  /// A constant.
  public init(integerLiteral value: Int) { self.init(value) }
}
