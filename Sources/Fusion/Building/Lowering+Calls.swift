internal import LoopIR
internal import TensorIR

extension Lowering {
  /// A decomposition, an order or a foreign function as a call between kernels.
  func callItem(_ operation: Operation) -> Item {
    let used = (operation.operands + operation.results).compactMap { buffers[$0] }
    return .control({ lowering in .call(lowering.call(operation)) }, uses: Set(used))
  }

  private mutating func call(_ operation: Operation) -> StepCall {
    let operands = operation.operands.map { buffer($0) }
    let results = operation.results.map { buffer($0) }
    switch operation.op {
    case .matrix(let op):
      let call = op.routine(
        operation.operands.map { graph.type($0) }, operation.results.map { graph.type($0) })
      return call.step(operands, results, at: operation.location)
    case .order(let ordering):
      let division = OrderDivision(of: graph.type(operation.operands[0]))
      let scratch = addBuffer("scratch", TensorType([division.scratchWords], .u64))
      return ordering.call(operands, results[0], scratch, division, at: operation.location)
    case .foreign(let call): return call.step(operands, results, at: operation.location)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      preconditionFailure("only decompositions and foreign functions are calls")
    }
  }
}

/// How the routine that orders rows divides its work.
struct OrderDivision {
  /// The rows, and the elements of each.
  let rows: Int, extent: Int
  /// Among how many parts rows are divided.
  let parts: Int
  /// Among how many chunks each row is divided; zero where rows are not.
  let chunks: Int

  /// Rows of at least so many elements are divided; shorter ones go to threads whole.
  private static let longRow = 1 << 15
  /// Among how many parts rows, and among how many chunks a row, are divided at most.
  private static let mostParts = 32, mostChunks = 16

  init(of keys: TensorType) {
    extent = keys.shape.last ?? 0
    rows = keys.shape.dropLast().reduce(1, *)
    let isLong = extent >= Self.longRow
    parts = isLong ? 1 : max(min(rows, Self.mostParts), 1)
    chunks = isLong ? Self.mostChunks : 0
  }

  /// The scratch memory in words of 64 bits: two of each element of a row, and counters of each chunk.
  var scratchWords: Int { parts * 2 * extent + chunks * 1024 }
  /// The scratch memory of a sort of words: one of each element of a row, and where parts of chunks end.
  var sortScratchWords: Int { (parts * extent + (chunks > 0 ? extent : 0) + 1) / 2 + chunks * 16 }
}

extension Ordering {
  /// The call of the routine for keys of 32 bits.
  fileprivate func call(
    _ keys: [BufferID], _ order: BufferID, _ scratch: BufferID, _ division: OrderDivision,
    at location: SourceLocation
  ) -> StepCall {
    StepCall(
      .routine("order", needsLibrary: false),
      [.context, .list(keys, [order, scratch])]
        + .numbers(
          keys.count, division.rows, division.extent, count, division.parts, division.chunks),
      source: location)
  }
}

extension StepCall.Argument {
  fileprivate static func number(_ value: Int) -> Self {
    .constant(Literal(TensorType([], .i64), integers: [Int64(value)]))
  }
}

extension [StepCall.Argument] {
  fileprivate static func numbers(_ values: Int...) -> Self { values.map { .number($0) } }
}

extension ForeignCall {
  /// The call with its operands and results in buffers.
  fileprivate func step(
    _ operands: [BufferID], _ results: [BufferID], at location: SourceLocation
  ) -> StepCall {
    if target == .memory {
      return StepCall(nil, results.map { .output($0) }, source: location)
    }
    if case .closure = target {
      return StepCall(
        .foreign(target, name: name), [.datum, .list(operands, results)], returning: .status,
        source: location)
    }
    let arguments = parameters.map { parameter -> StepCall.Argument in
      switch parameter {
      case .operand(let number): .input(operands[number])
      case .result(let number): .output(results[number])
      case .value(let number): .value(operands[number])
      case .extent(let place, let axis, let element):
        .constant(
          Literal(
            TensorType([], element), integers: [Int64(extent(of: place, axis: axis))]))
      case .constant(let literal): .constant(literal)
      case .datum: .datum
      case .context: .context
      }
    }
    let returned: StepCall.Returned =
      switch returned {
      case .nothing: .nothing
      case .result(let number): .value(results[number])
      case .status: .status
      }
    let callee: StepCall.Callee =
      if case .routine(let routine, let needsLibrary) = target {
        .routine(routine, needsLibrary: needsLibrary)
      } else {
        .foreign(target, name: name)
      }
    return StepCall(callee, arguments, returning: returned, source: location)
  }
}
