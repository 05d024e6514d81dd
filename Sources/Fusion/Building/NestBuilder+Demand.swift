internal import LoopIR
internal import TensorIR

extension NestBuilder {
  /// The scalar that holds a value at an index.
  ///
  /// - Requires: `index` uses only variables of loops around `scope`, `scope` included.
  func scalar(of value: ValueID, at index: [IndexExpression], in scope: Scope) -> ScalarID {
    scalar(of: value, at: indices.number(index), condition: nil, in: scope)
  }

  /// The same for an index by number, of a value that may only be read under a condition.
  private func scalar(
    of value: ValueID, at index: Int, condition: ScalarID?, in scope: Scope
  ) -> ScalarID {
    demandCount += 1
    let needed = condition.flatMap { self.condition($0, for: value, at: index, in: scope) }
    let demand = Demand(value: value, index: index, condition: needed)
    var searched: Scope? = scope
    while let here = searched {
      if let known = here.values[demand] { return known }
      searched = here.parent
    }
    let result = reloaded(demand, in: scope) ?? computed(demand, in: scope)
    scalars[result.index].scope.values[demand] = result
    return result
  }

  /// What of a condition a value needs at an index: nothing where the index cannot leave the value.
  ///
  /// A reduction asks for nothing but its own index to be inside, so that it stands in the loop that
  /// fixes the index whatever else the condition depends on.
  private func condition(
    _ condition: ScalarID, for value: ValueID, at index: Int, in scope: Scope
  ) -> ScalarID? {
    let open = zip(indices[index], graph.type(value).shape).filter { place, extent in
      range(place).map { $0.lowerBound < 0 || $0.upperBound >= extent } ?? true
    }
    if open.isEmpty { return nil }
    guard buffer(of: value) == nil, let fold = graph.comprehension(value)?.fold, !fold.isUnrolled
    else { return condition }
    return define(.inBounds(open.map { Bound($0, lower: 0, upper: $1) }), .i1, in: scope)
  }

  private func computed(_ demand: Demand, in scope: Scope) -> ScalarID {
    let type = graph.type(demand.value)
    if let buffer = buffer(of: demand.value) {
      return load(
        slot(buffer), indices[demand.index], type, condition: demand.condition, in: scope)
    }
    guard let formula = graph.comprehension(demand.value) else {
      preconditionFailure("structured nodes are computed by kernels of their own")
    }
    guard let fold = formula.fold else {
      return evaluated(formula.body, demand, axes: demand.index, in: scope)
    }
    return fold.isUnrolled
      ? unrolled(formula.body, fold, demand, in: scope)
      : folded(formula.body, fold, demand, in: scope)
  }

  // MARK: Bodies

  /// The body of a value's formula at an element of all its axes, folded ones included.
  func element(
    of value: ValueID, _ body: Comprehension.Body, axes: [IndexExpression], in scope: Scope
  ) -> ScalarID {
    let axes = indices.number(axes)
    return evaluated(body, Demand(value: value, index: axes), axes: axes, in: scope)
  }

  /// A formula's body with its axes bound to `axes`.
  private func evaluated(
    _ body: Comprehension.Body, _ demand: Demand, axes: Int, in scope: Scope
  ) -> ScalarID {
    switch body {
    case .read(let operand, let index):
      let source = graph.operands(of: demand.value)[operand]
      let bound =
        index.isIdentity(of: indices[axes].count)
        ? axes : indices.number(index.map { readIndex($0, demand, axes: axes, in: scope) })
      return scalar(of: source, at: bound, condition: demand.condition, in: scope)
    case .index(let index, let element):
      return define(.index(index.bound(to: indices[axes]), element), element, in: scope)
    case .constant(let literal, let index):
      let place = index.map { $0.bound(to: indices[axes]) }
      return constant(literal, at: place, demand, in: scope)
    case .apply(let op, let arguments):
      return apply(op, evaluated(arguments, demand, axes: axes, in: scope), in: scope)
    case .guarded, .pieces:
      let alternatives = body.alternatives(at: indices[axes], range: range)
      return chosen(from: alternatives, demand, axes: axes, in: scope)
    }
  }

  /// Several bodies; those that wait for the most passes go first, so that the others find what
  /// those passes have computed.
  private func evaluated(
    _ bodies: [Comprehension.Body], _ demand: Demand, axes: Int, in scope: Scope
  ) -> [ScalarID] {
    guard bodies.count > 1, let level = scope.parent?.variables.last else {
      return bodies.map { evaluated($0, demand, axes: axes, in: scope) }
    }
    let phases = bodies.map { phase(of: $0, demand.value, axes: axes, at: level) }
    var results = [ScalarID?](repeating: nil, count: bodies.count)
    for position in bodies.indices.sorted(by: { (-phases[$0], $0) < (-phases[$1], $1) }) {
      results[position] = evaluated(bodies[position], demand, axes: axes, in: scope)
    }
    return results.compactMap { $0 }
  }

  /// One index of a read, with what it looks up already read and clamped.
  private func readIndex(
    _ index: Comprehension.ReadIndex, _ demand: Demand, axes: Int, in scope: Scope
  ) -> IndexExpression {
    let affine = index.affine.bound(to: indices[axes])
    guard let lookup = index.lookup else { return affine }
    let raw = scalar(
      of: graph.operands(of: demand.value)[lookup.operand],
      at: indices.number(lookup.index.map { $0.bound(to: indices[axes]) }),
      condition: demand.condition, in: scope)
    return affine + clamped(raw, upTo: lookup.upper, in: scope)
  }

  /// An integer scalar held between zero and a limit, as an index.
  func clamped(_ raw: ScalarID, upTo limit: Int, in scope: Scope) -> IndexExpression {
    let wide = integer(raw, upTo: limit, in: scope)
    let scalarType = TensorType([], .i64)
    let low = literal(Literal(scalarType, integers: [0]), in: scope)
    let high = literal(Literal(scalarType, integers: [Int64(limit)]), in: scope)
    let raised = apply(.binary(.maximum), [wide, low], in: scope)
    let clamped = apply(.binary(.minimum), [raised, high], in: scope)
    scalars[clamped.index].range = 0...limit
    return IndexExpression(.scalar(clamped))
  }

  /// An integer scalar in 64 bits with a sign; one of 64 bits without is held below a limit before.
  private func integer(_ raw: ScalarID, upTo limit: Int, in scope: Scope) -> ScalarID {
    switch kernel.scalars[raw.index] {
    case .i64: return raw
    case .u64:
      let most = literal(Literal(TensorType([], .u64), integers: [Int64(limit)]), in: scope)
      let held = apply(.binary(.minimum), [raw, most], in: scope)
      return apply(.convert(to: .i64), [held], in: scope)
    default: return apply(.convert(to: .i64), [raw], in: scope)
    }
  }

  private func constant(
    _ constant: Literal, at index: [IndexExpression], _ demand: Demand, in scope: Scope
  ) -> ScalarID {
    let element = constant.type.element
    let width = element.byteCount
    let address = address(index, shape: constant.type.shape)
    if constant.isSplat {
      return literal(Literal(TensorType([], element), bytes: constant.bytes), in: scope)
    }
    if let place = address.constantValue, (0..<constant.type.count).contains(place) {
      let bytes = Array(constant.bytes[(place * width)..<((place + 1) * width)])
      return literal(Literal(TensorType([], element), bytes: bytes), in: scope)
    }
    return load(
      slot(ofConstant: demand.value), index, constant.type, condition: demand.condition, in: scope)
  }

  /// The first of some bodies whose bounds hold, by a chain of choices.
  private func chosen(
    from alternatives: [Comprehension.Body.Alternative], _ demand: Demand, axes: Int,
    in scope: Scope
  ) -> ScalarID {
    if alternatives.count == 1 {
      return evaluated(alternatives[0].body, demand, axes: axes, in: scope)
    }
    var options: [(holds: ScalarID, value: ScalarID)] = []
    for alternative in alternatives {
      var holds = define(.inBounds(alternative.bounds), .i1, in: scope)
      var guardedDemand = demand
      if alternative.body.readsElements {
        if alternative.isNegated { holds = apply(.unary(.not), [holds], in: scope) }
        guardedDemand.condition =
          demand.condition.map { apply(.binary(.and), [$0, holds], in: scope) } ?? holds
      }
      options.append((holds, evaluated(alternative.body, guardedDemand, axes: axes, in: scope)))
    }
    var result = options[options.count - 1].value
    for option in options.dropLast().reversed() {
      result = apply(.select, [option.holds, option.value, result], in: scope)
    }
    return result
  }

  // MARK: Folds

  /// A small fold as straight-line code.
  private func unrolled(
    _ body: Comprehension.Body, _ fold: Comprehension.Fold, _ demand: Demand, in scope: Scope
  ) -> ScalarID {
    var result = initial(fold, demand, in: scope)
    for place in fold.extents.allIndices {
      let axes = indices[demand.index] + place.map { IndexExpression($0) }
      let element = evaluated(body, demand, axes: indices.number(axes), in: scope)
      result =
        result.map { apply(.binary(fold.kind.binary), [$0, element], in: scope) } ?? element
    }
    if let result { return result }
    return literal(fold.kind.identity(of: graph.type(demand.value).element), in: scope)
  }

  /// The value a fold starts from, unless it is the identity.
  private func initial(
    _ fold: Comprehension.Fold, _ demand: Demand, in scope: Scope
  ) -> ScalarID? {
    guard let operand = fold.initialOperand else { return nil }
    let source = graph.operands(of: demand.value)[operand]
    return graph.isIdentity(source, of: fold.kind) ? nil : scalar(of: source, at: [], in: scope)
  }

  /// A fold as loops in the outermost scope that fixes the index, sharing loops with others.
  private func folded(
    _ body: Comprehension.Body, _ fold: Comprehension.Fold, _ demand: Demand, in scope: Scope
  ) -> ScalarID {
    var place = root
    if let variable = indices.place(demand.index) { place = scope.owner(of: variable) }
    var needed = [demand.condition].compactMap { $0 }
    for index in indices[demand.index] { index.forEachScalar { needed.append($0) } }
    var ready = 0
    for scalar in needed {
      let info = scalars[scalar.index]
      if info.scope.depth > place.depth { (place, ready) = (info.scope, info.phase) }
      if info.scope === place { ready = max(ready, info.phase) }
    }
    let (nest, folded) = variables.nestIndex(in: place.variables.last, extents: fold.extents)
    let axes = indices.number(indices[demand.index] + folded)
    let (outermost, innermost, phase) = descend(
      from: place, nest, notBefore: ready
    ) { self.phase(of: body, demand.value, axes: axes, at: $0) }
    let element = evaluated(body, demand, axes: axes, in: innermost)
    let type = graph.type(demand.value).element
    let accumulator = newScalar(
      type, ScalarInfo(scope: place, phase: phase + 1, weight: 1 << 20, expression: nil))
    outermost.accumulators.append(Accumulator(accumulator, fold.kind))
    let info = scalars[element.index]
    innermost.append(
      .accumulate(accumulator, value: element), phase: info.scope === innermost ? info.phase : 0)
    guard let initial = initial(fold, demand, in: scope) else { return accumulator }
    return apply(.binary(fold.kind.binary), [initial, accumulator], in: scope)
  }

  /// Opens the loops of a nest, each in the phase that `phase` asks for at its level.
  func descend(
    from place: Scope, _ nest: [VariableID], notBefore ready: Int = 0,
    phase: (VariableID?) -> Int
  ) -> (outermost: Scope, innermost: Scope, phase: Int) {
    var scope = place
    var first: (Scope, Int)?
    for variable in nest {
      let level = max(phase(scope.variables.last), scope === place ? ready : 0)
      scope = scope.child(variable, phase: level)
      first = first ?? (scope, level)
    }
    let (outermost, outerPhase) = first ?? (place, 0)
    return (outermost, scope, outerPhase)
  }

  // MARK: Values kept from an earlier pass

  /// The value read back from a local array, where an earlier pass of this level computed it and
  /// computing it again costs more.
  private func reloaded(_ demand: Demand, in scope: Scope) -> ScalarID? {
    guard let variable = indices.place(demand.index), demand.condition == nil else {
      return nil
    }
    let owner = scope.owner(of: variable)
    for sibling in owner.earlierSiblings() {
      guard let known = sibling.values[demand], scalars[known.index].scope === sibling,
        scalars[known.index].weight >= CostModel.Storing.keepWeight
          || comparedValues.contains(demand.value)
      else { continue }
      let element = kernel.scalars[known.index]
      let count = variables.extent(variable)
      guard count * element.byteCount <= CostModel.Storing.keepBytes else { return nil }
      let local: Memory
      if let array = keptArrays[known] {
        local = array
      } else {
        local = newLocal(element, count: count)
        store(known, to: local, IndexExpression(variable), in: sibling)
        keptArrays[known] = local
      }
      return define(.load(local, IndexExpression(variable), condition: nil), element, in: owner)
    }
    return nil
  }
}
