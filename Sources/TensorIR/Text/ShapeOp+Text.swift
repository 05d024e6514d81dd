// The text of ops that move, repeat or drop elements.

extension OperationDraft {
  /// The op's attributes.
  ///
  /// - Requires: the syntax is a shape op's.
  mutating func shapeOp() throws -> ShapeOp {
    switch syntax {
    case .broadcast:
      return .broadcast(
        shape: try resultType().shape, dimensions: try attributes.integers("broadcast_dimensions"))
    case .reshape: return .reshape(shape: try resultType().shape)
    case .transpose: return .transpose(permutation: try attributes.integers("permutation"))
    case .slice:
      return .slice(
        starts: try attributes.integers("start_indices"),
        limits: try attributes.integers("limit_indices"),
        strides: try attributes.integers("strides"))
    case .pad:
      return .pad(
        low: try attributes.integers("edge_padding_low"),
        high: try attributes.integers("edge_padding_high"),
        interior: try attributes.integers("interior_padding"))
    case .concatenate: return .concatenate(dimension: try attributes.integer("dimension"))
    case .reverse: return .reverse(dimensions: try attributes.integers("dimensions"))
    case .expansion, .constant, .iota, .unary, .binary, .complex, .fft, .compare, .select, .clamp,
      .convert,
      .bitcast,
      .reducePrecision, .reduce, .dot, .convolution,
      .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call, .composite, .matrix, .order:
      preconditionFailure("\(mnemonic) is no shape op")
    }
  }
}

extension ModuleParser {
  /// Reads what follows a shape op's mnemonic.
  mutating func shapeForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operand(of: &draft, in: &body)
    switch draft.syntax {
    case .slice: return try ranges(of: &draft)
    case .pad:
      try cursor.expect(",")
      try operand(of: &draft, in: &body)
      try cursor.expect(",")
      try integers("low", as: "edge_padding_low", of: &draft)
      try cursor.expect(",")
      try integers("high", as: "edge_padding_high", of: &draft)
      try cursor.expect(",")
      try integers("interior", as: "interior_padding", of: &draft)
    case .concatenate:
      try cursor.expect(",")
      while cursor.isNext("%") {
        try operand(of: &draft, in: &body)
        try cursor.expect(",")
      }
      try cursor.expect(word: "dim")
      try cursor.expect("=")
      try draft.attributes.add("dimension", .integer(try cursor.integer()))
    case .broadcast: try dimensions(as: "broadcast_dimensions", of: &draft)
    case .transpose: try dimensions(as: "permutation", of: &draft)
    case .reverse: try dimensions(as: "dimensions", of: &draft)
    case .reshape, .expansion, .constant, .iota, .unary, .binary, .complex, .fft, .compare, .select,
      .clamp,
      .convert, .bitcast,
      .reducePrecision, .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call, .composite, .matrix, .order:
      break
    }
  }

  /// Reads `, dims = [0, 1]`.
  private mutating func dimensions(
    as attribute: String, of draft: inout OperationDraft
  ) throws {
    try cursor.expect(",")
    try integers("dims", as: attribute, of: &draft)
  }

  /// Reads `[0:10:2, 0:3]`: a start, a limit and perhaps a stride for each axis.
  private mutating func ranges(of draft: inout OperationDraft) throws {
    var starts = [Int]()
    var limits = [Int]()
    var strides = [Int]()
    try cursor.list(from: "[", to: "]") { cursor in
      starts.append(try cursor.integer())
      try cursor.expect(":")
      limits.append(try cursor.integer())
      strides.append(cursor.accept(":") ? try cursor.integer() : 1)
    }
    try draft.attributes.add("start_indices", .integers(starts))
    try draft.attributes.add("limit_indices", .integers(limits))
    try draft.attributes.add("strides", .integers(strides))
  }
}

extension FunctionPrinter {
  /// Writes a shape op.
  mutating func writeShape(_ op: ShapeOp, _ operation: Operation) {
    let mnemonic = operation.op.mnemonic
    switch op {
    case .broadcast(_, let dimensions): write(mnemonic, operation, ", dims = \(dimensions)")
    case .reshape: write(mnemonic, operation)
    case .transpose(let permutation): write(mnemonic, operation, ", dims = \(permutation)")
    case .slice(let starts, let limits, let strides):
      let ranges = zip(zip(starts, limits), strides).map { range, stride in
        "\(range.0):\(range.1)" + (stride == 1 ? "" : ":\(stride)")
      }
      write(mnemonic, operation, " [\(ranges.joined(separator: ", "))]")
    case .pad(let low, let high, let interior):
      write(mnemonic, operation, ", low = \(low), high = \(high), interior = \(interior)")
    case .concatenate(let dimension): write(mnemonic, operation, ", dim = \(dimension)")
    case .reverse(let dimensions):
      write(mnemonic, operation, ", dims = \(dimensions)", oneType: true)
    }
  }
}
