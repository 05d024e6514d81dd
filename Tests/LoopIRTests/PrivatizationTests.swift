import LoopIR
import TensorIR
import Testing

/// Local arrays are private to iterations only where these have written all that they read.
@Suite struct PrivatizationTests {
  private typealias Bench = DependenceTests.Bench

  /// A loop over `i` that writes a local array of ten elements, then reads its first eight.
  ///
  /// - Parameter writes: gives the statements that write, with a value.
  private func loop(
    _ b: inout Bench, isPerLane: Bool = false,
    writing writes: (inout Bench, ScalarID) -> [Node]
  ) -> Loop {
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: 10, isPerLane: isPerLane)]
    let j = IndexExpression(b.j)
    var body = [Node]()
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &body)
    body += writes(&b, value)
    var reading = [Node]()
    let kept = b.k.define(.load(.local(0), j, condition: nil), in: &reading)
    reading.append(.store(Store(.slot(Bench.z), b.place(IndexExpression(b.i), j), kept)))
    return DependenceTests.over(b.i, body + [.loop(DependenceTests.over(b.j, reading))])
  }

  /// `l[start…] = v` along a variable.
  private func run(
    _ variable: VariableID, from start: Int, by step: Int = 1, _ value: ScalarID
  ) -> Node {
    let place = IndexExpression(variable) * step + start
    return .loop(
      DependenceTests.over(variable, [.store(Store(.local(0), place, value))]))
  }

  /// Whether threads, or lanes, may each have the array.
  private func isPrivate(
    _ writes: (inout Bench, ScalarID) -> [Node]
  ) -> Bool {
    var b = Bench()
    let loop = loop(&b, writing: writes)
    let analysis = b.analysis(of: [.loop(loop)])
    let permission = analysis.mayPrivatize(0, to: loop)
    #expect(permission.isGranted || permission == .refused(.meeting(.local(0))))
    #expect(analysis.mayRunInParallel(loop) == permission)
    #expect(
      analysis.mayRunInLanes(loop, privatizing: [0]).isGranted,
      "whether lanes need arrays of their own is one question, whether they may have them another")
    return permission.isGranted
  }

  @Test func oneElementOfAllThatIsReadIsNotEnough() {
    #expect(!isPrivate { _, value in [.store(Store(.local(0), 0, value))] })
    #expect(isPrivate { b, value in [run(b.m, from: 0, value)] })
  }

  @Test func severalWritesTogetherCoverARead() {
    #expect(
      isPrivate { b, value in
        [
          .store(Store(.local(0), 0, value)), run(b.m, from: 1, value),
          .store(Store(.local(0), 9, value)),
        ]
      })
    // The second element is left out.
    #expect(
      !isPrivate { b, value in
        [.store(Store(.local(0), 0, value)), run(b.m, from: 2, value)]
      })
  }

  @Test func everySecondElementIsNotEnough() {
    #expect(!isPrivate { b, value in [run(b.b, from: 0, by: 8, value)] })
    #expect(
      isPrivate { b, value in
        let four = b.k.variable("four", 4)
        let place = IndexExpression(b.b) * 4 + IndexExpression(four)
        let store = Node.store(Store(.local(0), place, value))
        return [
          .loop(DependenceTests.over(b.b, [.loop(DependenceTests.over(four, [store]))]))
        ]
      })
  }

  /// Two rows of 36 elements, of which 32 are written, one row of which is read, or both with what is
  /// between them.
  @Test func runsOfElementsCoverWhatIsReadInOneOfThem() {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: 72)]
    let four = b.k.variable("four", 4)
    let wide = b.k.variable("wide", 64)
    let place = IndexExpression(b.b) * 36 + IndexExpression(four) * 8 + IndexExpression(b.j)
    var body = [Node]()
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &body)
    var write = [Node.store(Store(.local(0), place, value))]
    for variable in [b.j, four, b.b] { write = [.loop(DependenceTests.over(variable, write))] }
    for (row, length, isRight) in [
      (36, b.j, true), (0, b.m, true), (0, wide, false), (29, b.m, false),
    ] {
      var reading = [Node]()
      let kept = b.k.define(
        .load(.local(0), IndexExpression(length) + row, condition: nil), in: &reading)
      reading.append(.store(Store(.slot(Bench.z), IndexExpression(b.i), kept)))
      let loop = DependenceTests.over(
        b.i, body + write + [.loop(DependenceTests.over(length, reading))])
      #expect(b.analysis(of: [.loop(loop)]).mayPrivatize(0, to: loop).isGranted == isRight)
    }
  }

  @Test func aWriteUnderAConditionDoesNotCount() {
    #expect(
      !isPrivate { b, value in
        var body = [Node]()
        let holds = b.k.define(
          .inBounds([Bound(IndexExpression(b.i), lower: 1, upper: 8)]), .i1, in: &body)
        var store = Store(.local(0), IndexExpression(b.m), value)
        store.condition = holds
        return body + [.loop(DependenceTests.over(b.m, [.store(store)]))]
      })
  }

  @Test func aLoopThatMayEndBeforeItStartsDoesNotCount() {
    var b = Bench()
    let rows = loop(&b) { b, value in
      var loop = DependenceTests.over(b.m, [.store(Store(.local(0), IndexExpression(b.m), value))])
      loop.range = .condition(ScalarID(0))
      return [.loop(loop)]
    }
    #expect(
      b.analysis(of: [.loop(rows)]).mayPrivatize(0, to: rows) == .refused(.meeting(.local(0))))
  }

  /// `l[0] += v` reads what the iteration before has left.
  @Test func whatIsCombinedIsRead() {
    #expect(
      !isPrivate { b, value in
        [.store(Store(.local(0), 3, value, combining: .add)), run(b.m, from: 0, value)]
      })
    #expect(
      isPrivate { b, value in
        [run(b.m, from: 0, value), .store(Store(.local(0), 3, value, combining: .add))]
      })
  }

  /// Rows of a block of four, written in one loop over them and read in another.
  @Test(arguments: [(4, true), (8, false)])
  func rowsOfABlockAreCoveredByRowsOfTheSame(_ size: Int, _ isRight: Bool) {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, shape: [8, 8])]
    func rows(_ row: VariableID, of size: Int, _ body: [Node]) -> Node {
      var loop = DependenceTests.over(row, body)
      loop.range = .block(b.b, size: size)
      return .loop(loop)
    }
    let start = IndexExpression(b.b) * -32
    let (i, m, j) = (IndexExpression(b.i), IndexExpression(b.m), IndexExpression(b.j))
    var writing = [Node]()
    let value = b.k.load(Bench.x, b.place(i, j), in: &writing)
    writing.append(.store(Store(.local(0), b.place(i, j) + start, value)))
    var reading = [Node]()
    let kept = b.k.define(.load(.local(0), b.place(m, j) + start, condition: nil), in: &reading)
    reading.append(.store(Store(.slot(Bench.y), b.place(m, j), kept)))
    let blocks = DependenceTests.over(
      b.b,
      [
        rows(b.i, of: 4, [.loop(DependenceTests.over(b.j, writing))]),
        rows(b.m, of: size, [.loop(DependenceTests.over(b.j, reading))]),
      ])
    let permission = b.analysis(of: [.loop(blocks)]).mayPrivatize(0, to: blocks)
    #expect(permission.isGranted == isRight)
  }

  /// Rows are written in a loop over a block's rows, and read in one over the rows of its strips.
  @Test(arguments: [(2, true), (1, false)])
  func rowsOfStripsAreThoseOfTheirBlock(_ size: Int, _ isRight: Bool) {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, shape: [4])]
    let strip = b.k.variable("strip", 4)
    func part(_ row: VariableID, of block: VariableID, _ size: Int, _ body: [Node]) -> Node {
      var loop = DependenceTests.over(row, body)
      loop.range = .block(block, size: size)
      return .loop(loop)
    }
    let start = IndexExpression(b.b) * -4
    let (i, m) = (IndexExpression(b.i), IndexExpression(b.m))
    var writing = [Node]()
    let value = b.k.load(Bench.x, i, in: &writing)
    writing.append(.store(Store(.local(0), i + start, value)))
    var reading = [Node]()
    let kept = b.k.define(.load(.local(0), m + start, condition: nil), in: &reading)
    reading.append(.store(Store(.slot(Bench.y), m, kept)))
    let written = [
      part(strip, of: b.b, 2, [part(b.i, of: strip, size, writing)]),
      part(b.m, of: b.b, 4, reading),
    ]
    let read = [
      part(b.i, of: b.b, 2 * size, writing),
      part(strip, of: b.b, 2, [part(b.m, of: strip, 2, reading)]),
    ]
    for body in [written, read] {
      let blocks = DependenceTests.over(b.b, body)
      let permission = b.analysis(of: [.loop(blocks)]).mayPrivatize(0, to: blocks)
      #expect(permission.isGranted == isRight)
    }
  }

  @Test(arguments: [(0, true), (8, false), (-1, false)])
  func rowsAreKeptWhereStepsStayInThem(_ offset: Int, _ isRight: Bool) {
    var b = Bench()
    let (i, j, m) = (IndexExpression(b.i), IndexExpression(b.j), IndexExpression(b.m))
    func rows(_ row: VariableID, _ body: [Node]) -> Node {
      .loop(DependenceTests.over(row, [.loop(DependenceTests.over(b.j, body))]))
    }
    let first = rows(b.i, b.copy((Bench.x, b.place(i, j)), to: (Bench.y, b.place(i, j))))
    let second = rows(
      b.m, b.copy((Bench.y, b.place(m, j) + offset), to: (Bench.z, b.place(m, j))))
    let permission = b.analysis(of: [first, second])
      .mayKeepRows(of: .slot(Bench.y), in: [first, second], count: 8)
    #expect(permission == (isRight ? .granted : .refused(.meeting(.slot(Bench.y)))))
  }

  /// Each lane's array holds what its last row left.
  @Test func anArrayOfEachLaneDoesNotGoFromLoopToLoop() {
    var b = Bench()
    let rows = loop(&b, isPerLane: true) { b, value in [run(b.m, from: 0, value)] }
    let parts = [Array(rows.body.dropLast()), [rows.body[rows.body.count - 1]]]
    let analysis = b.analysis(of: [.loop(rows)])
    #expect(analysis.mayDistribute(rows, into: parts) == .refused(.meeting(.local(0))))
    #expect(analysis.mayDistribute(rows, into: parts, expanding: [0]).isGranted)
  }

  /// A table of two halves, each written along the strips of its rows, is read as a whole.
  @Test(arguments: [(2, true), (1, false)])
  func stripsCoverAllRowsTogether(_ size: Int, _ isRight: Bool) {
    var b = Bench()
    b.k.kernel.locals = [Kernel.Local(element: .f32, shape: [128])]
    let strip = b.k.variable("strip", 4)
    let wide = b.k.variable("wide", 128)
    var body = [Node]()
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &body)
    let place = b.place(IndexExpression(b.m), IndexExpression(b.j))
    let stores = [0, 64].map { Node.store(Store(.local(0), place + $0, value)) }
    var rows = DependenceTests.over(b.m, [.loop(DependenceTests.over(b.j, stores))])
    rows.range = .block(strip, size: size)
    body.append(.loop(DependenceTests.over(strip, [.loop(rows)])))
    var reading = [Node]()
    let kept = b.k.define(.load(.local(0), IndexExpression(wide), condition: nil), in: &reading)
    reading.append(.store(Store(.slot(Bench.z), IndexExpression(b.i), kept)))
    let loop = DependenceTests.over(b.i, body + [.loop(DependenceTests.over(wide, reading))])
    #expect(b.analysis(of: [.loop(loop)]).mayPrivatize(0, to: loop).isGranted == isRight)
  }
}
