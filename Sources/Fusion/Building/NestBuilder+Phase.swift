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

  private func phase(of value: ValueID, at index: Int, at variable: VariableID?) -> Int {
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
    switch body {
    case .read(let operand, let index):
      let operands = graph.operands(of: value)
      if operands.isEmpty { return 0 }
      let bound =
        index.isIdentity(of: indices[axes].count)
        ? axes : indices.number(index.map { $0.affine.bound(to: indices[axes]) })
      var result = phase(of: operands[operand], at: bound, at: variable)
      for lookup in index.compactMap(\.lookup) {
        result = max(
          result,
          phase(
            of: operands[lookup.operand],
            at: indices.number(lookup.index.map { $0.bound(to: indices[axes]) }), at: variable))
      }
      return result
    case .index, .constant: return 0
    case .apply(_, let arguments):
      return arguments.map { phase(of: $0, value, axes: axes, at: variable) }.max() ?? 0
    case .guarded, .pieces:
      return body.alternatives(at: indices[axes], range: range).map {
        phase(of: $0.body, value, axes: axes, at: variable)
      }.max() ?? 0
    }
  }

  /// A question about phases, remembered once answered.
  struct PhaseDemand: Hashable {
    var value: ValueID
    var index: Int
    var level: VariableID?
  }
}
