internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Bytes of a line that are read at once where loads are transposed.
  static let chunkBytes = 16

  /// A load's vector over lines at each of `count` depths; lanes behind the last line repeat it.
  ///
  /// - Parameters:
  ///   - start: the address at the first line and depth.
  ///   - guarding: which lines may be read, and the address at the first depth of one to read instead of
  ///     others.
  ///   - columns: how many of the `width` lanes exist.
  ///   - length: how many depths are read at once.
  func transposedLoad(
    _ load: FactorParts.Load, from start: LLVMValue, guarding: LineGuard? = nil,
    at depth: LLVMValue, columns: Int, width: Int, count: Int, of length: Int
  ) -> [LLVMValue] {
    let element = element(of: load.scalar)
    let size = element.byteCount
    let chunk = module.vector(memoryType(element), length)
    let first = builder.gep(memoryType(element), start, depth)
    let other = guarding.map { builder.gep(memoryType(element), $0.other, depth) }
    let mask = laneMasks(columns: count, width: length)[0]
    let lines = (0..<(columns == 1 ? 1 : width)).map { lane in
      let line = min(lane, columns - 1)
      var place = builder.gep(first, bytes: line * (load.lineStride ?? 0) * size)
      if let guarding, let other { place = builder.select(guarding.lines[line], place, other) }
      return loadLine(chunk, place, mask: mask, alignment: size)
    }
    // A single line is repeated, not transposed: of a square of which only one lane counts, LLVM 22 makes
    // comparisons of scalars, and compares all depths with the first (f64, AVX-512).
    let vectors =
      columns == 1
      ? (0..<length).map { builder.splat(builder.extractElement(lines[0], $0), width) }
      : builder.transposed(lines)
    guard let guarding else { return vectors.map { fromMemory($0, element) } }
    return vectors.map {
      fromMemory(builder.select(guarding.lanes, $0, builder.zero($0.type)), element)
    }
  }

  /// Which lines of a square may be read.
  struct LineGuard {
    /// The condition in all lanes.
    var lanes: LLVMValue
    /// The condition of each lane.
    var lines: [LLVMValue]
    /// An address that may be read in place of those of other lines.
    var other: LLVMValue
  }

  /// The vector at a place; zero where the mask does not hold.
  func loadLine(
    _ vector: LLVMType, _ place: LLVMValue, mask: LLVMValue?, alignment: Int
  ) -> LLVMValue {
    guard let mask else { return builder.load(vector, place, alignment: alignment) }
    return builder.maskedLoad(
      vector, place, mask: mask, passthru: builder.zero(vector), alignment: alignment)
  }

  // MARK: Tiled loops

  /// Emits a loop in tiles: for each vector of the loop inside, all iterations of a tile. What is
  /// left over is carried out one iteration after the other.
  func emitTiled(_ loop: Loop, size: Int, from first: LLVMValue, to end: LLVMValue) {
    guard case .loop(let inner) = loop.body[0], case .vector(let width, _) = inner.schedule else {
      preconditionFailure("a tiled loop holds a vector loop")
    }
    let outer = lanes
    let whole = builder.sub(
      end, builder.srem(builder.sub(end, first), builder.int(size, module.i64)))
    let extent = kernel.variables[inner.variable.index].extent
    let main = builder.int(extent / width * width, module.i64)
    counted(from: first, to: whole, step: size, updating: loop.body) { base in
      counted(from: builder.int(0, module.i64), to: main, step: width, updating: loop.body) {
        lane in
        variables[inner.variable] = lane
        emitSquare(loop, inner, at: base, size: size, width: width, columns: width)
      }
      if extent % width > 0 {
        variables[inner.variable] = main
        emitSquare(loop, inner, at: base, size: size, width: width, columns: extent % width)
      }
    }
    lanes = outer
    if kernel.variables[loop.variable.index].extent.isMultiple(of: size) { return }
    counted(from: whole, to: end, step: 1, updating: loop.body) { index in
      variables[loop.variable] = index
      emit(inner)
    }
  }

  /// One tile's iterations for one vector of the loop inside, as many at a time as a transposed load
  /// reads.
  ///
  /// What is the same in all iterations and tells which lines may be read is computed once.
  private func emitSquare(
    _ loop: Loop, _ inner: Loop, at base: LLVMValue, size: Int, width: Int, columns: Int
  ) {
    lanes = Lanes(
      variable: inner.variable, width: width, copies: 1,
      masks: laneMasks(columns: columns, width: width))
    variables[loop.variable] = base
    let parts = FactorParts(inner.body, line: inner.variable, depth: loop.variable)
    let loads = parts.allEvenLoads.filter { load in
      load.isTransposed && (load.condition == nil || width > 1)
    }
    let common = conditions(of: loads, in: parts.fixed)
    for node in common.nodes { emit(node) }
    let guards = loads.map { load in
      load.condition.map { lineGuard($0, load, base, width: width) }
    }
    let done = common.scalars.union(loads.map(\.scalar))
    let widest = loads.map { element(of: $0.scalar).byteCount }.max() ?? 4
    let length = min(4, Self.chunkBytes / widest, width)
    let starts = loads.map { start(of: $0) }
    counted(
      from: builder.int(0, module.i64), to: builder.int(size, module.i64), step: length,
      updating: inner.body
    ) { step in
      let lines = zip(loads, zip(starts, guards)).map { load, place in
        transposedLoad(
          load, from: place.0, guarding: place.1, at: step, columns: columns, width: width,
          count: length, of: length)
      }
      for line in 0..<length {
        let place = builder.add(step, builder.int(line, module.i64))
        variables[loop.variable] = builder.add(base, place)
        for (load, values) in zip(loads, lines) { scalars[load.scalar] = [values[line]] }
        for node in inner.body {
          if case .define(let scalar, _) = node, done.contains(scalar) { continue }
          emit(node)
        }
      }
    }
  }

  /// What conditions of loads are computed from, in order, and its scalars.
  private func conditions(
    of loads: [FactorParts.Load], in fixed: [Node]
  ) -> (nodes: [Node], scalars: Set<ScalarID>) {
    var (needed, nodes) = (Set(loads.compactMap(\.condition)), [Node]())
    var scalars = Set<ScalarID>()
    for node in fixed.reversed() {
      guard case .define(let scalar, let expression) = node, needed.contains(scalar) else {
        continue
      }
      expression.forEachScalar { needed.insert($0) }
      nodes.append(node)
      scalars.insert(scalar)
    }
    return (nodes.reversed(), scalars)
  }

  /// Which lines of a square from one iteration on a load may read.
  private func lineGuard(
    _ condition: ScalarID, _ load: FactorParts.Load, _ base: LLVMValue, width: Int
  ) -> LineGuard {
    let lanes = vector(condition, copy: 0)
    let word = module.i64.integer(bits: width)
    let bits = builder.bitcast(lanes, word)
    let lines = (0..<width).map { lane in
      builder.icmp(
        .ne, builder.and(bits, builder.int(1 << lane, word)), builder.int(0, word))
    }
    let other = builder.gep(memoryType(element(of: load.scalar)), self.base(load.memory), base)
    return LineGuard(lanes: lanes, lines: lines, other: other)
  }
}
