/// How an op's text reads after its mnemonic; the text's counterpart of `Op` before attributes and
/// types are known.
enum OpSyntax: Hashable {
  case constant, iota
  case unary(UnaryOp)
  case binary(BinaryOp)
  case complex(ComplexOp)
  /// Something that is read as what it is made of.
  case expansion(Expansion)
  case compare, select, clamp, convert, bitcast, reducePrecision
  case broadcast, reshape, transpose, slice, pad, concatenate, reverse
  case reduce, dot, convolution, gather, scatter, fft
  case dynamicSlice, dynamicUpdateSlice, optimizationBarrier, whileLoop, branch(Branch.Kind), scan
  case custom(CustomDerivative.Kind)
  case matrix(MatrixSyntax)
  case order
  case call, composite

  /// The syntax of each mnemonic; `call` is how `func.call` is written inside functions.
  static let byMnemonic: [String: OpSyntax] = {
    var table: [String: OpSyntax] = [
      "stablehlo.constant": .constant, "stablehlo.iota": .iota, "stablehlo.compare": .compare,
      "stablehlo.select": .select, "stablehlo.clamp": .clamp, "stablehlo.convert": .convert,
      "stablehlo.bitcast_convert": .bitcast, "stablehlo.reduce_precision": .reducePrecision,
      "stablehlo.broadcast_in_dim": .broadcast, "stablehlo.reshape": .reshape,
      "stablehlo.transpose": .transpose, "stablehlo.slice": .slice, "stablehlo.pad": .pad,
      "stablehlo.concatenate": .concatenate, "stablehlo.reverse": .reverse,
      "stablehlo.fft": .fft,
      "stablehlo.reduce": .reduce, "stablehlo.dot_general": .dot,
      "stablehlo.convolution": .convolution, "stablehlo.gather": .gather,
      "stablehlo.scatter": .scatter, "stablehlo.dynamic_slice": .dynamicSlice,
      "stablehlo.dynamic_update_slice": .dynamicUpdateSlice,
      "stablehlo.optimization_barrier": .optimizationBarrier, "stablehlo.while": .whileLoop,
      "adjoint.scan": .scan, "adjoint.order": .order, "func.call": .call, "call": .call,
      "stablehlo.composite": .composite,
    ]
    for kind in Branch.Kind.allCases { table[kind.rawValue] = .branch(kind) }
    for kind in [CustomDerivative.Kind.tangents, .cotangents] {
      table[kind.rawValue] = .custom(kind)
    }
    table["chlo.tan"] = .unary(.tangent)
    for dialect in ["chlo", "arith"] { table["\(dialect).constant"] = .constant }
    for word in broadcastingFunctions {
      table[broadcastingPrefix + word] = .expansion(.broadcasting)
    }
    for expansion in Expansion.allCases { table[expansion.rawValue] = .expansion(expansion) }
    for op in MatrixSyntax.allCases { table[op.rawValue] = .matrix(op) }
    for op in UnaryOp.allCases { table[op.rawValue] = .unary(op) }
    for op in BinaryOp.allCases { table[op.rawValue] = .binary(op) }
    for op in ComplexOp.allCases { table[op.rawValue] = .complex(op) }
    return table
  }()

  /// The mnemonic of StableHLO or CHLO for what older exporters wrote in the dialect MHLO.
  static func mnemonic(_ written: String) -> String {
    guard written.hasPrefix("mhlo.") else { return written }
    let word = written.dropFirst("mhlo.".count)
    if word == "topk" { return Expansion.topK.rawValue }
    return byMnemonic["chlo.\(word)"] == nil || byMnemonic["stablehlo.\(word)"] != nil
      ? "stablehlo.\(word)" : "chlo.\(word)"
  }

  /// Whether one type may stand for those of all operands and the result.
  var allowsOneType: Bool {
    switch self {
    case .unary, .binary, .complex: true
    case .expansion(let expansion):
      [.cholesky, .shardingConstraint, .partition, .replica].contains(expansion)
    case .reducePrecision, .bitcast, .clamp, .reverse, .convert, .iota: true
    case .constant, .compare, .select, .broadcast, .reshape, .transpose, .slice, .pad,
      .concatenate, .reduce, .dot, .convolution, .gather, .scatter, .fft, .dynamicSlice,
      .dynamicUpdateSlice,
      .matrix, .order, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call, .composite:
      false
    }
  }

  /// Whether operations have regions.
  var hasRegions: Bool {
    if case .expansion(let expansion) = self { return expansion.hasRegion }
    if case .custom = self { return true }
    return self == .reduce || self == .scatter || capturesValues
  }

  /// Whether regions may read values of the function around them.
  var capturesValues: Bool {
    switch self {
    case .whileLoop, .branch, .scan: true
    case .expansion, .constant, .iota, .unary, .binary, .complex, .fft, .compare, .select, .clamp,
      .convert, .bitcast, .reducePrecision, .broadcast,
      .reshape,
      .transpose, .slice, .pad, .concatenate, .reverse, .reduce, .dot, .convolution, .gather,
      .scatter,
      .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier, .custom, .call, .composite, .matrix,
      .order:
      false
    }
  }

}

/// An operation as read so far: the same thing whether the text was pretty or generic.
struct OperationDraft {
  /// Which op it is.
  let syntax: OpSyntax
  /// The mnemonic as written.
  let mnemonic: String
  /// Where the mnemonic starts.
  let position: Int
  /// The values read.
  var operands: [ValueID] = []
  /// Where each operand is written.
  var operandPositions: [Int] = []
  /// What stands in the dictionary, or the pretty form's counterpart of it.
  var attributes: AttributeDictionary
  /// The bodies, and what each captures from outside.
  var regions: [CapturingRegion] = []
  /// How many operands are values that regions capture.
  var captureCount = 0
  /// The function that a reduction names instead of having a body.
  var appliedKind: Reduction.Kind?
  /// The types of the operands.
  var operandTypes: [TensorType] = []
  /// What the types written for operands are made of; empty where each is a tensor's.
  var operandTrees: [TypeTree] = []
  /// The elements of operands that follow from constants, where the operation asks for them.
  var known: [[Int]?] = []
  /// How many operations before this one make random numbers.
  var randomNumber = 0
  /// The types written for the results.
  var results = WrittenTypes()

  /// A draft without anything after its mnemonic.
  init(_ syntax: OpSyntax, _ mnemonic: String, at position: Int, _ location: SourceLocation) {
    self.syntax = syntax
    self.mnemonic = mnemonic
    self.position = position
    attributes = AttributeDictionary(of: mnemonic, at: location)
  }

  /// Whether the types are written `operand -> result` without parentheses, as in the chlo dialect.
  var usesArrowForm: Bool { mnemonic.hasPrefix("chlo.") }

  /// The one type written for the result.
  func resultType() throws -> TensorType {
    guard results.types.count == 1 else {
      throw AdjointError(
        .type, "\(mnemonic) has 1 result, not \(results.types.count)", at: attributes.location)
    }
    return results.types[0]
  }

  /// The op with its attributes taken out of the dictionary.
  mutating func op() throws -> Op {
    let op = try opLeavingRest()
    try attributes.requireEmpty()
    guard regions.isEmpty || syntax.hasRegions else {
      throw AdjointError(.syntax, "\(mnemonic) has no region", at: attributes.location)
    }
    return op
  }

  /// The op, leaving unknown attributes in the dictionary.
  private mutating func opLeavingRest() throws -> Op {
    switch syntax {
    case .expansion:
      throw AdjointError(.unsupported, "\(mnemonic) is not kept", at: attributes.location)
    case .constant: return .constant(try attributes.literal("value"))
    case .iota: return .iota(try resultType(), dimension: try attributes.integer("iota_dimension"))
    case .unary(let op):
      try checkAccuracy()
      return .unary(op)
    case .binary(let op): return .binary(op)
    case .complex(let op): return .complex(op)
    case .fft: return .fft(try fourierTransform())
    case .compare: return .compare(try comparison())
    case .select: return .select
    case .clamp: return .clamp
    case .convert: return .convert(to: try resultType().element)
    case .bitcast: return .bits(.cast(to: try resultType().element))
    case .reducePrecision: return .bits(try reducedPrecision())
    case .broadcast, .reshape, .transpose, .slice, .pad, .concatenate, .reverse:
      return .shape(try shapeOp())
    case .reduce: return .reduce(try reduction())
    case .dot: return .dot(try dotDimensions())
    case .convolution: return .convolution(try convolution())
    case .gather: return .gather(try gatherDimensions())
    case .scatter: return .scatter(try scatterDimensions())
    case .dynamicSlice: return .dynamicSlice(sizes: try attributes.integers("slice_sizes"))
    case .dynamicUpdateSlice: return .dynamicUpdateSlice
    case .optimizationBarrier: return .optimizationBarrier
    case .matrix(let syntax): return .matrix(try matrixOp(syntax))
    case .order: return .order(try ordering())
    case .whileLoop: return .whileLoop(try whileLoop())
    case .branch(let kind): return .branch(try branch(kind))
    case .scan: return .scan(try scan())
    case .custom(let kind): return .custom(try customDerivative(kind))
    case .composite:
      for name in ["name", "version", "composite_attributes"] { _ = attributes.take(name) }
      return .call(
        Callee(try attributes.symbol("decomposition"), resultTypes: results.types))
    case .call:
      return .call(Callee(try attributes.symbol("callee"), resultTypes: results.types))
    }
  }
}
