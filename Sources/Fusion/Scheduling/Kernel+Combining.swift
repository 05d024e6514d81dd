internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Adds loops that fold an array of each block, element by element, into a buffer.
  mutating func addSum(
    of partial: BufferID, _ count: Int, _ type: TensorType, _ kind: Reduction.Kind,
    to result: BufferID
  ) {
    slots += [partial, result]
    let (source, target) = (slots.count - 2, slots.count - 1)
    let element = VariableID(variables.count)
    variables.append(Variable(name: "j\(element.index)", extent: type.count))
    var outer = Loop(element)
    let (folded, inner) = fold(
      .slot(source), count, stride: type.count, offset: IndexExpression(element), type.element, kind
    )
    outer.body = [
      .loop(inner), .store(Store(.slot(target), IndexExpression(element), folded)),
    ]
    body.append(.loop(outer))
  }

  /// Adds a loop that folds one number of each block, and returns the result.
  mutating func addFold(
    of partial: BufferID, _ count: Int, _ element: ElementType, _ kind: Reduction.Kind
  ) -> ScalarID {
    slots.append(partial)
    let (folded, loop) = fold(
      .slot(slots.count - 1), count, stride: 1, offset: IndexExpression(0), element, kind)
    body.append(.loop(loop))
    return folded
  }

  private mutating func fold(
    _ memory: Memory, _ count: Int, stride: Int, offset: IndexExpression, _ element: ElementType,
    _ kind: Reduction.Kind
  ) -> (ScalarID, Loop) {
    let variable = VariableID(variables.count)
    variables.append(Variable(name: "b\(variable.index)", extent: count))
    let loaded = ScalarID(scalars.count)
    let folded = ScalarID(scalars.count + 1)
    scalars += [element, element]
    var loop = Loop(variable)
    loop.accumulators = [Accumulator(folded, kind)]
    let address = offset + IndexExpression(variable) * stride
    loop.body = [
      .define(loaded, .load(memory, address, condition: nil)),
      .accumulate(folded, value: loaded),
    ]
    return (folded, loop)
  }

  /// Appends nodes of another kernel, with some of its scalars already known here.
  mutating func adopt(
    _ nodes: [Node], of other: Kernel, renaming known: [ScalarID: ScalarID] = [:]
  ) {
    var transplant = Transplant(from: other, into: self, known: known)
    let nodes = transplant.moved(nodes)
    self = transplant.kernel
    body += nodes
  }
}
