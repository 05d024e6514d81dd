internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// The loop over depth around a product's register tile as a function of its own, a microkernel after
/// Van Zee and van de Geijn (2015), "BLIS: A Framework for Rapidly Instantiating BLAS Functionality".
///
/// Shapes and strides are arguments, so that products of all sizes share one: it is compiled once, and what
/// each of them has for itself are loops around it.
///
///     void name(left, leftLine, leftDepth, right, rightDepth, depth, target, targetLine)
///
/// sets `target[m, n]`, or adds to it, `Σ_k left[m, k] · right[k, n]` for a tile's rows `m` and columns `n`;
/// lines and depths are bytes from a row to the next, and from a depth to the next. A packed panel has no
/// `rightDepth`.
struct Microkernel: Hashable, Sendable {
  /// Rows of the tile.
  var rows: Int
  /// Vectors side by side.
  var vectors: Int
  /// Lanes of a vector.
  var width: Int
  /// The type of the factors and of the sums: `f32` or `f64`.
  var element: ElementType
  var right: Right
  /// Whether the sums are added to what the target holds.
  var adds: Bool
  /// Whether the next tile's rows, which follow in memory, are asked for.
  var prefetchesRows: Bool

  /// How the right factor lies in memory.
  enum Right: Hashable, Sendable {
    /// Packed: for each depth a line of so many vectors, all lanes there.
    case panel(vectors: Int)
    /// Where it is; the last vector has so many lanes.
    case inPlace(lastLanes: Int)
  }

  /// A name that tells microkernels apart.
  var name: String {
    let factor =
      switch right {
      case .panel(let vectors): "panel\(vectors)"
      case .inPlace(let lanes): "rows\(lanes)"
      }
    return "tile_\(element)_\(rows)x\(vectors)x\(width)_\(factor)"
      + (adds ? "_adds" : "") + (prefetchesRows ? "_ahead" : "")
  }
}

extension Microkernel {
  /// About how many instructions the code takes.
  var weight: Int { rows * (2 * vectors + 3) + 50 }

  /// The function's parameters.
  func parameterTypes(in module: LLVMModule) -> [LLVMType] {
    let (pointer, word) = (module.pointer, module.i64)
    switch right {
    case .panel: return [pointer, word, word, pointer, word, pointer, word]
    case .inPlace: return [pointer, word, word, pointer, word, word, pointer, word]
    }
  }

  /// The function as another object defines it.
  func declare(_ name: String, in module: LLVMModule) -> LLVMFunction {
    module.declareFunction(name, parameters: parameterTypes(in: module), returns: module.void)
  }

  /// Emits the function.
  func emit(named name: String, in module: LLVMModule) -> LLVMFunction {
    let function = module.addFunction(
      name, parameters: parameterTypes(in: module), returns: module.void)
    MicrokernelEmitter(self, function, module).emit()
    return function
  }
}

/// Emits a microkernel.
private struct MicrokernelEmitter {
  let kernel: Microkernel
  let function: LLVMFunction
  let module: LLVMModule
  let builder: IRBuilder
  let element: LLVMType
  let vector: LLVMType
  let size: Int

  init(_ kernel: Microkernel, _ function: LLVMFunction, _ module: LLVMModule) {
    self.kernel = kernel
    self.function = function
    self.module = module
    builder = IRBuilder(module)
    builder.allowsContraction = false
    element = kernel.element == .f64 ? module.double : module.float
    vector = module.vector(element, kernel.width)
    size = kernel.element.byteCount
  }

  func emit() {
    let parameters = function.parameters
    let (left, line, leftDepth, right) = (
      parameters[0], parameters[1], parameters[2], parameters[3]
    )
    let rightDepth: LLVMValue =
      switch kernel.right {
      case .panel(let vectors): word(vectors * kernel.width * size)
      case .inPlace: parameters[4]
      }
    let depth = parameters[parameters.count - 3]
    let entry = function.appendBlock("entry")
    let (loop, finish) = (function.appendBlock("depth"), function.appendBlock("finish"))
    builder.position(at: entry)
    let lines = oddMultiples(of: line)
    let ahead = builder.gep(module.i8, left, builder.mul(line, word(kernel.rows)))
    builder.br(loop)
    builder.position(at: loop)
    let step = builder.carried(word(0), from: entry)
    let (leftPlace, rightPlace) = (
      builder.carried(left, from: entry), builder.carried(right, from: entry)
    )
    let sums = (0..<kernel.rows).map { _ in
      (0..<kernel.vectors).map { _ in builder.carried(builder.zero(vector), from: entry) }
    }
    let columns = columns(at: rightPlace)
    // Each element is loaded where it is used: schedulers that hoist loads run out of registers.
    let next = sums.enumerated().map { row, line in
      let value = builder.load(element, place(of: row, at: leftPlace, lines), alignment: size)
      let factor = builder.splat(value, kernel.width)
      return zip(columns, line).map { builder.fma(factor, $0, $1) }
    }
    for (sum, value) in zip(sums.joined(), next.joined()) {
      builder.addIncoming(sum, value, from: loop)
    }
    if kernel.prefetchesRows {
      builder.prefetch(builder.gep(module.i8, ahead, builder.shl(step, word(6))))
    }
    let following = builder.add(step, word(1))
    builder.addIncoming(step, following, from: loop)
    builder.addIncoming(leftPlace, builder.gep(module.i8, leftPlace, leftDepth), from: loop)
    builder.addIncoming(rightPlace, builder.gep(module.i8, rightPlace, rightDepth), from: loop)
    builder.condBr(builder.icmp(.slt, following, depth), loop, finish)
    builder.position(at: finish)
    write(next, to: parameters[parameters.count - 2], parameters[parameters.count - 1])
    builder.ret()
  }

  private func word(_ value: Int) -> LLVMValue { builder.int(value, module.i64) }

  /// The odd multiples of a number of bytes that rows of a tile are apart.
  ///
  /// All others are these times two, four or eight, which addresses may have: fourteen rows take seven
  /// registers.
  private func oddMultiples(of line: LLVMValue) -> [LLVMValue] {
    stride(from: 1, to: max(kernel.rows, 2), by: 2).map { builder.mul(line, word($0)) }
  }

  /// Where a row's element is, from that of the first row.
  private func place(
    of row: Int, at first: LLVMValue, _ lines: [LLVMValue]
  ) -> LLVMValue {
    guard row > 0 else { return first }
    let shift = min(row.trailingZeroBitCount, 3)
    let line = lines[(row >> shift) / 2]
    return builder.gep(module.i8, first, shift == 0 ? line : builder.shl(line, word(shift)))
  }

  /// The right factor's vectors at a depth.
  private func columns(at place: LLVMValue) -> [LLVMValue] {
    (0..<kernel.vectors).map { number in
      let vectorPlace = builder.gep(place, bytes: number * kernel.width * size)
      guard case .inPlace(let lanes) = kernel.right, number == kernel.vectors - 1,
        lanes < kernel.width
      else {
        let alignment = if case .panel = kernel.right { kernel.width * size } else { size }
        return builder.load(vector, vectorPlace, alignment: alignment)
      }
      let mask = builder.constantVector((0..<kernel.width).map { builder.bool($0 < lanes) })
      return builder.maskedLoad(
        vector, vectorPlace, mask: mask, passthru: builder.zero(vector), alignment: size)
    }
  }

  /// Writes sums to the target, whose rows are so many bytes apart.
  private func write(_ sums: [[LLVMValue]], to target: LLVMValue, _ line: LLVMValue) {
    var start = target
    for (row, values) in sums.enumerated() {
      if row > 0 { start = builder.gep(module.i8, start, line) }
      for (number, value) in values.enumerated() {
        let place = builder.gep(start, bytes: number * kernel.width * size)
        let total =
          kernel.adds ? builder.fadd(builder.load(vector, place, alignment: size), value) : value
        builder.store(total, place, alignment: size)
      }
    }
  }
}
