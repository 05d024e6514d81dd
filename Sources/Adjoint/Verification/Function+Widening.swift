internal import TensorIR

extension Function {
  /// The function with f64 in place of every float.
  func widened() -> Function {
    var function = self
    function.types = types.map { $0.widened }
    function.operations = operations.flatMap { operation in
      guard case .bits(.cast(let target)) = operation.op else {
        var wide = operation
        wide.op = operation.op.widened()
        return [wide]
      }
      return function.casting(operation, from: self[operation.operands[0]], to: target)
    }
    function.renumber()
    return function
  }

  /// A look at bits, which stay those of the type that they were of.
  private mutating func casting(
    _ operation: Operation, from source: TensorType, to target: ElementType
  ) -> [Operation] {
    /// A value of a type that is not widened.
    func value(_ element: ElementType) -> ValueID {
      types.append(TensorType(source.shape, element))
      return ValueID(types.count - 1)
    }
    var (cast, parts) = (operation, [Operation]())
    if source.element != source.element.widened {
      cast.operands = [value(source.element)]
      parts.append(
        Operation(
          .convert(to: source.element), operation.operands, results: cast.operands,
          at: operation.location))
    }
    parts.append(cast)
    if target != target.widened {
      parts[parts.count - 1].results = [value(target)]
      parts.append(
        Operation(
          .convert(to: target.widened), parts[parts.count - 1].results, results: operation.results,
          at: operation.location))
    }
    return parts
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
