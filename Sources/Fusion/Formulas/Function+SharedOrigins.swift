internal import TensorIR

extension Function {
  /// The values that both sides of a comparison take elements from, such as a tensor that is compared
  /// with its own maximum; they have to be in memory.
  ///
  /// Computed again, an element may differ in its last bit, because a product is rounded before a sum
  /// in one place and not in another. Then no element would equal the maximum.
  var sharedOrigins: Set<ValueID> {
    let definitions = definitions()
    var shared = Set<ValueID>()
    for operation in operations {
      guard operation.op.comparesOperands, self[operation.operands[0]].element.isFloat else {
        continue
      }
      let left = origins(of: operation.operands[0], definitions)
      guard !left.isEmpty else { continue }
      shared.formUnion(left.intersection(origins(of: operation.operands[1], definitions)))
    }
    return shared
  }

  /// The function with products that elements of compared values are computed from rounded by themselves.
  ///
  /// A kernel may store such a value and find its maximum along another axis. There a product may stand in
  /// an outer loop, where no sum takes it in, and an element would differ from the one that is stored.
  func withComparedProductsRounded() throws -> Function {
    let products = productsOfComparedValues
    if products.isEmpty { return self }
    return try replacingOperations { operation, operands, builder in
      guard let result = operation.results.first, products.contains(result) else { return nil }
      let product = try builder.emit(operation.op, operands)
      return [try builder.emit(.convert(to: self[result].element), [product])]
    }
  }

  /// The products that compared values are computed from, element by element.
  private var productsOfComparedValues: Set<ValueID> {
    let definitions = definitions()
    var products = Set<ValueID>()
    var rest = Array(sharedOrigins)
    var visited = Set(rest)
    while let next = rest.popLast() {
      guard let position = definitions[next.index] else { continue }
      let operation = operations[position]
      switch operation.op {
      case .binary(.multiply), .unary(.square):
        if [.f32, .f64].contains(self[next].element) { products.insert(next) }
      case .unary, .binary, .select, .clamp, .convert, .shape, .gather, .dynamicSlice,
        .dynamicUpdateSlice:
        break
      case .constant, .iota, .compare, .bits, .complex, .fft, .reduce, .window, .dot, .convolution,
        .scatter, .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan,
        .custom, .call:
        continue
      }
      rest += operation.operands.filter { visited.insert($0).inserted }
    }
    return products
  }

  /// The computed values whose elements a value consists of.
  private func origins(of value: ValueID, _ definitions: [Int?]) -> Set<ValueID> {
    var origins = Set<ValueID>()
    var visited = Set([value])
    var rest = [value]
    while let next = rest.popLast() {
      guard let position = definitions[next.index] else { continue }
      let operation = operations[position]
      if let sources = operation.op.elementSources(among: operation.operands.count) {
        rest += sources.map { operation.operands[$0] }.filter { visited.insert($0).inserted }
      } else {
        origins.insert(next)
      }
    }
    return origins
  }
}

extension Op {
  /// Whether the op compares elements of its two operands.
  fileprivate var comparesOperands: Bool {
    switch self {
    case .compare, .window(.place): true
    default: false
    }
  }

  /// The operands, by position, that the op takes its elements from as they are; nil where it computes
  /// new ones.
  fileprivate func elementSources(among count: Int) -> [Int]? {
    switch self {
    case .constant, .iota: []
    case .shape, .binary(.maximum), .binary(.minimum), .clamp: Array(0..<count)
    case .gather, .dynamicSlice, .window(.collect): [0]
    case .dynamicUpdateSlice, .window(.reduce(.maximum, _)), .window(.reduce(.minimum, _)): [0, 1]
    case .window: nil
    case .select: [1, 2]
    case .scatter(let dimensions):
      switch dimensions.combination {
      case .maximum, .minimum, .set: [0, 2]
      case .add, .multiply: nil
      }
    case .reduce(let reduction):
      switch reduction.kind {
      case .maximum, .minimum: [0, 1]
      case .add, .multiply, .and, .or: nil
      }
    case .unary, .binary, .compare, .convert, .bits, .complex, .fft, .dot, .convolution, .matrix,
      .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      nil
    }
  }
}
