import LoopIR
import TensorIR
import Testing

/// Each invariant of kernels refuses what breaks it, and nothing else.
@Suite struct VerificationTests {
  /// A program over `x: f32[4,6]`, `w: f64[8]`, `at: i64[4]` and results `y: f32[4,6]`,
  /// `z: f32[24]`, with one kernel in which `i` is below 4, `j` below 6 and `p` below 2.
  struct Bench {
    var program = LoopProgram(name: "bench")
    var k = KernelSketch("k0", slots: [0, 1, 2, 3, 4])
    let (i, j, p): (VariableID, VariableID, VariableID)
    var body = [Node]()

    init() {
      let storages: [(String, TensorType, Buffer.Storage)] = [
        ("x", TensorType([4, 6], .f32), .argument(0)),
        ("w", TensorType([8], .f64), .argument(1)),
        ("at", TensorType([4], .i64), .argument(2)),
        ("y", TensorType([4, 6], .f32), .result(0)),
        ("z", TensorType([24], .f32), .result(1)),
      ]
      program.buffers = storages.map { Buffer(name: $0.0, type: $0.1, storage: $0.2) }
      i = k.variable("i", 4)
      j = k.variable("j", 6)
      p = k.variable("p", 2)
    }

    /// The address of `[i, j]`.
    var place: IndexExpression { .at([i, j], [4, 6]) }
    /// An address of one variable.
    func at(_ variable: VariableID) -> IndexExpression { IndexExpression(variable) }

    /// What verifying the kernel says; nil where it is fine.
    mutating func failure() -> String? {
      k.kernel.body = body
      do {
        try k.kernel.verify(in: program, provesGuards: true)
        return nil
      } catch {
        return (error as? AdjointError)?.message ?? "\(error)"
      }
    }
  }

  /// A way to break a kernel and what is said about it; or a name for one that is fine.
  struct Mistake: CustomTestStringConvertible, Sendable {
    var says: String
    var build: @Sendable (inout Bench) -> Void
    var testDescription: String { says }

    init(_ says: String, _ build: @escaping @Sendable (inout Bench) -> Void) {
      self.says = says
      self.build = build
    }
  }

  @Test(arguments: scopes + bounds + sharing + types + products + recurrences)
  func refuses(_ mistake: Mistake) throws {
    var bench = Bench()
    mistake.build(&bench)
    #expect(bench.failure() == "kernel k0: " + mistake.says)
  }

  // MARK: K10

  /// The body of a loop over `j` with the carry `t0`: what is multiplied with it, what is added to that,
  /// the next value and a store of it.
  private static func recurrence(
    _ b: inout Bench, _ body: (inout Bench, ScalarID, inout [Node]) -> (Recurrence?, ScalarID)
  ) {
    let (current, result) = (b.k.scalar(), b.k.scalar())
    let initial = b.k.number(0, in: &b.body)
    var nodes = [Node]()
    let (recurrence, next) = body(&b, current, &nodes)
    nodes.append(.store(Store(.slot(4), b.at(b.j), next)))
    var loop = Loop(b.j)
    loop.schedule = .vector(width: 8, interleave: 1)
    loop.carries = [
      Carry(
        current: current, initial: initial, next: next, result: result, recurrence: recurrence)
    ]
    loop.body = nodes
    b.body.append(.loop(loop))
  }

  static let recurrences: [Mistake] = [
    Mistake("K1: t0 is no carry of a serial loop, of one type") { b in
      recurrence(&b) { b, current, nodes in
        let x = b.k.load(0, b.at(b.j), in: &nodes)
        return (nil, b.k.binary(.add, current, x, in: &nodes))
      }
    },
    Mistake("K10: t0 is read before what it is computed by is defined") { b in
      recurrence(&b) { b, current, nodes in
        let x = b.k.load(0, b.at(b.j), in: &nodes)
        let next = b.k.binary(.multiply, current, x, in: &nodes)
        let zero = b.k.number(0, in: &nodes)
        return (Recurrence([x, zero]), next)
      }
    },
    Mistake("K10: t0 is computed by scalars of another type") { b in
      recurrence(&b) { b, current, nodes in
        let x = b.k.load(0, b.at(b.j), in: &nodes)
        let zero = b.k.number(0, .f64, in: &nodes)
        return (Recurrence([x, zero]), b.k.binary(.multiply, current, x, in: &nodes))
      }
    },
  ]

  @Test func recurrencesInLanesAreFine() {
    var bench = Bench()
    Self.recurrence(&bench) { b, current, nodes in
      let x = b.k.load(0, b.at(b.j), in: &nodes)
      let zero = b.k.number(0, in: &nodes)
      return (Recurrence([x, zero]), b.k.binary(.multiply, current, x, in: &nodes))
    }
    #expect(bench.failure() == nil)
  }

  // MARK: K1 and K2

  static let scopes: [Mistake] = [
    Mistake("K1: t0 is defined twice") { b in
      let one = b.k.number(1, in: &b.body)
      b.body.append(.define(one, .literal(floats([], [2]))))
    },
    Mistake("K1: t0 is read where no definition is visible") { b in
      var inner = [Node]()
      let load = b.k.load(0, b.place, in: &inner)
      b.body = [
        loop(b.i, [loop(b.j, inner), .store(Store(.slot(4), b.at(b.i), load))])
      ]
    },
    Mistake("K1: accumulator t0 is read inside its loop") { b in
      let sum = b.k.scalar()
      b.body = [
        loop(
          b.i, .serial, .full, accumulators: [Accumulator(sum, .add)],
          [.store(Store(.slot(4), b.at(b.i), sum))])
      ]
    },
    Mistake("K1: t0 is no accumulator of a loop around") { b in
      let sum = b.k.scalar()
      b.body = [loop(b.i, .serial, .full, accumulators: [Accumulator(sum, .add)], [])]
      let one = b.k.number(1, in: &b.body)
      b.body.append(.accumulate(sum, value: one))
    },
    Mistake("K1: t0 is added to in a branch, or a loop of unknown count") { b in
      let sum = b.k.scalar()
      var inner = [Node]()
      let one = b.k.number(1, in: &inner)
      let holds = b.k.define(
        .inBounds([Bound(IndexExpression(b.i), lower: 0, upper: 1)]), .i1, in: &inner)
      inner.append(loop(b.j, .serial, .once(if: holds), [.accumulate(sum, value: one)]))
      b.body = [loop(b.i, .serial, .full, accumulators: [Accumulator(sum, .add)], inner)]
    },
    Mistake("K2: variable i is used outside its loop") { b in
      b.body = [loop(b.i, [])]
      _ = b.k.load(0, b.at(b.i), in: &b.body)
    },
    Mistake("K2: an index looks up integer 3 of a formula") { b in
      _ = b.k.load(0, IndexExpression(.lookup(LookupID(3))), in: &b.body)
    },
    Mistake("K2: the loop of i stands inside a loop of the same variable") { b in
      b.body = [loop(b.i, [loop(b.i, [])])]
    },
    Mistake("K2: variable p is used outside its loop") { b in
      b.body = [loop(b.i, .serial, .block(b.p, size: 2), [])]
    },
    Mistake("blocks of 2 by p do not cover j") { b in
      b.body = [loop(b.p, [loop(b.j, .serial, .block(b.p, size: 2), [])])]
    },
  ]

  // MARK: K3

  static let bounds: [Mistake] = [
    Mistake("K3: indices 1...24 into the 24 elements of x") { b in
      var inner = [Node]()
      _ = b.k.load(0, b.place + 1, in: &inner)
      b.body = [loop(b.i, [loop(b.j, inner)])]
    },
    Mistake("K3: indices -1...2 into the 24 elements of z") { b in
      let one = b.k.number(1, in: &b.body)
      b.body.append(loop(b.i, [.store(Store(.slot(4), b.at(b.i) + -1, one))]))
    },
    Mistake("K3: an index into x has no known bounds") { b in
      let index = b.k.load(2, IndexExpression(0), .i64, in: &b.body)
      _ = b.k.load(0, IndexExpression(.scalar(index)), in: &b.body)
    },
    Mistake("K3: where t0 holds, indices 1...24 into the 24 elements of x") { b in
      b.body = guarded(&b, by: [(0, 4, .i)], at: { $0.place + 1 })
    },
    Mistake("K3: where t0 holds, indices -6...17 into the 24 elements of x") { b in
      // The bound lets one row too many in.
      b.body = guarded(&b, by: [(-1, 3, .before)], at: { $0.place + -6 })
    },
    Mistake("K3: where t1 holds, an index into x has no known bounds") { b in
      // A condition of computed values says nothing of an index.
      let index = b.k.load(2, IndexExpression(0), .i64, in: &b.body)
      let holds = b.k.define(
        .apply(.compare(.less), [index, index]), .i1, in: &b.body)
      _ = b.k.load(0, IndexExpression(.scalar(index)), if: holds, in: &b.body)
    },
    Mistake("K3: where t2 holds, indices 0...27 into the 24 elements of x") { b in
      // Rows are inside, columns are not.
      let row = b.k.load(2, IndexExpression(0), .i64, in: &b.body)
      let column = b.k.load(2, IndexExpression(1), .i64, in: &b.body)
      let bounds = [
        Bound(IndexExpression(.scalar(row)), lower: 0, upper: 4),
        Bound(IndexExpression(.scalar(column)), lower: 0, upper: 10),
      ]
      let holds = b.k.define(.inBounds(bounds), .i1, in: &b.body)
      let place = IndexExpression(.scalar(row)) * 6 + IndexExpression(.scalar(column))
      _ = b.k.load(0, place, if: holds, in: &b.body)
    },
    Mistake("K3: where t2 holds, indices 0...24 into the 24 elements of z") { b in
      // A scatter whose window is one element longer than its guard says.
      let start = b.k.load(2, IndexExpression(0), .i64, in: &b.body)
      let one = b.k.number(1, in: &b.body)
      let bound = Bound(IndexExpression(.scalar(start)), lower: 0, upper: 20)
      let holds = b.k.define(.inBounds([bound]), .i1, in: &b.body)
      let place = IndexExpression(.scalar(start)) + b.at(b.j)
      b.body.append(
        loop(b.j, [.store(Store(.slot(4), place, one, combining: .add, condition: holds))]))
    },
    Mistake("K3: indices 0...5 into the 3 elements of l0") { b in
      b.k.kernel.locals = [Kernel.Local(element: .f32, count: 3)]
      let one = b.k.number(1, in: &b.body)
      b.body.append(loop(b.j, [.store(Store(.local(0), b.at(b.j), one))]))
    },
    Mistake("K3: indices 0...1 into the 1 elements of l0") { b in
      b.body = placingInBlocks(of: 2, count: 1, &b)
    },
    Mistake("K3: indices -3...3 into the 2 elements of l0") { b in
      b.body = placingInBlocks(of: 3, count: 2, &b) + [loop(b.i, [])]
    },
  ]

  /// Index expressions of guards in `guarded`.
  private enum Tested {
    case i, before
  }

  /// Loops over all of `x` that load at an address where some bounds hold.
  private static func guarded(
    _ b: inout Bench, by bounds: [(lower: Int, upper: Int, tested: Tested)],
    at address: (Bench) -> IndexExpression
  ) -> [Node] {
    var inner = [Node]()
    let tests = bounds.map { bound in
      Bound(b.at(b.i) + (bound.tested == .i ? 0 : -1), lower: bound.lower, upper: bound.upper)
    }
    let holds = b.k.define(.inBounds(tests), .i1, in: &inner)
    _ = b.k.load(0, address(b), if: holds, in: &inner)
    return [loop(b.i, [loop(b.j, inner)])]
  }

  /// What bounds and clamps prove of an address: sums of terms, quotients, both of two conditions, and
  /// what can never hold.
  @Test(arguments: insideGuards)
  func acceptsGuardedAccesses(_ kernel: Mistake) {
    var bench = Bench()
    kernel.build(&bench)
    #expect(bench.failure() == nil)
  }

  static let insideGuards: [Mistake] = [
    Mistake("a row before the first one") { b in
      b.body = guarded(&b, by: [(0, 3, .before)], at: { $0.place + -6 })
    },
    Mistake("sums of two variables, as of windows") { b in
      var inner = [Node]()
      let row = b.at(b.i) + b.at(b.p) + -1
      let holds = b.k.define(.inBounds([Bound(row, lower: 0, upper: 4)]), .i1, in: &inner)
      _ = b.k.load(0, row * 6 + b.at(b.j), if: holds, in: &inner)
      b.body = [loop(b.i, [loop(b.p, [loop(b.j, inner)])])]
    },
    Mistake("quotients, as of strides that are taken apart") { b in
      var inner = [Node]()
      let line = b.at(b.i) * 6 + b.at(b.j) + -4
      let holds = b.k.define(.inBounds([Bound(line, lower: 0, upper: 16)]), .i1, in: &inner)
      _ = b.k.load(1, line.divided(by: 2), .f64, if: holds, in: &inner)
      b.body = [loop(b.i, [loop(b.j, inner)])]
    },
    Mistake("two conditions together") { b in
      let row = b.k.load(2, IndexExpression(0), .i64, in: &b.body)
      let column = b.k.load(2, IndexExpression(1), .i64, in: &b.body)
      let holds = [(row, 4), (column, 6)].map { scalar, extent in
        let bound = Bound(IndexExpression(.scalar(scalar)), lower: 0, upper: extent)
        return b.k.define(.inBounds([bound]), .i1, in: &b.body)
      }
      let both = b.k.define(.apply(.binary(.and), holds), .i1, in: &b.body)
      let place = IndexExpression(.scalar(row)) * 6 + IndexExpression(.scalar(column))
      _ = b.k.load(0, place, if: both, in: &b.body)
    },
    Mistake("an index between two numbers") { b in
      let raw = b.k.load(2, IndexExpression(0), .i64, in: &b.body)
      let limits = [0, 23].map {
        b.k.define(
          .literal(Literal(TensorType([], .i64), integers: [$0])), .i64, in: &b.body)
      }
      let raised = b.k.binary(.maximum, raw, limits[0], in: &b.body)
      let clamped = b.k.binary(.minimum, raised, limits[1], in: &b.body)
      _ = b.k.load(0, IndexExpression(.scalar(clamped)), in: &b.body)
    },
    Mistake("a remainder that a sum leaves one value") { b in
      var inner = [Node]()
      let rest = b.at(b.i).remainder(by: 2)
      let bound = Bound(rest * 12 + b.at(b.j) + -12, lower: 0, upper: 12)
      let holds = b.k.define(.inBounds([bound]), .i1, in: &inner)
      _ = b.k.load(0, rest * 18 + b.at(b.j) + -18, if: holds, in: &inner)
      b.body = [loop(b.i, [loop(b.j, inner)])]
    },
    Mistake("what never happens") { b in
      b.body = guarded(&b, by: [(7, 9, .i)], at: { $0.place + 100 })
    },
    Mistake("bounds that do not hold together") { b in
      b.body = guarded(&b, by: [(0, 1, .i), (1, 3, .before)], at: { $0.place + 100 })
    },
    Mistake("what a quotient is of") { b in
      b.k.kernel.locals = [Kernel.Local(element: .f32, count: 2)]
      var inner = [Node]()
      let bound = Bound(b.at(b.i).divided(by: 2), lower: 1, upper: 2)
      let holds = b.k.define(.inBounds([bound]), .i1, in: &inner)
      _ = b.k.define(.load(.local(0), b.at(b.i) + -2, condition: holds), in: &inner)
      b.body = [loop(b.i, inner)]
    },
  ]

  /// Blocks of `i`, with a store to a local array at each iteration's place in its block.
  private static func placingInBlocks(of size: Int, count: Int, _ b: inout Bench) -> [Node] {
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: count)]
    var body = [Node]()
    let one = b.k.number(1, in: &body)
    let place = b.at(b.i) + b.at(b.p) * -size
    let rows = loop(
      b.i, .serial, .block(b.p, size: size), accumulators: [],
      [.store(Store(.local(0), place, one))])
    return body + [loop(b.p, [rows])]
  }

  @Test func placesInBlocksAreBounded() {
    var bench = Bench()
    bench.body = Self.placingInBlocks(of: 2, count: 2, &bench)
    #expect(bench.failure() == nil)
  }

  @Test func guardedAndUnreachedAccessesNeedNoBounds() {
    var bench = Bench()
    let holds = bench.k.define(
      .inBounds([Bound(IndexExpression(99), lower: 0, upper: 24)]), .i1, in: &bench.body)
    _ = bench.k.load(0, IndexExpression(99), if: holds, in: &bench.body)
    let never = bench.k.variable("e", 0)
    var inner = [Node]()
    _ = bench.k.load(0, IndexExpression(never) + 99, in: &inner)
    bench.body.append(loop(never, inner))
    #expect(bench.failure() == nil)
  }

  // MARK: K4 and K5

  /// A parallel loop over `i` that stores one to `z` at the address, in a loop over `j`.
  private static func storing(
    _ address: @escaping @Sendable (Bench) -> IndexExpression
  ) -> @Sendable (inout Bench) -> Void {
    { b in
      let one = b.k.number(1, in: &b.body)
      b.body.append(
        loop(b.i, .parallel, [loop(b.j, [.store(Store(.slot(4), address(b), one))])]))
    }
  }

  static let sharing: [Mistake] = [
    Mistake("K4: the parallel loop of j is not outermost") { b in
      b.body = [loop(b.i, [loop(b.j, .parallel, [])])]
    },
    Mistake("K4: the parallel loop of i has an accumulator") { b in
      let sum = b.k.scalar()
      b.body = [loop(b.i, .parallel, .full, accumulators: [Accumulator(sum, .add)], [])]
    },
    Mistake("K4: iterations of i may meet in the elements of z", storing { $0.at($0.j) }),
    Mistake(
      "K4: iterations of i may meet in the elements of z", storing { $0.at($0.i) + $0.at($0.j) }),
    Mistake(
      "K4: iterations of i may meet in the elements of z",
      storing { $0.at($0.i) * 5 + $0.at($0.j) }),
    Mistake(
      "K4: iterations of i may meet in the elements of z",
      storing { $0.at($0.i).divided(by: 2) * 6 + $0.at($0.j) }),
    Mistake("K4: iterations of i may meet in the elements of z") { b in
      var inner = [Node]()
      let next = b.k.load(4, b.at(b.i) + 1, in: &inner)
      inner.append(.store(Store(.slot(4), b.at(b.i), next)))
      b.body = [loop(b.i, .parallel, inner)]
    },
    Mistake("K4: iterations of p may meet in the elements of z") { b in
      let one = b.k.number(1, in: &b.body)
      b.body.append(
        loop(
          b.p, .parallel,
          [
            loop(b.j, .serial, .block(b.p, size: 3), [.store(Store(.slot(4), b.at(b.j), one))]),
            .store(Store(.slot(4), b.at(b.p) * 3 + 1, one)),
            .store(Store(.slot(4), b.at(b.p) + 6, one)),
          ]))
    },
    Mistake("K4: iterations of i may meet in the elements of l0") { b in
      b.k.kernel.locals = [Kernel.Local(element: .f32, count: 1)]
      var inner = [Node]()
      let value = b.k.load(0, b.at(b.i), in: &inner)
      inner.append(.store(Store(.local(0), IndexExpression(0), value, combining: .add)))
      let sum = b.k.define(.load(.local(0), IndexExpression(0), condition: nil), in: &inner)
      inner.append(.store(Store(.slot(4), b.at(b.i), sum)))
      b.body = [loop(b.i, .parallel, inner)]
    },
    Mistake("K9: local arrays of 200000 bytes are on the stack") { b in
      b.k.kernel.locals = [
        Kernel.Local(element: .f32, shape: [25_000]), Kernel.Local(element: .f64, shape: [12_500]),
      ]
    },
    Mistake("K5: the vector loop of j is inside another") { b in
      let vector = Loop.Schedule.vector(width: 4, interleave: 1)
      b.body = [loop(b.i, vector, [loop(b.p, [loop(b.j, vector, [])])])]
    },
    Mistake("K6: the tiled loop of i holds more than a vector loop") { b in
      b.body = [loop(b.i, .tiled(size: 4), [loop(b.j, [])])]
    },
    Mistake("K6: iterations of p may meet in the elements of z") { b in
      var inner = [Node]()
      let place = b.at(b.p) * 12 + b.at(b.i) * 2
      let holds = b.k.define(.inBounds([Bound(place, lower: 0, upper: 14)]), .i1, in: &inner)
      let value = b.k.load(4, place + 10, if: holds, in: &inner)
      inner.append(.store(Store(.slot(4), place, value)))
      b.body = [loop(b.p, .tiled(size: 2), [loop(b.i, .vector(width: 4, interleave: 1), inner)])]
    },
    Mistake("K8: iterations of j may meet in the elements of z") { b in
      var inner = [Node]()
      let before = b.k.load(4, b.at(b.j), in: &inner)
      inner.append(.store(Store(.slot(4), b.at(b.j) + 1, before)))
      b.body = [loop(b.j, .vector(width: 4, interleave: 1), inner)]
    },
    Mistake("K7: the tiled loop of j in lanes does more than copy rows") { b in
      copyingRows(from: b.place, size: 4, &b)
      b.k.kernel.locals[0].isPerLane = false
    },
    Mistake(
      "K7: the tiled loop of j in lanes does more than copy rows",
      { copyingRows(from: $0.at($0.j), size: 4, &$0) }),
    Mistake(
      "K7: the tiled loop of j in lanes does more than copy rows",
      { copyingRows(from: $0.place, size: 3, &$0) }),
    Mistake(
      "K7: the tiled loop of j in lanes does more than copy rows",
      { copyingRows(from: $0.place, size: 8, &$0) }),
  ]

  /// Copies what is at an address of `x` to an array of each lane and from there to `y`.
  private static func copyingRows(from address: IndexExpression, size: Int, _ b: inout Bench) {
    b.k.kernel.locals = [Kernel.Local(element: .f32, count: 6, isPerLane: true)]
    var (inwards, outwards) = ([Node](), [Node]())
    let read = b.k.load(0, address, in: &inwards)
    inwards.append(.store(Store(.local(0), b.at(b.j), read)))
    let kept = b.k.define(.load(.local(0), b.at(b.j), condition: nil), in: &outwards)
    outwards.append(.store(Store(.slot(3), b.place, kept)))
    b.body = [
      loop(
        b.i, .vector(width: 4, interleave: 1),
        [inwards, outwards].map { loop(b.j, .tiled(size: size), $0) })
    ]
  }

  @Test func rowsMayBeCopiedInLanes() {
    var bench = Bench()
    Self.copyingRows(from: bench.place, size: 4, &bench)
    #expect(bench.failure() == nil)
  }

  static let separate: [Mistake] = [
    Mistake("rows", storing { $0.place }),
    Mistake("columns", storing { $0.at($0.j) * 4 + $0.at($0.i) }),
    Mistake("rows backwards", storing { $0.at($0.i) * -6 + $0.at($0.j) + 18 }),
    Mistake(
      "rows of two axes",
      storing { $0.at($0.i).divided(by: 2) * 12 + $0.at($0.i).remainder(by: 2) * 6 + $0.at($0.j) }),
    Mistake("blocks of rows") { b in
      let one = b.k.number(1, in: &b.body)
      let rows = loop(b.j, [.store(Store(.slot(3), b.place, one))])
      b.body.append(loop(b.p, .parallel, [loop(b.i, .serial, .block(b.p, size: 2), [rows])]))
    },
    Mistake("even from odd") { b in
      var inner = [Node]()
      let own = b.k.load(4, b.at(b.i) * 2 + 1, in: &inner)
      inner.append(.store(Store(.slot(4), b.at(b.i) * 2, own)))
      b.body = [loop(b.i, .parallel, inner)]
    },
  ]

  @Test(arguments: separate)
  func acceptsSeparateIterations(_ kernel: Mistake) {
    var bench = Bench()
    kernel.build(&bench)
    #expect(bench.failure() == nil)
  }

  /// A transposed store by the quotient and remainder of the parallel variable: batch and head.
  @Test func acceptsSplitParallelVariable() {
    var bench = Bench()
    let (quotient, rest) = (
      bench.at(bench.i).divided(by: 2), bench.at(bench.i).remainder(by: 2)
    )
    let one = bench.k.number(1, in: &bench.body)
    bench.program.buffers[4].type = TensorType([2, 6, 2], .f32)
    let address = quotient * 12 + bench.at(bench.j) * 2 + rest
    bench.body.append(
      loop(
        bench.i, .parallel, [loop(bench.j, [.store(Store(.slot(4), address, one))])]))
    #expect(bench.failure() == nil)
  }

  // MARK: Types and tables

  static let types: [Mistake] = [
    Mistake("t0 is f32, not f64") { b in _ = b.k.load(1, IndexExpression(0), .f32, in: &b.body) },
    Mistake("a store of f64 into memory of f32") { b in
      let value = b.k.load(1, IndexExpression(0), .f64, in: &b.body)
      b.body.append(.store(Store(.slot(4), IndexExpression(0), value)))
    },
    Mistake("a store into x, which is read only") { b in
      let one = b.k.number(1, in: &b.body)
      b.body.append(.store(Store(.slot(0), IndexExpression(0), one)))
    },
    Mistake("there is no slot 7") { b in _ = b.k.load(7, IndexExpression(0), in: &b.body) },
    Mistake("there is no local 0") { b in
      _ = b.k.define(.load(.local(0), IndexExpression(0), condition: nil), in: &b.body)
    },
    Mistake("t9 is not in the scalar table") { b in
      b.body.append(.define(ScalarID(9), .literal(floats([], [1]))))
    },
    Mistake("variable 9 is not in the variable table") { b in b.body = [loop(VariableID(9), [])] },
    Mistake("a literal of tensor<2xf32> is no scalar") { b in
      _ = b.k.define(.literal(floats([2], [1, 2])), in: &b.body)
    },
    Mistake("condition t0 is not i1") { b in
      let one = b.k.number(1, in: &b.body)
      _ = b.k.load(0, IndexExpression(0), if: one, in: &b.body)
    },
    Mistake("an index of f32 t0") { b in
      let one = b.k.number(1, in: &b.body)
      _ = b.k.load(0, IndexExpression(.scalar(one)), in: &b.body)
    },
    Mistake("stablehlo.and does not combine f32") { b in
      let sum = b.k.scalar()
      b.body = [loop(b.i, .serial, .full, accumulators: [Accumulator(sum, .and)], [])]
    },
    Mistake("the bounds 3..<2 are reversed") { b in
      _ = b.k.define(.inBounds([Bound(IndexExpression(0), lower: 3, upper: 2)]), .i1, in: &b.body)
    },
    Mistake("a division by 0") { b in
      let index = IndexExpression(IndexExpression.Atom.quotient(IndexExpression(4), 0))
      _ = b.k.define(.index(index, .i64), .i64, in: &b.body)
    },
  ]

  @Test func operandsMustFitTheirFunction() {
    var bench = Bench()
    let one = bench.k.number(1, in: &bench.body)
    let wide = bench.k.number(1, .f64, in: &bench.body)
    _ = bench.k.define(.apply(.binary(.add), [one, wide]), in: &bench.body)
    #expect(bench.failure()?.hasSuffix("does not take f32, f64") == true)
  }

  // MARK: Products

  /// A product `z[m, n] = Σ_k x[m, k]·x[k, n]` over the first axes of `x`, changed by `change`.
  private static func product(
    _ change: @escaping @Sendable (inout Bench, inout Contract) -> Void
  ) -> @Sendable (inout Bench) -> Void {
    { b in
      let (m, n, d) = (b.k.variable("m", 4), b.k.variable("n", 5), b.k.variable("k", 3))
      let result = b.k.scalar()
      var contract = Contract(
        row: m, column: n, depth: d, left: b.k.factor(0, .at([m, d], [4, 6])),
        right: b.k.factor(0, .at([d, n], [3, 6])), element: .f32, result: result,
        tiling: .init(rows: 2, vectors: 1, width: 4, rowBlock: 4),
        body: [.store(Store(.slot(4), .at([m, n], [4, 5]), result))])
      change(&b, &contract)
      b.body.append(.contract(contract))
    }
  }

  @Test func acceptsAProduct() {
    var bench = Bench()
    Self.product { _, _ in }(&bench)
    #expect(bench.failure() == nil)
  }

  static let products: [Mistake] = [
    Mistake(
      "a store in a product is not contiguous in n",
      product { _, contract in
        let transposed = IndexExpression.at([contract.column, contract.row], [5, 4])
        contract.body = [.store(Store(.slot(4), transposed, contract.result))]
      }),
    Mistake(
      "K2: variable n is used outside its loop",
      product { b, contract in
        contract.left = b.k.factor(0, .at([contract.row, contract.column], [4, 6]))
      }),
    Mistake(
      "a factor of f64 in a product of f32",
      product { b, contract in
        contract.left = b.k.factor(1, .at([contract.depth], [3]), .f64)
      }),
    Mistake(
      "K3: indices 3...29 into the 24 elements of x",
      product { b, contract in
        contract.right = b.k.factor(0, .at([contract.column, contract.depth], [5, 6]) + 3)
      }),
    Mistake(
      "a product's factor does more than define scalars",
      product { b, contract in
        contract.left.body.append(
          .store(Store(.slot(4), IndexExpression(0), contract.left.value)))
      }),
    Mistake(
      "a product writes what its factors read",
      product { b, contract in contract.left = b.k.factor(4, IndexExpression(0)) }),
    Mistake(
      "K1: t1 is read where no definition is visible",
      product { _, contract in
        contract.body[0] = .store(
          Store(.slot(4), IndexExpression(contract.column), contract.left.value))
      }),
    Mistake(
      "a product's tile or panel is empty", product { _, contract in contract.tiling.rows = 0 }),
    Mistake(
      "a product's tile or panel is empty",
      product { _, contract in contract.tiling.panelDepth = 0 }),
    Mistake(
      "K2: variable p is used outside its loop",
      product { b, contract in contract.block = .init(variable: b.p, rows: 2, columns: 8) }),
    Mistake("K5: a product stands inside a vector loop") { b in
      product { _, _ in }(&b)
      b.body = [loop(b.i, .vector(width: 4, interleave: 1), b.body)]
    },
    Mistake("K4: p does not count the 4×1 blocks") { b in
      product { b, contract in contract.block = .init(variable: b.p, rows: 1, columns: 8) }(&b)
      b.body = [loop(b.p, .parallel, b.body)]
    },
    Mistake("K8: iterations of m may meet in the elements of z") { b in
      product { b, contract in
        contract.block = .init(variable: b.p, rows: 2, columns: 8)
        contract.body = [
          .store(Store(.slot(4), IndexExpression(contract.column), contract.result))
        ]
      }(&b)
      b.body = [loop(b.p, .parallel, b.body)]
    },
  ]
}
