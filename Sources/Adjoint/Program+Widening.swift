internal import TensorIR

extension Program {
  /// The same program with f64 in place of every float: what central differences need.
  ///
  /// - Throws: `AdjointError` where the wider program has no size.
  package func widened() throws -> Program {
    var wide = module
    wide.functions = module.functions.map { $0.widened() }
    return try Program(parsing: wide.description, file: "widened program")
  }
}

extension Function {
  /// The function with f64 in place of every float.
  fileprivate func widened() -> Function {
    var function = self
    function.types = types.map { $0.widened }
    for index in function.operations.indices {
      function.operations[index].op = function.operations[index].op.widened()
    }
    return function
  }
}

extension Op {
  /// The op with f64 in place of every float.
  fileprivate func widened() -> Op {
    switch self {
    case .constant(let literal): .constant(literal.widened())
    case .iota(let type, let dimension): .iota(type.widened, dimension: dimension)
    case .convert(let element): .convert(to: element.widened)
    case .bits: self
    case .call(let callee):
      .call(Callee(callee.name, resultTypes: callee.resultTypes.map { $0.widened }))
    case .unary, .binary, .compare, .select, .clamp, .shape, .reduce, .dot, .convolution, .window,
      .gather,
      .scatter,
      .dynamicSlice,
      .dynamicUpdateSlice, .optimizationBarrier:
      self
    case .whileLoop, .branch, .scan, .custom: mappingRegions { $0.widened() }
    }
  }
}

extension Literal {
  /// The constant with f64 in place of floats, which are exact in it.
  fileprivate func widened() -> Literal {
    guard type.element.isFloat else { return self }
    if let value = splatValue { return Literal(type.widened, filledWith: value) }
    return Literal(type.widened, doubles: doubles)
  }
}

extension TensorType {
  /// The type with f64 in place of floats.
  fileprivate var widened: TensorType { TensorType(shape, element.widened) }
}

extension ElementType {
  /// f64 in place of floats.
  fileprivate var widened: ElementType { isFloat ? .f64 : self }
}
