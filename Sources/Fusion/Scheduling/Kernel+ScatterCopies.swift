internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Adds what is added to a few computed places into four copies of these, which are added up behind.
  ///
  ///     serial i in 0..<61 { y[p[i]] += x[i] }
  ///
  /// becomes, for 32 places,
  ///
  ///     serial z in 0..<128 { l[z] = -0 }
  ///     serial i in 0..<15 { l[p[i]] += x[i]; l[32+p[i+15]] += x[i+15]; … }
  ///     serial r in 0..<1 { l[p[r+60]] += x[r+60] }
  ///     serial z in 0..<32 { y[z] += l[z] + l[z+32] + (l[z+64] + l[z+96]) }
  ///
  /// Of more updates than places some meet, as those of the one label between all others, and each would
  /// wait for the sum that the one before has stored. The order of terms depends on shapes alone.
  mutating func addIntoCopies(_ scheduler: inout Scheduler) {
    let analysis = DependenceAnalysis(self, in: scheduler.program)
    body = body.flatMap { node -> [Node] in
      guard case .loop(let loop) = node, let places = places(of: loop, analysis),
        scheduler.accept("\(variables[loop.variable.index].name): \(places) places")
      else { return [node] }
      return copies(of: loop, places: places)
    }
  }

  /// The elements of the buffer that a loop adds to, if these are few and updates many; nil otherwise.
  private func places(of loop: Loop, _ analysis: DependenceAnalysis) -> Int? {
    guard loop.schedule == .serial, case .store(let store) = loop.body.last,
      store.combining == .add, scalars[store.value.index].isFloat
    else { return nil }
    let updates = variables[loop.variable.index].extent
    let count = analysis.elementCount(of: store.memory)
    guard !loop.isCostly, CostModel.Scatters.copiedUpdates.contains(updates), count < updates,
      count >= CostModel.Scatters.leastCopied, loop.combinesAnywhere(analysis)
    else { return nil }
    return count
  }

  private mutating func copies(of loop: Loop, places: Int) -> [Node] {
    guard case .store(let target) = loop.body.last else { return [.loop(loop)] }
    let element = scalars[target.value.index]
    let local = Memory.local(locals.count)
    locals.append(Local(element: element, shape: [CostModel.Scatters.copies, places]))
    let length = variables[loop.variable.index].extent / CostModel.Scatters.copies
    var main = Loop(withVariable(like: loop, extent: length))
    for number in 0..<CostModel.Scatters.copies {
      main.body += copy(
        of: loop, at: IndexExpression(main.variable) + number * length, into: local, number * places
      )
    }
    var nodes = [cleared(local, CostModel.Scatters.copies * places, like: loop), Node.loop(main)]
    let done = length * CostModel.Scatters.copies
    let left = variables[loop.variable.index].extent - done
    if left > 0 {
      var rest = Loop(withVariable(like: loop, extent: left))
      rest.body = copy(of: loop, at: IndexExpression(rest.variable) + done, into: local, 0)
      nodes.append(.loop(rest))
    }
    return nodes + [added(local, places, to: target, like: loop)]
  }

  /// The body of a loop for another iteration, which adds to a local array.
  private mutating func copy(
    of loop: Loop, at place: IndexExpression, into local: Memory, _ offset: Int
  ) -> [Node] {
    var body = copy(of: loop, at: place)
    if case .store(var store) = body.last {
      store.memory = local
      store.address = store.address + offset
      body[body.count - 1] = .store(store)
    }
    return body
  }

  /// A loop that makes all elements of a local array what sums start from, which leaves −0 as it is.
  private mutating func cleared(_ local: Memory, _ count: Int, like loop: Loop) -> Node {
    guard case .local(let number) = local else { return .loop(loop) }
    var result = Loop(withVariable(like: loop, extent: count))
    let element = locals[number].element
    let zero = newScalar(element)
    result.body = [
      .define(zero, .literal(Literal(TensorType([], element), doubles: [-0.0]))),
      .store(Store(local, IndexExpression(result.variable), zero)),
    ]
    return .loop(result)
  }

  /// A loop that adds the copies of each place to where they belong.
  private mutating func added(
    _ local: Memory, _ places: Int, to target: Store, like loop: Loop
  ) -> Node {
    var result = Loop(withVariable(like: loop, extent: places))
    let element = scalars[target.value.index]
    let place = IndexExpression(result.variable)
    var sums = (0..<CostModel.Scatters.copies).map { number -> ScalarID in
      let value = newScalar(element)
      result.body.append(
        .define(value, .load(local, place + number * places, condition: nil)))
      return value
    }
    while sums.count > 1 {
      sums = stride(from: 0, to: sums.count, by: 2).map { first in
        let sum = newScalar(element)
        result.body.append(
          .define(sum, .apply(.binary(.add), [sums[first], sums[first + 1]])))
        return sum
      }
    }
    result.body.append(.store(Store(target.memory, place, sums[0], combining: .add)))
    return .loop(result)
  }

}

extension Loop {
  /// Whether a function is among the body that takes longer than to wait for a sum.
  fileprivate var isCostly: Bool {
    body.contains { node in
      if case .define(_, .apply(let op, _)) = node {
        op.weight >= CostModel.Scatters.costlyWeight
      } else {
        false
      }
    }
  }
}
