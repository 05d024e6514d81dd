internal import TensorIR

extension Function {
  /// The function with f64 in place of every float.
  func widened() -> Function {
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
    case .bits, .complex, .fft: self
    case .call(let callee):
      .call(Callee(callee.name, resultTypes: callee.resultTypes.map { $0.widened }))
    case .unary, .binary, .compare, .select, .clamp, .shape, .reduce, .dot, .convolution, .window,
      .gather,
      .scatter,
      .dynamicSlice,
      .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier:
      self
    case .whileLoop, .branch, .scan, .custom: mappingRegions { $0.widened() }
    }
  }
}

extension Literal {
  /// The constant with f64 in place of floats, which are exact in it.
  fileprivate func widened() -> Literal {
    guard type.element.isInexact else { return self }
    if type.element.isComplex {
      return Literal(type.widened, bytes: parts.widened().denseBytes)
    }
    if let value = splatValue { return Literal(type.widened, filledWith: value) }
    return Literal(type.widened, doubles: doubles)
  }
}

extension TensorType {
  /// The type with f64 in place of floats.
  fileprivate var widened: TensorType { TensorType(shape, element.widened) }
}

extension ElementType {
  /// f64 in place of floats, also as parts of complex numbers.
  fileprivate var widened: ElementType { isComplex ? .c128 : isFloat ? .f64 : self }
}
