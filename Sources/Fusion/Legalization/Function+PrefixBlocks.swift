internal import TensorIR

// A scan that only combines is one chain, in which each element waits for the one before. Where the
// combination gives the same bits in any order, blocks of a long chain are chains of their own, in lanes:
//
//     Before:  y = scan: yᵢ = max(yᵢ₋₁, xᵢ)                                x[n]
//     After:   z = scan: zⱼ = max(zⱼ₋₁, x'ⱼ)                               x'[n/b, b]
//              o = scan: the maxima of all blocks before                   o[b]
//              y' = max(o, z)

extension Function {
  /// The function with long scans of one combination divided into blocks.
  func withPrefixBlocks() throws -> Function {
    let isNeeded = holds { operation, region in
      guard case .scan = operation.op else { return false }
      return Prefix(operation.op, operation.operands.map { region[$0] }) != nil
    }
    guard isNeeded else { return self }
    return try replacingOperations { operation, operands, builder in
      operation.op = try operation.op.mappingRegions { try $0.withPrefixBlocks() }
      guard let prefix = Prefix(operation.op, operands.map { builder[$0] }) else { return nil }
      return try builder.blocked(prefix, from: operands[0], operands[1])
    }
  }
}

/// A scan that combines each element with those before it, and stacks what that gives.
private struct Prefix {
  let kind: Reduction.Kind
  let isReversed: Bool
  /// How many elements stand side by side in how many blocks, of which the last may be shorter.
  let length: Int, blocks: Int
  /// The type of an element.
  let element: TensorType

  /// Shorter scans stay one chain, and those with enough lanes of their own.
  private static let leastLength = 1 << 14, mostLanes = 8
  /// How many blocks there are, by preference without one that is shorter.
  private static let blockCounts = 256...512

  init?(_ op: Op, _ operands: [TensorType]) {
    guard case .scan(let scan) = op, scan.captureCount == 0, scan.carryCount == 1,
      operands.count == 2, scan.length >= Self.leastLength, operands[0].count <= Self.mostLanes,
      operands[0].count > 0, operands[0].element == operands[1].element,
      let kind = scan.body.prefixKind, kind.isExact(of: operands[0].element)
    else { return nil }
    self.kind = kind
    isReversed = scan.isReversed
    element = operands[0]
    blocks =
      Self.blockCounts.reversed().first { scan.length.isMultiple(of: $0) }
      ?? Self.blockCounts.upperBound
    length = (scan.length + blocks - 1) / blocks
  }
}

extension Function {
  /// The function by which a scan's body combines its only carry with its only element, where that is
  /// the next carry and what is stacked.
  fileprivate var prefixKind: Reduction.Kind? {
    // The first parameter is the index.
    guard operations.count == 1, parameters.count == 3, results.count == 2,
      case .binary(let op) = operations[0].op,
      Set(operations[0].operands) == Set(parameters.dropFirst()),
      results.allSatisfy({ $0 == operations[0].results[0] })
    else { return nil }
    return Reduction.Kind.allCases.first { $0.binary == op }
  }
}

extension Reduction.Kind {
  /// Whether elements combine to the same bits in any order.
  fileprivate func isExact(of element: ElementType) -> Bool {
    switch self {
    case .add, .multiply: element.isInteger
    case .maximum, .minimum, .and, .or: !element.isComplex
    }
  }
}

extension FunctionBuilder {
  /// The last result and all results of a scan, made block by block.
  fileprivate mutating func blocked(
    _ prefix: Prefix, from initial: ValueID, _ elements: ValueID
  ) throws -> [ValueID] {
    let own = prefix.element.shape
    let count = self[elements].shape[0]
    let identity = try constant(prefix.kind.identity(of: prefix.element.element))
    let added = prefix.blocks * prefix.length - count
    let zeros = [Int](repeating: 0, count: own.count + 1)
    var whole = elements
    if added > 0 {
      let padding = ShapeOp.pad(
        low: zeros, high: [added] + zeros.dropFirst(), interior: zeros)
      whole = try emit(.shape(padding), [elements, identity])
    }
    let swapped = [1, 0] + (0..<own.count).map { $0 + 2 }
    let rows = try transpose(
      reshape(whole, to: [prefix.blocks, prefix.length] + own), permutation: swapped)
    let start = try broadcast(identity, to: [prefix.blocks] + own, dimensions: [])
    let inside = try scanned(prefix, start, rows, before: false)
    let across = try scanned(prefix, initial, inside[0], before: true)
    let offsets = try broadcast(
      across[1], to: [prefix.length, prefix.blocks] + own,
      dimensions: (0...own.count).map { $0 + 1 })
    let all = try binary(prefix.kind.binary, offsets, inside[1])
    let line = try reshape(
      transpose(all, permutation: swapped), to: [prefix.blocks * prefix.length] + own)
    let slice = ShapeOp.slice(
      starts: zeros, limits: [count] + own, strides: zeros.map { _ in 1 })
    return [across[0], added > 0 ? try emit(.shape(slice), [line]) : line]
  }

  /// A scan of a prefix's combination that stacks each state, or the one before it.
  private mutating func scanned(
    _ prefix: Prefix, _ start: ValueID, _ rows: ValueID, before: Bool
  ) throws -> [ValueID] {
    var body = FunctionBuilder(name: "region", location: location)
    _ = body.parameter(TensorType([], .i64))
    let state = body.parameter(self[start])
    let next = try body.binary(prefix.kind.binary, state, body.parameter(self[start]))
    let scan = Scan(
      length: self[rows].shape[0], isReversed: prefix.isReversed, captureCount: 0, carryCount: 1,
      body: body.finish(returning: [next, before ? state : next]))
    return try emitAll(.scan(scan), [start, rows])
  }
}
