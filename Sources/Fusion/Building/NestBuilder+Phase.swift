internal import LoopIR
internal import TensorIR

extension NestBuilder {
  /// How many passes of the level of `variable` (nil is the top) must be finished before the value
  /// at the index can be computed in a loop inside that level.
  func phase(
    of value: ValueID, at index: [IndexExpression], at variable: VariableID?
  ) -> Int {
    phase(of: value, at: indices.number(index), at: variable)
  }

  func phase(of value: ValueID, at index: Int, at variable: VariableID?) -> Int {
    demandCount += 1
    if buffer(of: value) != nil { return 0 }
    let demand = PhaseDemand(value: value, index: index, level: variable)
    if let known = phases[demand] { return known }
    var result = 0
    if let formula = graph.comprehension(value) {
      let place = indices.place(index)
      if let fold = formula.fold, !fold.isUnrolled {
        if variables.depth(place) >= variables.depth(variable) {
          let axes = indices[index] + variables.nestIndex(in: place, extents: fold.extents).1
          let inside = phase(
            of: formula.body, value, axes: indices.number(axes), at: variable)
          result = place == variable ? inside + 1 : inside
        }
      } else if variables.depth(place) >= variables.depth(variable) {
        // Elements of a short fold may wait for different passes: those in a window's padding for none.
        let elements = formula.fold?.extents.allIndices ?? [[]]
        for element in elements {
          let folded = element.map { IndexExpression($0) }
          let axes = folded.isEmpty ? index : indices.number(indices[index] + folded)
          result = max(result, phase(of: formula.body, value, axes: axes, at: variable))
        }
      }
      if let operand = formula.fold?.initialOperand, let operation = graph.operation(value) {
        let initial = phase(
          of: operation.operands[operand], at: indices.number([]), at: variable)
        result = max(result, initial)
      }
    }
    phases[demand] = result
    return result
  }

  /// The same for a formula's body.
  func phase(
    of body: Comprehension.Body, _ value: ValueID, axes: [IndexExpression],
    at variable: VariableID?
  ) -> Int {
    phase(of: body, value, axes: indices.number(axes), at: variable)
  }

  func phase(
    of body: Comprehension.Body, _ value: ValueID, axes: Int, at variable: VariableID?
  ) -> Int {
    body.accept(
      PhaseVisitor(nest: self), at: PhaseDemand(value: value, index: axes, level: variable))
  }

  /// A question about phases, remembered once answered.
  struct PhaseDemand: Hashable {
    var value: ValueID
    var index: Int
    var level: VariableID?

    func _rawHashValue(seed: Int) -> Int {
      .scattered(value.index, index, level?.index ?? -1, by: seed)
    }
  }
}

/// Finds the latest phase of what bodies read.
private struct PhaseVisitor: FormulaVisitor {
  let nest: NestBuilder

  func axes(of site: NestBuilder.PhaseDemand) -> [IndexExpression] { nest.indices[site.index] }
  func range(_ index: IndexExpression) -> ClosedRange<Int>? { nest.range(index) }

  func read(
    _ operand: Int, _ index: [Comprehension.ReadIndex], at site: NestBuilder.PhaseDemand
  ) -> Int {
    let operands = nest.graph.operands(of: site.value)
    if operands.isEmpty { return 0 }
    let axes = nest.indices[site.index]
    if index.isIdentity(of: axes.count) {
      return nest.phase(of: operands[operand], at: site.index, at: site.level)
    }
    var latest = 0
    let bound = index.bound(to: axes) { operand, index, _ in
      latest = max(latest, nest.phase(of: operands[operand], at: index, at: site.level))
      return IndexExpression(0)
    }
    return max(latest, nest.phase(of: operands[operand], at: bound, at: site.level))
  }

  func number(
    _ index: IndexExpression, _ element: ElementType, at site: NestBuilder.PhaseDemand
  ) -> Int { 0 }

  func constant(
    _ literal: Literal, _ index: [IndexExpression], at site: NestBuilder.PhaseDemand
  ) -> Int { 0 }

  func application(
    _ op: ScalarOp, _ arguments: [Comprehension.Body], at site: NestBuilder.PhaseDemand
  ) -> Int {
    arguments.reduce(0) { max($0, $1.accept(self, at: site)) }
  }

  func choice(
    _ alternatives: [Comprehension.Body.Alternative], isOfPieces: Bool,
    at site: NestBuilder.PhaseDemand
  ) -> Int {
    alternatives.reduce(0) { max($0, $1.body.accept(self, at: site)) }
  }
}
