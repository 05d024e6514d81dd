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
      let types = operation.operands.map { graph.type($0) }
      return op.call(operands, results, types, at: operation.location)
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
private struct OrderDivision {
  /// The rows, and the elements of each.
  let rows: Int, extent: Int
  /// Among how many parts rows are divided.
  let parts: Int
  /// Among how many chunks each row is divided; zero where rows are not.
  let chunks: Int

  /// Rows of at least so many elements are divided; shorter ones go to threads whole.
  private static let longRow = 1 << 15
  /// How many pieces there are at most.
  private static let mostPieces = 32

  init(of keys: TensorType) {
    extent = keys.shape.last ?? 0
    rows = keys.shape.dropLast().reduce(1, *)
    let isLong = extent >= Self.longRow
    parts = isLong ? 1 : max(min(rows, Self.mostPieces), 1)
    chunks = isLong ? Self.mostPieces : 0
  }

  /// The scratch memory in words of 64 bits: two of each element of a row, and counters of each chunk.
  var scratchWords: Int { parts * 2 * extent + chunks * 128 }
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

extension MatrixOp {
  /// The greatest order of matrices that are decomposed without LAPACK.
  private static let smallOrder = 32

  /// The call of the routine for many matrices of these types.
  fileprivate func call(
    _ operands: [BufferID], _ results: [BufferID], _ types: [TensorType],
    at location: SourceLocation
  ) -> StepCall {
    let shape = types[types.count - 1].shape
    let own = types[0].shape
    let (m, n) = (own.dropLast().last ?? 0, own.last ?? 0)
    let count = (isSolve ? shape.dropLast(2) : own.dropLast(2)).reduce(1, *)
    let inputs = operands.map { StepCall.Argument.input($0) }
    let outputs = results.map { StepCall.Argument.output($0) }
    let none = StepCall.Argument.number(0)
    var arguments: [StepCall.Argument]
    var name: String
    switch self {
    case .cholesky(let isLower):
      (name, arguments) = ("cholesky", inputs + outputs + .numbers(count, n, isLower ? 1 : 0))
    case .triangularSolve(let solve):
      let columns = solve.isLeft ? shape[shape.count - 1] : shape[shape.count - 2]
      (name, arguments) = ("solve", inputs + outputs + .numbers(count, n, columns, solve.flags))
    case .lu: (name, arguments) = ("lu", inputs + outputs + .numbers(count, m, n))
    case .householder:
      (name, arguments) = ("householder", inputs + outputs + .numbers(count, m, n))
    case .reflectors:
      let scales = types[1].shape.last ?? 0
      (name, arguments) = ("reflectors", inputs + outputs + .numbers(count, m, n, scales))
    case .eigh(let isLower, let hasVectors):
      let all = hasVectors ? outputs : [none] + outputs
      (name, arguments) = ("eigh", inputs + all + .numbers(count, n, isLower ? 1 : 0))
    case .svd(let vectors):
      let all = vectors == .none ? [outputs[0], none, none, outputs[1]] : outputs
      (name, arguments) = ("svd", inputs + all + .numbers(count, m, n, vectors.code))
    case .tridiagonalSolve:
      let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
      (name, arguments) = ("tridiagonal", inputs + outputs + .numbers(count, rows, columns))
    }
    name += "_" + types[0].element.rawValue
    return StepCall(
      .routine(name, needsLibrary: needsLibrary(order: max(m, n))), [.context] + arguments,
      source: location)
  }

  private var isSolve: Bool {
    switch self {
    case .triangularSolve, .tridiagonalSolve: true
    case .cholesky, .lu, .householder, .reflectors, .eigh, .svd: false
    }
  }

  /// Whether matrices of an order are decomposed by LAPACK.
  private func needsLibrary(order: Int) -> Bool {
    switch self {
    case .cholesky, .triangularSolve, .lu, .householder, .reflectors: order > Self.smallOrder
    case .eigh, .svd: order > 0
    case .tridiagonalSolve: false
    }
  }
}

extension MatrixOp.Vectors {
  /// The letter that LAPACK has for it.
  fileprivate var code: Int {
    switch self {
    case .none: 78
    case .thin: 83
    case .full: 65
    }
  }
}

extension TriangularSolve {
  /// The choices as bits: left, lower, unit diagonal, transposed.
  fileprivate var flags: Int {
    (isLeft ? 1 : 0) + (isLower ? 2 : 0) + (hasUnitDiagonal ? 4 : 0)
      + (transposition == .none ? 0 : 8)
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
      }
    }
    let returned: StepCall.Returned =
      switch returned {
      case .nothing: .nothing
      case .result(let number): .value(results[number])
      case .status: .status
      }
    return StepCall(
      .foreign(target, name: name), arguments, returning: returned, source: location)
  }
}
