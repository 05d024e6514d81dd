internal import TensorIR

extension Function {
  /// The function with products that add up over all steps of stacks as sums of partial products, in the
  /// order in which the scan that makes the last of the stacks runs.
  ///
  /// Partial products need some steps of the stacks at a time. So the scan may be taken apart with its sum,
  /// in the same order of additions, where there is no room for whole stacks. The order does not depend on
  /// that.
  ///
  ///     Before:  %g = scan(…) {length = 99, reverse = true};  %w = dot %h, %g over steps and rows
  ///     After:   %w = scan(%zero, %h in parts, %g in parts) {length = 11, reverse = true} { %sum + dot … }
  func withSumsInParts() throws -> Function {
    guard holds({ operation, _ in operation.isScan }) else { return self }
    var scans: [Scan] = []
    // The scan that makes a stack, by number.
    var makers: [ValueID: Int] = [:]
    return try replacingOperations { operation, operands, builder in
      if case .scan(let scan) = operation.op {
        for result in operation.results.dropFirst(scan.carryCount) { makers[result] = scans.count }
        scans.append(scan)
      }
      if !operation.op.regions.isEmpty {
        operation.op = try operation.op.mappingRegions { try $0.withSumsInParts() }
      }
      // Of two scans the later one reads what the other saves.
      guard let maker = operation.operands.compactMap({ makers[$0] }).max(),
        let sum = StackSum(operation, in: self, scans[maker])
      else { return nil }
      return [try sum.emit(operands, in: &builder)]
    }
  }
}

extension Operation {
  fileprivate var isScan: Bool { if case .scan = op { true } else { false } }
}

/// A product that adds up over the steps of two stacks, of which a scan makes one.
private struct StackSum {
  private let dimensions: DotDimensions
  private let type: TensorType
  private let isReversed: Bool
  /// The number of steps of a part, and of the parts.
  private let length: Int
  private let count: Int

  /// The least bytes of stacks for which there is more than one part.
  private static let leastByteCount = 1 << 20
  /// The least elements of the result.
  private static let leastCount = 1 << 10
  /// So many products for each element of the result are a part.
  private static let partDepth = 256

  init?(_ operation: Operation, in function: Function, _ scan: Scan) {
    guard case .dot(let dimensions) = operation.op,
      zip(dimensions.leftContracting, dimensions.rightContracting).contains(where: {
        $0 == 0 && $1 == 0
      })
    else { return nil }
    let (left, right) = (function[operation.operands[0]], function[operation.operands[1]])
    let element = function[operation.result].element
    guard left.shape[0] == scan.length, element.isFloat, element.sumType == element,
      function[operation.result].count >= Self.leastCount,
      left.byteCount + right.byteCount >= Self.leastByteCount
    else { return nil }
    let depth = left.shape.selecting(dimensions.leftContracting).reduce(1, *) / scan.length
    let least = (Self.partDepth + depth - 1) / max(depth, 1)
    guard least < scan.length,
      let length = (least..<scan.length).first(where: { scan.length.isMultiple(of: $0) })
    else { return nil }
    self.dimensions = dimensions
    type = function[operation.result]
    isReversed = scan.isReversed
    self.length = length
    count = scan.length / length
  }

  /// Adds up the partial products.
  func emit(_ stacks: [ValueID], in builder: inout FunctionBuilder) throws -> ValueID {
    let parts = try stacks.map { stack in
      try builder.reshape(stack, to: [count, length] + builder[stack].shape.dropFirst())
    }
    var body = FunctionBuilder(name: "region", location: builder.location)
    _ = body.parameter(TensorType([], .i64))
    let sum = body.parameter(type)
    let own = parts.map { part in
      body.parameter(TensorType(Array(builder[part].shape.dropFirst()), builder[part].element))
    }
    let product = try body.emit(.dot(dimensions), own)
    let next = try body.emit(.binary(.add), [sum, product])
    let scan = Scan(
      length: count, isReversed: isReversed, captureCount: 0, carryCount: 1,
      body: body.finish(returning: [next]))
    return try builder.emitAll(.scan(scan), [builder.splat(0, type)] + parts)[0]
  }
}
