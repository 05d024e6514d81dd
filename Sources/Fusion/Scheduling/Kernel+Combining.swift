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
    let element = newVariable("j\(variables.count)", extent: type.count)
    var outer = Loop(element)
    let (folded, inner) = fold(
      .slot(source), count, stride: type.count, offset: IndexExpression(element), type.element, kind
    )
    outer.body = [.loop(inner)]
    let sum = narrowed(folded, to: type.element, &outer.body)
    outer.body.append(.store(Store(.slot(target), IndexExpression(element), sum)))
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
    var nodes = [Node]()
    let result = narrowed(folded, to: element, &nodes)
    body += nodes
    return result
  }

  /// The element type that partial results are combined in.
  private func wide(_ element: ElementType, _ kind: Reduction.Kind) -> ElementType {
    element == .f32 && kind == .add ? .f64 : element
  }

  /// Adds a loop's result in the element type, and gives it.
  private mutating func narrowed(
    _ scalar: ScalarID, to element: ElementType, _ nodes: inout [Node]
  ) -> ScalarID {
    guard scalars[scalar.index] != element else { return scalar }
    let narrow = newScalar(element)
    nodes.append(.define(narrow, .apply(.convert(to: element), [scalar])))
    return narrow
  }

  /// A loop that combines elements of memory, in the type of its result.
  private mutating func fold(
    _ memory: Memory, _ count: Int, stride: Int, offset: IndexExpression, _ element: ElementType,
    _ kind: Reduction.Kind
  ) -> (ScalarID, Loop) {
    let variable = newVariable("b\(variables.count)", extent: count)
    let sum = wide(element, kind)
    let (loaded, folded) = (newScalar(element), newScalar(sum))
    var loop = Loop(variable)
    loop.accumulators = [Accumulator(folded, kind)]
    let address = offset + IndexExpression(variable) * stride
    loop.body = [.define(loaded, .load(memory, address, condition: nil))]
    var value = loaded
    if sum != element {
      value = newScalar(sum)
      loop.body.append(.define(value, .apply(.convert(to: sum), [loaded])))
    }
    loop.body.append(.accumulate(folded, value: value))
    return (folded, loop)
  }

  /// Appends nodes of another kernel, with some of its scalars already known here.
  mutating func adopt(
    _ nodes: [Node], of other: Kernel, renaming known: [ScalarID: ScalarID] = [:]
  ) {
    var transplant = Transplant(from: other, into: self, known: known)
    let nodes = transplant.mapped(nodes)
    self = transplant.kernel
    body += nodes
  }
}
