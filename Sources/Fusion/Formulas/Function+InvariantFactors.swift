package import TensorIR

extension Function {
  /// The function with transposed copies, made before each loop, of what loops capture as factors whose
  /// depth is contiguous where lanes go along the other axis.
  ///
  /// Such a factor of a product is packed, and one of a matrix with a vector is gathered or transposed in
  /// registers, in each iteration anew; a copy costs its bytes, and is made once.
  ///
  ///     Before:  adjoint.scan(%w, …) { … dot_general %x, %w, contracting_dims = [1] x [1] }
  ///     After:   %t = transpose %w   adjoint.scan(%w, %t, …) { … dot_general %x, %t, … [1] x [0] }
  package func transposingInvariantFactors() -> Function {
    guard operations.indices.contains(where: { !operations[$0].op.regions.isEmpty }) else {
      return self
    }
    var function = self
    function.operations = []
    var known: [TransposedCapture: ValueID] = [:]
    for operation in operations {
      var loop = operation
      loop.op = operation.op.mappingRegions { $0.transposingInvariantFactors() }
      for copy in loop.transposedCaptures() {
        let source = loop.operands[copy.capture]
        let copyOfValue = TransposedCapture(capture: source.index, order: copy.order)
        let value = known[copyOfValue] ?? ValueID(function.types.count)
        if known[copyOfValue] == nil {
          known[copyOfValue] = value
          function.types.append(function[source].transposed(by: copy.order))
          function.operations.append(
            Operation(
              .shape(.transpose(permutation: copy.order)), [source], results: [value],
              at: operation.location))
        }
        loop.addCapture(value, of: function[value], replacing: copy)
      }
      function.operations.append(loop)
    }
    return function
  }
}

/// A capture, or a value, that loops read by columns.
private struct TransposedCapture: Hashable {
  /// The capture, by its position among the operands, or the value's index.
  var capture: Int
  /// The axes of the copy, outermost first.
  var order: [Int]
}

extension Operation {
  /// The captures of the loop that are worth a transposed copy.
  fileprivate func transposedCaptures() -> [TransposedCapture] {
    guard let (region, first) = op.repeatedRegion else { return [] }
    var found = [TransposedCapture]()
    let parameters = region.parameters.dropFirst(first).prefix(op.captureRange.count)
    let captures = Dictionary(
      uniqueKeysWithValues: zip(parameters, op.captureRange.lowerBound...))
    for operation in region.operations {
      for (side, operand) in operation.operands.enumerated() {
        guard let capture = captures[operand], let order = operation.walkedOrder(side, in: region)
        else { continue }
        let copy = TransposedCapture(capture: capture, order: order)
        if !found.contains(copy) { found.append(copy) }
      }
    }
    return found
  }

  /// The order of axes in which an operand is better walked by lanes; nil where it is as good as it is.
  private func walkedOrder(_ side: Int, in region: Region) -> [Int]? {
    switch op {
    case .dot(let dimensions): return dimensions.walkedOrder(side, operands.map { region[$0] })
    case .shape(.transpose(let order)):
      // The copy that a loop inside captures is invariant here too.
      let isOfLoop = region.operations.contains { operation in
        operation.op.repeatedRegion != nil
          && operation.op.captureRange.contains { operation.operands[$0] == result }
      }
      return isOfLoop && region[result].count >= DotDimensions.leastCopiedElements ? order : nil
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch,
      .scan,
      .custom, .call:
      return nil
    }
  }

  /// Captures a transposed copy as well, and lets what walks the capture by columns read it.
  fileprivate mutating func addCapture(
    _ value: ValueID, of type: TensorType, replacing copy: TransposedCapture
  ) {
    guard let (region, first) = op.repeatedRegion else { return }
    let place = op.captureRange.upperBound
    let capture = region.parameters[first + copy.capture]
    operands.insert(value, at: place)
    func adding(to region: Region, at position: Int) -> (Region, ValueID) {
      var region = region
      let parameter = ValueID(region.types.count)
      region.types.append(type)
      region.parameters.insert(parameter, at: position)
      return (region, parameter)
    }
    var (body, parameter) = adding(to: region, at: first + place)
    var renamed: [ValueID: ValueID] = [:]
    for position in body.operations.indices {
      var operation = body.operations[position]
      operation.operands = operation.operands.map { renamed[$0] ?? $0 }
      for side in operation.operands.indices
      where operation.operands[side] == capture
        && region.operations[position].walkedOrder(side, in: region) == copy.order
      {
        if case .dot(let dimensions) = operation.op {
          operation.op = .dot(dimensions.reordered(side, by: copy.order))
          operation.operands[side] = parameter
        } else {
          renamed[operation.result] = parameter
        }
      }
      body.operations[position] = operation
    }
    body.results = body.results.map { renamed[$0] ?? $0 }
    let isDropped = body.operations.map { renamed[$0.results.first ?? ValueID(-1)] != nil }
    body.renumber(keeping: isDropped.map(!))
    switch op {
    case .scan(var scan):
      scan.captureCount += 1
      scan.body = body
      op = .scan(scan)
    case .whileLoop(var loop):
      loop.captureCount += 1
      loop.condition = adding(to: loop.condition, at: place).0
      loop.condition.renumber()
      loop.body = body
      op = .whileLoop(loop)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier, .branch, .custom, .call:
      preconditionFailure("only loops have repeated regions")
    }
  }
}

extension Op {
  /// Loops of fewer iterations are not worth copies for them.
  private static let leastIterations = 4

  /// The body of a loop of more than a few iterations, and the place of its first capture among the
  /// parameters.
  fileprivate var repeatedRegion: (region: Region, firstCapture: Int)? {
    switch self {
    case .scan(let scan): scan.length < Self.leastIterations ? nil : (scan.body, 1)
    case .whileLoop(let loop): (loop.body, 0)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier, .branch, .custom, .call:
      nil
    }
  }
}

extension DotDimensions {
  /// Factors of fewer elements are in registers, or as good as there.
  fileprivate static let leastCopiedElements = 64
  /// A factor with fewer rows or columns has nothing for lanes to go along.
  private static let leastLine = 4

  /// The order in which a factor's free axes are innermost, where lanes go along them and something
  /// else is innermost now.
  ///
  /// Lanes go along the columns of the right factor, and along the only free axes there are.
  fileprivate func walkedOrder(_ side: Int, _ types: [TensorType]) -> [Int]? {
    let isLeft = side == 0
    let own = types[side]
    let free = isLeft ? leftFree(rank: own.rank) : rightFree(rank: own.rank)
    let others = isLeft ? rightFree(rank: types[1].rank) : leftFree(rank: types[0].rank)
    let contracting = isLeft ? leftContracting : rightContracting
    let otherExtent = types[1 - side].shape.selecting(others).reduce(1, *)
    guard own.count >= Self.leastCopiedElements, contracting.contains(own.rank - 1),
      own.shape.selecting(free).reduce(1, *) >= Self.leastLine,
      own.shape.selecting(contracting).reduce(1, *) > 1, !isLeft || otherExtent == 1
    else { return nil }
    return (isLeft ? leftBatching : rightBatching) + contracting + free
  }

  /// The same product where a factor's axes are in another order.
  fileprivate func reordered(_ side: Int, by order: [Int]) -> DotDimensions {
    func moved(_ axes: [Int]) -> [Int] { axes.compactMap { order.firstIndex(of: $0) } }
    var result = self
    if side == 0 {
      result.leftBatching = moved(leftBatching)
      result.leftContracting = moved(leftContracting)
    } else {
      result.rightBatching = moved(rightBatching)
      result.rightContracting = moved(rightContracting)
    }
    return result
  }
}

extension TensorType {
  /// The type with its axes in another order.
  fileprivate func transposed(by order: [Int]) -> TensorType {
    TensorType(shape.selecting(order), element)
  }
}
