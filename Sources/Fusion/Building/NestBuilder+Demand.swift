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
      return formula.body.accept(self, at: site(of: demand, axes: demand.index, in: scope))
    }
    return fold.isUnrolled
      ? unrolled(formula.body, fold, demand, in: scope)
      : folded(formula.body, fold, demand, in: scope)
  }

  /// The value of a demand with its formula's axes bound, folded ones included.
  private func site(of demand: Demand, axes: Int, in scope: Scope) -> Site {
    Site(value: demand.value, axes: axes, condition: demand.condition, scope: scope)
  }

  /// The body of a value's formula at an element of all its axes, folded ones included.
  func element(
    of value: ValueID, _ body: Comprehension.Body, axes: [IndexExpression], in scope: Scope
  ) -> ScalarID {
    body.accept(self, at: Site(value: value, axes: indices.number(axes), scope: scope))
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

  // MARK: Folds

  /// A small fold as straight-line code.
  private func unrolled(
    _ body: Comprehension.Body, _ fold: Comprehension.Fold, _ demand: Demand, in scope: Scope
  ) -> ScalarID {
    var result = initial(fold, demand, in: scope)
    for place in fold.extents.allIndices {
      let axes = indices[demand.index] + place.map { IndexExpression($0) }
      let element = body.accept(self, at: site(of: demand, axes: indices.number(axes), in: scope))
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
    let element = body.accept(self, at: site(of: demand, axes: axes, in: innermost))
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

extension NestBuilder: FormulaVisitor {
  /// The formula of a value with its axes bound to an index by number, in a scope.
  struct Site {
    var value: ValueID
    var axes: Int
    /// Without it nothing may be read.
    var condition: ScalarID?
    var scope: Scope
  }

  func axes(of site: Site) -> [IndexExpression] { indices[site.axes] }

  func read(_ operand: Int, _ index: [Comprehension.ReadIndex], at site: Site) -> ScalarID {
    let operands = graph.operands(of: site.value)
    let axes = indices[site.axes]
    var place = site.axes
    if !index.isIdentity(of: axes.count) {
      let bound = index.bound(to: axes) { operand, index, upper in
        let raw = scalar(
          of: operands[operand], at: indices.number(index), condition: site.condition,
          in: site.scope)
        return clamped(raw, upTo: upper, in: site.scope)
      }
      place = indices.number(bound)
    }
    return scalar(
      of: operands[operand], at: place, condition: site.condition, in: site.scope)
  }

  func number(_ index: IndexExpression, _ element: ElementType, at site: Site) -> ScalarID {
    define(.index(index.bound(to: indices[site.axes]), element), element, in: site.scope)
  }

  func constant(_ literal: Literal, _ index: [IndexExpression], at site: Site) -> ScalarID {
    if literal.isSplat { return self.literal(literal.element(at: 0), in: site.scope) }
    let index = index.map { $0.bound(to: indices[site.axes]) }
    if let place = address(index, shape: literal.type.shape).constantValue,
      (0..<literal.type.count).contains(place)
    {
      return self.literal(literal.element(at: place), in: site.scope)
    }
    return load(
      slot(ofConstant: site.value), index, literal.type, condition: site.condition,
      in: site.scope)
  }

  /// Several bodies; those that wait for the most passes go first, so that the others find what
  /// those passes have computed.
  private func evaluated(
    _ bodies: [Comprehension.Body], at site: Site
  ) -> [ScalarID] {
    guard bodies.count > 1, let level = site.scope.parent?.variables.last else {
      return bodies.map { $0.accept(self, at: site) }
    }
    let phases = bodies.map { phase(of: $0, site.value, axes: site.axes, at: level) }
    var results = [ScalarID?](repeating: nil, count: bodies.count)
    for position in bodies.indices.sorted(by: { (-phases[$0], $0) < (-phases[$1], $1) }) {
      results[position] = bodies[position].accept(self, at: site)
    }
    return results.compactMap { $0 }
  }

  func application(
    _ op: ScalarOp, _ arguments: [Comprehension.Body], at site: Site
  ) -> ScalarID {
    apply(op, evaluated(arguments, at: site), in: site.scope)
  }

  /// The first body whose bounds hold, by a chain of choices.
  func choice(
    _ alternatives: [Comprehension.Body.Alternative], isOfPieces: Bool, at site: Site
  ) -> ScalarID {
    var options: [(holds: ScalarID, value: ScalarID)] = []
    for alternative in alternatives {
      var holds = define(.inBounds(alternative.bounds), .i1, in: site.scope)
      var guarded = site
      if alternative.body.readsElements {
        if alternative.isNegated { holds = apply(.unary(.not), [holds], in: site.scope) }
        guarded.condition =
          site.condition.map { apply(.binary(.and), [$0, holds], in: site.scope) } ?? holds
      }
      options.append((holds, alternative.body.accept(self, at: guarded)))
    }
    var result = options[options.count - 1].value
    for option in options.dropLast().reversed() {
      result = apply(.select, [option.holds, option.value, result], in: site.scope)
    }
    return result
  }
}
