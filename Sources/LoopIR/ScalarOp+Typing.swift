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

/// The types that functions of scalars give, each found once for a function and the types that it takes.
final class ScalarTyping {
  /// A function with the types of up to three operands.
  private struct Form: Hashable {
    var op: ScalarOp
    var first: ElementType?
    var second: ElementType?
    var third: ElementType?
  }

  @exclusivity(unchecked) private var known: [Form: ElementType?] = [:]

  /// The result's element type; nil where the operands do not fit.
  func resultType(
    of op: ScalarOp, _ operands: [ScalarID], in scalars: [ElementType]
  ) -> ElementType? {
    func type(_ position: Int) -> ElementType? {
      position < operands.count ? scalars[operands[position].index] : nil
    }
    guard operands.count <= 3 else { return op.resultType(operands.map { scalars[$0.index] }) }
    let form = Form(op: op, first: type(0), second: type(1), third: type(2))
    if let result = known[form] { return result }
    let result = op.resultType(operands.map { scalars[$0.index] })
    known[form] = result
    return result
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
