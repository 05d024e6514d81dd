import LoopIR
import TensorIR
import Testing

/// Sums in memory become accumulators, stores and sums of other loops only where nothing else sees them.
@Suite struct SumDependenceTests {
  private typealias Bench = DependenceTests.Bench

  /// `z[place] ⊕= x[i]` for several places.
  private func updates(
    _ b: inout Bench, _ places: [(IndexExpression, Reduction.Kind?)]
  ) -> [Node] {
    var body = [Node]()
    let value = b.k.load(Bench.x, IndexExpression(b.i), in: &body)
    return body
      + places.map { .store(Store(.slot(Bench.z), $0.0, value, combining: $0.1)) }
  }

  @Test func sumsOfSharedElementsMayBeAccumulators() {
    var b = Bench()
    let body = updates(&b, [(0, .add), (IndexExpression(b.m), .add)])
    let loop = DependenceTests.over(b.i, body)
    let analysis = b.analysis(of: [.loop(loop)])
    #expect(analysis.mayBeAccumulators(.slot(Bench.z), in: body, of: loop).isGranted)
  }

  @Test func sumsThatOtherStatementsSeeMayNot() {
    var b = Bench()
    let i = IndexExpression(b.i)
    let (add, others) = (
      updates(&b, [(0, .add)]),
      [
        updates(&b, [(1, .maximum)]), updates(&b, [(1, nil)]), updates(&b, [(i, .add)]),
        b.copy((Bench.z, 0), to: (Bench.y, i)),
        [.loop(DependenceTests.over(b.j, updates(&b, [(0, .add)])))],
      ]
    )
    for other in others {
      let loop = DependenceTests.over(b.i, add + other)
      let permission = b.analysis(of: [.loop(loop)])
        .mayBeAccumulators(.slot(Bench.z), in: loop.body, of: loop)
      #expect(permission == .refused(.meeting(.slot(Bench.z))))
    }
  }

  @Test func sumsAreStoredWhereTheyAreAllElements() {
    var b = Bench()
    b.program.buffers[Bench.z].type = TensorType([2], .f32)
    func permission(_ places: [IndexExpression], before: [Node] = []) -> Permission {
      let loop = DependenceTests.over(b.i, updates(&b, places.map { ($0, .add) }))
      return b.analysis(of: before + [.loop(loop)])
        .mayBeStored(.slot(Bench.z), in: loop.body, of: loop)
    }
    #expect(permission([0, 1]).isGranted)
    #expect(permission([1, 0]).isGranted)
    for places: [IndexExpression] in [[0], [0, 0], [0, 1, 1], [0, IndexExpression(b.m)]] {
      #expect(permission(places) == .refused(.meeting(.slot(Bench.z))))
    }
    let other = Node.loop(DependenceTests.over(b.j, b.copy((Bench.x, 0), to: (Bench.z, 0))))
    #expect(permission([0, 1], before: [other]) == .refused(.meeting(.slot(Bench.z))))
  }

  @Test func sumsAreStoredWhereIterationsFinishTheirRows() {
    var b = Bench()
    b.program.buffers[Bench.z].type = TensorType([8, 2], .f32)
    let row = IndexExpression(b.i) * 2
    func permission(_ places: [IndexExpression]) -> Permission {
      let loop = DependenceTests.over(b.i, updates(&b, places.map { ($0, .add) }))
      return b.analysis(of: [.loop(loop)]).mayBeStored(.slot(Bench.z), rowByRowIn: loop)
    }
    #expect(permission([row, row + 1]).isGranted)
    // Two rows meet, one element stays, one is added to twice.
    for places in [[row, row + 2], [row], [row, row + 1, row + 1]] {
      #expect(permission(places) == .refused(.meeting(.slot(Bench.z))))
    }
  }

  /// `z[at[i]] += x[i]`, with or without a look at `z[0]`.
  @Test func updatesThatIterationsReadKeepTheirOrder() {
    var b = Bench()
    for isRead in [false, true] {
      var body = [Node]()
      let place = b.k.load(Bench.at, IndexExpression(b.i), .i64, in: &body)
      let value = b.k.load(isRead ? Bench.z : Bench.x, 0, in: &body)
      body.append(
        .store(Store(.slot(Bench.z), IndexExpression(.scalar(place)), value, combining: .add)))
      let loop = DependenceTests.over(b.i, body)
      let analysis = b.analysis(of: [.loop(loop)])
      #expect(analysis.mayReorderUpdates(of: .slot(Bench.z), in: loop).isGranted == !isRead)
      // What is written goes with where it is written, or comes before.
      let parts = [Array(body.dropLast()), [body[body.count - 1]]]
      #expect(analysis.mayDistribute(loop, into: parts).isGranted == !isRead)
    }
  }

  @Test func whatTheKernelWritesIsNotReadAgain() {
    var b = Bench()
    let i = IndexExpression(b.i)
    var (steady, written) = ([Node](), [Node]())
    _ = b.k.unary(.exponential, b.k.load(Bench.x, i, in: &steady), in: &steady)
    _ = b.k.load(Bench.z, i, in: &written)
    let loop = DependenceTests.over(
      b.i, steady + written + b.copy((Bench.x, i), to: (Bench.z, i)))
    let analysis = b.analysis(of: [.loop(loop)])
    #expect(analysis.mayRepeat(steady).isGranted)
    #expect(analysis.mayRepeat(written) == .refused(.meeting(.slot(Bench.z))))
    #expect(analysis.mayRepeat(b.copy((Bench.x, i), to: (Bench.y, i))) == .refused(.shape))
  }

  @Test func sumsAlongRowsStandAroundTheRows() {
    var b = Bench()
    let (i, j) = (IndexExpression(b.i), IndexExpression(b.j))
    func permission(_ body: [Node]) -> Permission {
      DependenceTests.over(b.j, body).maySum(across: b.i)
    }
    let from = (Bench.x, b.place(i, j))
    #expect(permission(b.copy(from, to: (Bench.z, j), combining: .add)).isGranted)
    let meeting = Permission.refused(.meeting(.slot(Bench.z)))
    #expect(permission(b.copy(from, to: (Bench.z, j))) == meeting)
    #expect(permission(b.copy(from, to: (Bench.z, b.place(i, j)), combining: .add)) == meeting)
    #expect(permission(b.copy((Bench.z, j + 1), to: (Bench.z, j), combining: .add)) == meeting)
    let twice =
      b.copy(from, to: (Bench.z, j), combining: .add)
      + b.copy(from, to: (Bench.z, j), combining: .maximum)
    #expect(permission(twice) == meeting)
  }
}
