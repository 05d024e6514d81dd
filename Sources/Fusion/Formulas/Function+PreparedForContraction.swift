internal import LoopIR
internal import TensorIR

extension Function {
  /// The function with transposes before the dots whose factors cannot be walked in place, and the
  /// values that must be in memory for that, as must be factors of convolutions which no strides walk.
  ///
  /// - Parameter known: values of this function that must be in memory anyway.
  func preparedForContraction(
    forcing known: Set<ValueID>
  ) throws -> (Function, forced: Set<ValueID>) {
    guard operations.contains(where: \.op.mayBeProduct) else { return (self, known) }
    let graph = Graph(self)
    var forced = Set<ValueID>()
    let prepared = try replacingOperations { operation, operands, builder in
      switch operation.op {
      case .dot(let dimensions):
        let types = operation.operands.map { self[$0] }
        guard ContractionShape.isWorthwhile(dimensions, types[0], types[1]) else { return nil }
        let isBase = { (value: ValueID) in graph.operation(value)?.op.isRenaming != true }
        let (left, right) = graph.walkableFactors(operation.result, until: isBase)
        var factors = operands
        let ordered = try builder.canonicalize(
          dimensions, &factors, types, sides: (left ? [] : [0]) + (right ? [] : [1]),
          forced: &forced)
        return [try builder.emit(.dot(ordered), factors)]
      case .convolution(let convolution):
        forced.formUnion(graph.scatteredFactors(operation, convolution).map { operands[$0] })
        return nil
      default:
        guard operation.results.contains(where: known.contains) else { return nil }
        let results = try builder.emitAll(operation.op, operands, at: operation.location)
        forced.formUnion(results)
        return results
      }
    }
    return (prepared, forced)
  }
}

extension Op {
  /// Whether the op may become a register-tiled product.
  fileprivate var mayBeProduct: Bool {
    switch self {
    case .dot, .convolution: true
    default: false
    }
  }
}

extension Graph {
  /// The operands of a convolution that is a product, 0 or 1, which are another value's elements in an
  /// order whose addresses are not affine, such as a grouped kernel whose groups changed places.
  fileprivate func scatteredFactors(_ operation: Operation, _ convolution: Convolution) -> [Int] {
    let types = operation.operands.map { type($0) }
    let result = type(operation.result)
    guard convolution.isWorthwhile(types[0], types[1], result),
      let form = convolution.productForm(types[0], types[1], result)
    else { return [] }
    let isBase = { (value: ValueID) in self.operation(value)?.op.isRenaming != true }
    return [form.left, form.right].enumerated().compactMap { side, index in
      let isWalkable =
        source(
          of: operation.operands[side], at: index, axes: form.extents.count, until: isBase) != nil
      return isWalkable ? nil : side
    }
  }
}

extension Op {
  /// Whether the op's elements are its operand's at other indices.
  fileprivate var isRenaming: Bool {
    switch self {
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice), .shape(.reverse):
      true
    case .shape(.pad), .shape(.concatenate), .constant, .iota, .unary, .binary, .compare, .select,
      .clamp, .convert, .bits, .complex, .fft, .reduce, .dot, .convolution, .gather, .scatter,
      .window,
      .dynamicSlice,
      .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}

extension FunctionBuilder {
  /// Brings factors into the order batch, row, depth (left) and batch, depth, column (right).
  fileprivate mutating func canonicalize(
    _ dimensions: DotDimensions, _ operands: inout [ValueID], _ types: [TensorType], sides: [Int],
    forced: inout Set<ValueID>
  ) throws -> DotDimensions {
    var result = dimensions
    let batches = Array(dimensions.leftBatching.indices)
    let depth = dimensions.leftContracting.count
    for side in sides {
      let isLeft = side == 0
      let batching = isLeft ? dimensions.leftBatching : dimensions.rightBatching
      let contracting = isLeft ? dimensions.leftContracting : dimensions.rightContracting
      let free =
        isLeft
        ? dimensions.leftFree(rank: types[0].rank) : dimensions.rightFree(rank: types[1].rank)
      let order = batching + (isLeft ? free + contracting : contracting + free)
      operands[side] = try emit(.shape(.transpose(permutation: order)), [operands[side]])
      forced.insert(operands[side])
      let first = isLeft ? batches.count + free.count : batches.count
      if isLeft {
        result.leftBatching = batches
        result.leftContracting = Array(first..<(first + depth))
      } else {
        result.rightBatching = batches
        result.rightContracting = Array(first..<(first + depth))
      }
    }
    return result
  }
}
