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
  ///   - columns: how many of the `width` lanes exist.
  ///   - length: how many depths are read at once.
  func transposedLoad(
    _ load: FactorParts.Load, from start: LLVMValue, at depth: LLVMValue, columns: Int, width: Int,
    count: Int, of length: Int
  ) -> [LLVMValue] {
    let element = element(of: load.scalar)
    let size = element.byteCount
    let chunk = module.vector(memoryType(element), length)
    let first = builder.gep(memoryType(element), start, depth)
    let mask = laneMasks(columns: count, width: length)[0]
    let lines = (0..<width).map { lane in
      let line = min(lane, columns - 1)
      let place = builder.gep(first, bytes: line * (load.lineStride ?? 0) * size)
      return loadLine(chunk, place, mask: mask, alignment: size)
    }
    return builder.transposed(lines).map { fromMemory($0, element) }
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
    counted(from: first, to: whole, step: size, updating: []) { base in
      counted(from: builder.int(0, module.i64), to: main, step: width, updating: []) { lane in
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
    counted(from: whole, to: end, step: 1, updating: []) { index in
      variables[loop.variable] = index
      emit(inner)
    }
  }

  /// One tile's iterations for one vector of the loop inside, as many at a time as a transposed load
  /// reads.
  private func emitSquare(
    _ loop: Loop, _ inner: Loop, at base: LLVMValue, size: Int, width: Int, columns: Int
  ) {
    lanes = Lanes(
      variable: inner.variable, width: width, copies: 1,
      masks: laneMasks(columns: columns, width: width))
    variables[loop.variable] = base
    let loads = FactorParts(inner.body, line: inner.variable, depth: loop.variable).evenLoads
      .filter(\.isTransposed)
    let widest = loads.map { element(of: $0.scalar).byteCount }.max() ?? 4
    let length = min(4, Self.chunkBytes / widest, width)
    let starts = loads.map { start(of: $0) }
    counted(
      from: builder.int(0, module.i64), to: builder.int(size, module.i64), step: length,
      updating: []
    ) { step in
      let lines = zip(loads, starts).map { load, start in
        transposedLoad(
          load, from: start, at: step, columns: columns, width: width, count: length, of: length)
      }
      for line in 0..<length {
        let place = builder.add(step, builder.int(line, module.i64))
        variables[loop.variable] = builder.add(base, place)
        for (load, values) in zip(loads, lines) { scalars[load.scalar] = [values[line]] }
        for node in inner.body {
          if case .define(let scalar, _) = node, loads.contains(where: { $0.scalar == scalar }) {
            continue
          }
          emit(node)
        }
      }
    }
  }
}
