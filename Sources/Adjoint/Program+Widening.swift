internal import TensorIR

extension Program {
  /// The same program with f64 in place of every f32: what central differences need.
  ///
  /// - Throws: `AdjointError` where the wider program has no size.
  package func widened() throws -> Program {
    var wide = module
    wide.functions = module.functions.map { $0.widened() }
    return try Program(parsing: wide.description, file: "widened program")
  }
}

extension Function {
  /// The function with f64 in place of every f32.
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
  /// The op with f64 in place of every f32.
  fileprivate func widened() -> Op {
    switch self {
    case .constant(let literal): .constant(literal.widened())
    case .iota(let type, let dimension): .iota(type.widened, dimension: dimension)
    case .convert(let element): .convert(to: element.widened)
    case .call(let callee):
      .call(Callee(callee.name, resultTypes: callee.resultTypes.map { $0.widened }))
    case .unary, .binary, .compare, .select, .clamp, .shape, .reduce, .dot, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice, .optimizationBarrier:
      self
    case .whileLoop, .branch, .scan: mappingRegions { $0.widened() }
    }
  }
}

extension Literal {
  /// The constant with f64 in place of f32; every f32 is an f64.
  fileprivate func widened() -> Literal {
    guard type.element == .f32 else { return self }
    if let value = splatValue { return Literal(type.widened, filledWith: value) }
    return Literal(type.widened, doubles: doubles)
  }
}

extension TensorType {
  /// The type with f64 in place of f32.
  fileprivate var widened: TensorType { TensorType(shape, element.widened) }
}

extension ElementType {
  /// f64 in place of f32.
  fileprivate var widened: ElementType {
    switch self {
    case .f32, .f64: .f64
    case .i1, .i32, .i64: self
    }
  }
}
