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

  /// Appends straight-line nodes of another kernel, with some of its scalars already known here.
  mutating func adopt(_ nodes: [Node], of other: Kernel, renaming known: [ScalarID: ScalarID]) {
    var renamed = known
    func memory(_ memory: Memory) -> Memory {
      guard case .slot(let slot) = memory else { return memory }
      let buffer = other.slots[slot]
      if let place = slots.firstIndex(of: buffer) { return .slot(place) }
      slots.append(buffer)
      return .slot(slots.count - 1)
    }
    func scalar(_ id: ScalarID) -> ScalarID { renamed[id] ?? id }
    func index(_ index: IndexExpression) -> IndexExpression {
      index.substituting(variable: { IndexExpression($0) }) {
        IndexExpression(.scalar(scalar($0)))
      }
    }
    for node in nodes {
      switch node {
      case .define(let id, let expression):
        let fresh = ScalarID(scalars.count)
        scalars.append(other.scalars[id.index])
        let moved: Expression
        switch expression {
        case .literal: moved = expression
        case .index(let place, let element): moved = .index(index(place), element)
        case .load(let from, let place, let condition):
          moved = .load(memory(from), index(place), condition: condition.map(scalar))
        case .inBounds(let bounds):
          moved = .inBounds(
            bounds.map { Bound(index($0.index), lower: $0.lower, upper: $0.upper) })
        case .apply(let op, let operands): moved = .apply(op, operands.map(scalar))
        }
        renamed[id] = fresh
        body.append(.define(fresh, moved))
      case .store(let store):
        body.append(
          .store(
            Store(
              memory(store.memory), index(store.address), scalar(store.value),
              combining: store.combining, condition: store.condition.map(scalar))))
      case .accumulate, .loop, .contract:
        preconditionFailure("only straight-line code follows a kernel that is cut into blocks")
      }
    }
  }
}
