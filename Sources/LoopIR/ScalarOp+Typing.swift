package import TensorIR

extension ScalarOp {
  /// The result's element type for operands of the given types; nil where they do not fit.
  package func resultType(_ operands: [ElementType]) -> ElementType? {
    let types = operands.map { TensorType([], $0) }
    return (try? tensorOp.resultTypes(types))?.first?.element
  }

  /// The tensor op that does the same element by element.
  private var tensorOp: Op {
    switch self {
    case .unary(let op): .unary(op)
    case .binary(let op): .binary(op)
    case .compare(let direction): .compare(Comparison(direction))
    case .select: .select
    case .convert(let element): .convert(to: element)
    case .bits(let op): .bits(op)
    }
  }
}

extension Reduction.Kind {
  /// Whether elements of the type can be combined.
  func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum: true
    case .and, .or: !element.isFloat
    }
  }
}
