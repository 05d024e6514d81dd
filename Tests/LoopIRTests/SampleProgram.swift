import LoopIR
import TensorIR

/// Hand-built programs in the forms that lowering gives.
enum SampleProgram {
  /// `y[r,j] = (x[r,j] - mean(x[r])) * rsqrt(var(x[r]) + 1e-5) * g[j]`, rows in parallel blocks.
  static func layerNorm(rows: Int = 10, columns: Int = 20) -> LoopProgram {
    var program = LoopProgram(name: "layernorm")
    program.buffers = [
      Buffer(name: "x", type: TensorType([rows, columns], .f32), storage: .argument(0)),
      Buffer(name: "g", type: TensorType([columns], .f32), storage: .argument(1)),
      Buffer(name: "y", type: TensorType([rows, columns], .f32), storage: .result(0)),
    ]
    var k = KernelSketch("k0", slots: [0, 1, 2])
    k.kernel.sources = [
      SourceLocation(file: "loss.swift", line: 12, column: 3),
      SourceLocation(file: "loss.swift", line: 12, column: 9),
      SourceLocation(file: "loss.swift", line: 14),
    ]
    let blk = k.variable("blk", (rows + 3) / 4)
    let (r, j) = (k.variable("r", rows), k.variable("j", columns))
    let place = IndexExpression.at([r, j], [rows, columns])
    let vector = Loop.Schedule.vector(width: 8, interleave: 4)
    var row = [Node]()

    let sum = k.scalar()
    var pass = [Node]()
    let element = k.load(0, place, in: &pass)
    pass.append(.accumulate(sum, value: element))
    row.append(loop(j, vector, accumulators: [Accumulator(sum, .add)], pass))
    let count = k.number(Double(columns), in: &row)
    let mean = k.binary(.divide, sum, count, in: &row)

    let squares = k.scalar()
    pass = []
    let deviation = k.binary(.subtract, k.load(0, place, in: &pass), mean, in: &pass)
    pass.append(
      .accumulate(squares, value: k.binary(.multiply, deviation, deviation, in: &pass)))
    row.append(loop(j, vector, accumulators: [Accumulator(squares, .add)], pass))
    let variance = k.binary(.divide, squares, count, in: &row)
    let epsilon = k.number(1e-5, in: &row)
    let scale = k.unary(.rsqrt, k.binary(.add, variance, epsilon, in: &row), in: &row)

    pass = []
    let centered = k.binary(.subtract, k.load(0, place, in: &pass), mean, in: &pass)
    let factor = k.binary(
      .multiply, scale, k.load(1, IndexExpression(j), in: &pass), in: &pass)
    let result = k.binary(.multiply, centered, factor, in: &pass)
    pass.append(.store(Store(.slot(2), place, result)))
    row.append(loop(j, vector, pass))

    k.kernel.body = [loop(blk, .parallel, [loop(r, .serial, .block(blk, size: 4), row)])]
    program.append(k.kernel)
    return program
  }

  /// `s[j] = Σ_i x[i,j]·w[i]` and `m = max x`: a partial sum for each block of rows, then a kernel
  /// that adds the partial sums.
  static func columnSums(rows: Int = 8, columns: Int = 5) -> LoopProgram {
    var program = LoopProgram(name: "columns")
    program.arenaByteCount = 320
    let blocks = rows / 4
    program.buffers = [
      Buffer(name: "x", type: TensorType([rows, columns], .f32), storage: .argument(0)),
      Buffer(name: "w", type: TensorType([rows], .f32), storage: .argument(1)),
      Buffer(name: "s", type: TensorType([columns], .f32), storage: .result(0)),
      Buffer(name: "m", type: TensorType([], .f32), storage: .result(1)),
      Buffer(name: "ps", type: TensorType([blocks, columns], .f32), storage: .arena(offset: 0)),
      Buffer(name: "pm", type: TensorType([blocks], .f32), storage: .arena(offset: 256)),
    ]
    program.append(partialColumnSums(rows, columns))
    program.append(combinedColumnSums(blocks, columns))
    return program
  }

  private static func partialColumnSums(_ rows: Int, _ columns: Int) -> Kernel {
    let blocks = rows / 4
    var k = KernelSketch("k0", slots: [0, 1, 4, 5])
    let blk = k.variable("blk", blocks)
    let (i, j, z) = (k.variable("i", rows), k.variable("j", columns), k.variable("z", columns))
    var clear = [Node]()
    let zero = k.number(0, in: &clear)
    clear.append(.store(Store(.slot(2), .at([blk, z], [blocks, columns]), zero)))
    let greatest = k.scalar()
    var row = [Node]()
    let weight = k.load(1, IndexExpression(i), in: &row)
    var pass = [Node]()
    let element = k.load(0, .at([i, j], [rows, columns]), in: &pass)
    pass.append(.accumulate(greatest, value: element))
    let product = k.binary(.multiply, element, weight, in: &pass)
    pass.append(
      .store(Store(.slot(2), .at([blk, j], [blocks, columns]), product, combining: .add)))
    row.append(loop(j, .vector(width: 4, interleave: 1), pass))
    k.kernel.body = [
      loop(
        blk, .parallel,
        [
          loop(z, .vector(width: 4, interleave: 1), clear),
          loop(
            i, .serial, .block(blk, size: 4), accumulators: [Accumulator(greatest, .maximum)], row),
          .store(Store(.slot(3), IndexExpression(blk), greatest)),
        ])
    ]
    return k.kernel
  }

  private static func combinedColumnSums(_ blocks: Int, _ columns: Int) -> Kernel {
    var k = KernelSketch("k1", slots: [4, 5, 2, 3])
    let (b, j) = (k.variable("b", blocks), k.variable("j", columns))
    let (sum, greatest) = (k.scalar(), k.scalar())
    var inner = [Node]()
    let partial = k.load(0, .at([b, j], [blocks, columns]), in: &inner)
    inner.append(.accumulate(sum, value: partial))
    var tail = [Node]()
    let partialGreatest = k.load(1, IndexExpression(b), in: &tail)
    tail.append(.accumulate(greatest, value: partialGreatest))
    k.kernel.body = [
      loop(
        j, .vector(width: 4, interleave: 1),
        [
          loop(b, accumulators: [Accumulator(sum, .add)], inner),
          .store(Store(.slot(2), IndexExpression(j), sum)),
        ]),
      loop(b, accumulators: [Accumulator(greatest, .maximum)], tail),
      .store(Store(.slot(3), IndexExpression(0), greatest)),
    ]
    return k.kernel
  }

  /// `h = max(x·w + b, 0)` in blocks of 4 rows and 8 columns.
  static func dense(
    rows: Int = 7, columns: Int = 10, depth: Int = 3, isCut: Bool = true
  ) -> LoopProgram {
    var program = LoopProgram(name: "dense")
    program.buffers = [
      Buffer(name: "x", type: TensorType([rows, depth], .f32), storage: .argument(0)),
      Buffer(name: "w", type: TensorType([depth, columns], .f32), storage: .argument(1)),
      Buffer(name: "b", type: TensorType([columns], .f32), storage: .argument(2)),
      Buffer(name: "h", type: TensorType([rows, columns], .f32), storage: .result(0)),
    ]
    var k = KernelSketch("k0", slots: [0, 1, 2, 3])
    let rowBlocks = (rows + 3) / 4
    let blk = k.variable("blk", rowBlocks * ((columns + 7) / 8))
    let (m, n, d) = (k.variable("m", rows), k.variable("n", columns), k.variable("k", depth))
    let product = k.scalar()
    var body = [Node]()
    let bias = k.load(2, IndexExpression(n), in: &body)
    let sum = k.binary(.add, product, bias, in: &body)
    let zero = k.number(0, in: &body)
    let value = k.binary(.maximum, sum, zero, in: &body)
    body.append(.store(Store(.slot(3), .at([m, n], [rows, columns]), value)))
    var contract = Contract(
      row: m, column: n, depth: d,
      left: k.factor(0, .at([m, d], [rows, depth])),
      right: k.factor(1, .at([d, n], [depth, columns])),
      element: .f32, result: product,
      tiling: .init(rows: 2, vectors: 2, width: 4, rowBlock: 4), body: body)
    if isCut { contract.block = .init(variable: blk, rows: 4, columns: 8) }
    k.kernel.body = isCut ? [loop(blk, .parallel, [.contract(contract)])] : [.contract(contract)]
    program.append(k.kernel)
    return program
  }

  /// `y[i] = x[i] - x[i-1]` with zero before the start, `z[i,j] = t[clamp(i[j])]` looked up, read
  /// along another shape, through a local row.
  static func lookups() -> LoopProgram {
    var program = LoopProgram(name: "lookups")
    program.arenaByteCount = 64
    let constant = ramp([4, 3], from: 0, by: 0.5)
    program.buffers = [
      Buffer(name: "x", type: TensorType([6], .f32), storage: .argument(0)),
      Buffer(name: "at", type: TensorType([2], .i32), storage: .argument(1)),
      Buffer(name: "table", type: constant.type, storage: .constant(constant)),
      Buffer(name: "y", type: TensorType([6], .f32), storage: .arena(offset: 0)),
      Buffer(name: "z", type: TensorType([2, 3], .f32), storage: .result(0)),
      Buffer(name: "n", type: TensorType([], .i64), storage: .result(1)),
    ]
    for kernel in [differences(), lookup()] { program.append(kernel) }
    return program
  }

  private static func differences() -> Kernel {
    var k = KernelSketch("k0", slots: [0, 3, 5])
    let i = k.variable("i", 6)
    var body = [Node]()
    let before = IndexExpression(i) + -1
    let holds = k.define(.inBounds([Bound(before, lower: 0, upper: 6)]), .i1, in: &body)
    let previous = k.load(0, before, if: holds, in: &body)
    let difference = k.binary(
      .subtract, k.load(0, IndexExpression(5) + IndexExpression(i) * -1, in: &body), previous,
      in: &body)
    body.append(.store(Store(.slot(1), IndexExpression(i), difference)))
    var setup = [Node]()
    let zero = k.number(0, .i64, in: &setup)
    setup.append(.store(Store(.slot(2), IndexExpression(0), zero)))
    var tail = [Node]()
    let index = k.define(.index(IndexExpression(i) * 2 + 1, .i64), .i64, in: &tail)
    let odd = k.define(
      .inBounds([
        Bound(IndexExpression(i).remainder(by: 2), lower: 1, upper: 2),
        Bound(IndexExpression(i), lower: 0, upper: 4),
      ]), .i1, in: &tail)
    tail.append(
      .store(Store(.slot(2), IndexExpression(0), index, combining: .add, condition: odd)))
    k.kernel.body = setup + [loop(i, body), loop(i, tail)]
    return k.kernel
  }

  private static func lookup() -> Kernel {
    var k = KernelSketch("k1", slots: [1, 2, 3, 4])
    k.kernel.locals = [Kernel.Local(element: .f32, count: 3)]
    let (i, j) = (k.variable("i", 2), k.variable("j", 3))
    var outer = [Node]()
    let raw = k.load(0, IndexExpression(i), .i32, in: &outer)
    let wide = k.define(.apply(.convert(to: .i64), [raw]), .i64, in: &outer)
    let raised = k.binary(.maximum, wide, k.number(0, .i64, in: &outer), in: &outer)
    let row = k.binary(.minimum, raised, k.number(3, .i64, in: &outer), in: &outer)
    var first = [Node]()
    let address = IndexExpression(.scalar(row)) * 3 + IndexExpression(j)
    let entry = k.load(1, address, in: &first)
    first.append(.store(Store(.local(0), IndexExpression(j), entry)))
    var second = [Node]()
    let flat = IndexExpression.at([i, j], [2, 3])
    let kept = k.define(
      .load(.local(0), IndexExpression(j), condition: nil), in: &second)
    let sum = k.binary(.add, kept, k.load(2, flat, in: &second), in: &second)
    second.append(.store(Store(.slot(3), flat, sum)))
    k.kernel.body = [loop(i, outer + [loop(j, first), loop(j, second)])]
    return k.kernel
  }
}
